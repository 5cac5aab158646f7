#include "plot/udp_lines.hpp"

#include <fmt/format.h>
#include <netdb.h>
#include <sys/socket.h>

#include <cerrno>
#include <charconv>
#include <cstdint>
#include <map>
#include <memory>
#include <system_error>
#include <utility>

#include "arena_shm/error.hpp"
#include "text/influx_text.hpp"
#include "text/utf8.hpp"

namespace arena_shm::plot {

namespace {

[[noreturn]] void refuse(const std::string& address, std::string expected, std::string found) {
  throw Error(Code::invalid_argument, {.name = address,
                                       .doing = "send to",
                                       .expected = std::move(expected),
                                       .found = std::move(found),
                                       .remedy = "write it like 127.0.0.1:9870, [::1]:9870 or host:9870"});
}

// "[::1]:9870" has its host between brackets.
std::pair<std::string, std::string> split(const std::string& address) {
  const std::size_t colon = address.rfind(':');
  if (colon == std::string::npos || colon + 1 == address.size() || colon == 0)
    refuse(address, "a host and a port", text::excerpt(address));
  std::string host = address.substr(0, colon);
  if (host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  const std::string port = address.substr(colon + 1);
  std::uint16_t number = 0;  // the resolver takes what is beyond it for another port
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
  if (error != std::errc{} || end != port.data() + port.size() || number == 0)
    refuse(address, "a port from 1 to 65535", text::excerpt(port));
  return {host, port};
}

}  // namespace

UdpSender::UdpSender(const std::string& address) : address_(address) {
  const auto [host, port] = split(address);
  addrinfo wish{};
  wish.ai_socktype = SOCK_DGRAM;
  wish.ai_flags = AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (const int error = ::getaddrinfo(host.c_str(), port.c_str(), &wish, &found); error != 0)
    refuse(address, "a host that is known, and the number of a port", ::gai_strerror(error));
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, ::freeaddrinfo);
  socket_ = core::Descriptor(::socket(found->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket_ || ::connect(socket_.get(), found->ai_addr, found->ai_addrlen) != 0)
    core::throw_errno(errno, core::Act::write_file, "send to", address);
}

void UdpSender::send(const std::string& datagram) {
  if (::send(socket_.get(), datagram.data(), datagram.size(), MSG_DONTWAIT | MSG_NOSIGNAL) >= 0) {
    ++sent_;
  } else if (errno == ECONNREFUSED) {
    refused_ = true;  // of an earlier one: this one has not been sent
    if (::send(socket_.get(), datagram.data(), datagram.size(), MSG_DONTWAIT | MSG_NOSIGNAL) >= 0) ++sent_;
  } else if (errno != EAGAIN && errno != EINTR && errno != ENOBUFS && errno != ENETUNREACH && errno != EHOSTUNREACH) {
    core::throw_errno(errno, core::Act::write_file, "send to", address_);
  }
}

InfluxLines::InfluxLines(const std::string& source, const std::vector<Series>& series) : extremes_(series.size()) {
  text::append_influx_name(measurement_, source, ", ");
  for (const Series& one : series) text::append_influx_name(keys_.emplace_back(), one.name, ",= ");
}

void InfluxLines::add(std::int64_t time_ns, std::span<const double> values) {
  for (std::size_t i = 0; i < extremes_.size(); ++i) extremes_[i].add(values[i], time_ns);
}

std::vector<std::string> InfluxLines::take() {
  std::map<std::int64_t, std::map<std::size_t, double>> lines;
  for (std::size_t i = 0; i < extremes_.size(); ++i) {
    const Extremes one = std::exchange(extremes_[i], {});
    if (!one.is_there()) continue;
    lines[one.least_at][i] = one.least;
    lines[one.greatest_at][i] = one.greatest;
  }
  std::vector<std::string> datagrams;
  const auto append = [&](const std::string& line) {
    if (datagrams.empty() || datagrams.back().size() + line.size() > kMostDatagramBytes) datagrams.emplace_back();
    datagrams.back() += line;
  };
  for (const auto& [time_ns, values] : lines) {
    const std::string end = fmt::format(" {}\n", time_ns);
    std::string line;
    for (const auto& [i, value] : values) {
      const std::string text = fmt::format("{}={}", keys_[i], value);
      // A line of many fields is several, of the same time.
      if (!line.empty() && line.size() + 1 + text.size() + end.size() > kMostDatagramBytes)
        append(std::exchange(line, "") + end);
      line += (line.empty() ? measurement_ + ' ' : ",") + text;
    }
    append(line + end);
  }
  return datagrams;
}

}  // namespace arena_shm::plot
