// Values as lines of the influx protocol in datagrams, as PlotJuggler's UDP server reads them.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "arena_shm/core/system.hpp"
#include "plot/bins.hpp"
#include "plot/series.hpp"

namespace arena_shm::plot {

/// What fits into a packet of the Ethernet whatever tunnels it goes through.
inline constexpr std::size_t kMostDatagramBytes = 1400;

/// Datagrams to one address. What nobody receives is lost, which is no error.
/// Thread safety: none.
class UdpSender {
 public:
  /// `address`: "127.0.0.1:9870", "[::1]:9870", "host:9870".
  /// Errors: Code::invalid_argument, if it cannot be understood, or there is no such host; system.
  explicit UdpSender(const std::string& address);

  void send(const std::string& datagram);
  std::uint64_t sent_count() const noexcept { return sent_; }
  /// Has the other side said that nobody listens there?
  bool is_refused() const noexcept { return refused_; }

 private:
  core::Descriptor socket_;
  std::string address_;
  std::uint64_t sent_ = 0;
  bool refused_ = false;
};

/// Of the values of some time, those that are extremes of their series: "ticks px=101.25,qty=3 1706704496000000000"
/// for each time at which there is one, in order of time. In texts of at most kMostDatagramBytes, each of whole lines.
class InfluxLines {
 public:
  /// `source`: the measurement.
  InfluxLines(const std::string& source, const std::vector<Series>& series);

  void add(std::int64_t time_ns, std::span<const double> values);
  /// Of all that were added since the last call.
  std::vector<std::string> take();

 private:
  std::string measurement_;
  std::vector<std::string> keys_;
  std::vector<Extremes> extremes_;
};

}  // namespace arena_shm::plot
