#include "serve/address.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <charconv>
#include <cstdint>

#include "arena_shm/error.hpp"

namespace arena_shm::serve {

namespace {

const char* remedy_of(int error) {
  switch (error) {
    case EACCES: return "ports below 1024 are for root: choose a higher port, or 0 for any free port";
    case EADDRNOTAVAIL: return "choose an address of this host; to list them: ip address";
    case EMFILE:
    case ENFILE: return "raise the limit of descriptors: ulimit -n, or fs.file-max (sysctl)";
    default: return "choose another port, or 0 for any free port";
  }
}

}  // namespace

std::optional<Address> parse_address(std::string_view text) {
  Address address;
  if (const std::size_t colon = text.rfind(':'); colon != std::string_view::npos) {
    std::string_view host = text.substr(0, colon);
    const bool in_brackets = host.size() > 2 && host.front() == '[' && host.back() == ']';
    if (in_brackets) host = host.substr(1, host.size() - 2);
    if (host.empty() || (!in_brackets && host.find(':') != std::string_view::npos)) return std::nullopt;
    address.host = host;
    text.remove_prefix(colon + 1);
  }
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  address.port = port;
  return address;
}

std::string address_defect(const std::string& text) {
  if (parse_address(text)) return "";
  return "expected PORT, ADDR:PORT or [ADDR]:PORT with a port up to 65535, found '" + text + "'";
}

std::string url_of(const Address& address) {
  const bool is_v6 = address.host.find(':') != std::string::npos;
  return fmt::format("http://{}:{}", is_v6 ? '[' + address.host + ']' : address.host, address.port);
}

void refuse_address(const Address& address, int error) {
  throw Error(Code::system, {.name = fmt::format("{}:{}", address.host, address.port),
                             .doing = "listen at",
                             .expected = "an address of this host, and a free port",
                             .found = "that the system refused it",
                             .remedy = remedy_of(error),
                             .system_error = error});
}

}  // namespace arena_shm::serve
