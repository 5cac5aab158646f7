#include "serve/guards.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>

namespace arena_shm::serve {

namespace {

bool is_port(std::string_view text) {
  return text.empty() || (text.size() > 1 && text.size() <= 6 && text.front() == ':' &&
                          std::all_of(text.begin() + 1, text.end(), [](char c) { return c >= '0' && c <= '9'; }));
}

bool is_address(int family, std::string_view text) {
  std::array<unsigned char, sizeof(in6_addr)> address{};
  return ::inet_pton(family, std::string(text).c_str(), address.data()) == 1;
}

bool is_literal(std::string_view host) {
  if (host.starts_with('[')) {
    const std::size_t end = host.find(']');
    return end != std::string_view::npos && is_address(AF_INET6, host.substr(1, end - 1)) &&
           is_port(host.substr(end + 1));
  }
  const std::size_t colon = std::min(host.find(':'), host.size());
  const std::string_view name = host.substr(0, colon);
  return (name == "localhost" || is_address(AF_INET, name)) && is_port(host.substr(colon));
}

}  // namespace

std::string refusal(const Asker& asker, Strictness strictness) {
  if (!is_literal(asker.host)) {
    return "expected the address of this server, or localhost, as the Host; use an address like http://127.0.0.1:8080 "
           "instead of a name";
  }
  if (asker.origin.empty() && strictness == Strictness::own_page)
    return "expected a request of this server's own page, found one without an Origin";
  if (!asker.origin.empty() && asker.origin != "http://" + std::string(asker.host))
    return "expected a request of this server's own page, found the Origin of another one";
  if (!asker.fetch_site.empty() && asker.fetch_site != "same-origin" &&
      (asker.fetch_site != "none" || strictness != Strictness::anybody))
    return "expected a request of this server's own page, found one that comes from another site";
  return "";
}

}  // namespace arena_shm::serve
