// Messages that are under way: published one behind the other, each fenced by the one before, and acknowledged later.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>

#include "bridge/connection.hpp"
#include "bridge/stream_end.hpp"

namespace arena_shm::bridge {

/// It is not known any more what the stream has: stop, look, go on.
struct Doubt {
  std::string why;
  bool is_fenced = false;  ///< somebody else has published
};

/// What the forwarder wants to know of a message when it is stored.
struct Delivery {
  std::uint64_t values = 0;
  std::uint64_t last_seq = 0;  ///< of its values, if there are any
  std::int64_t newest_ns = 0;  ///< when the newest value was appended, or read, since 1970
};

/// Thread safety: none.
class Run {
 public:
  static constexpr std::size_t kWindow = 256;  // below about 10 it is slower than one by one
  static_assert(kWindow <= kMostUnderWay);

  /// Begins behind message `base` of the stream. `stored`: called for each message that is in the stream.
  Run(Connection& connection, const StreamWish& wish, std::uint64_t base,
      std::function<void(const Place&, const Delivery&)> stored);

  /// Gives it its place and sends it; waits for room while too many are under way. `pause`: called while it waits.
  /// Errors: Doubt; as Connection; Code::unsupported, if it is larger than `most_bytes`.
  void publish(Message& message, const Delivery& delivery, std::uint64_t most_bytes,
               const std::function<void()>& pause);
  /// Takes the answers that are there, or waits for one. Errors: Doubt; as Connection.
  void take_answers(std::chrono::milliseconds longest);
  std::size_t under_way() const noexcept { return window_.size(); }
  std::uint64_t id() const noexcept { return id_; }
  std::uint64_t published() const noexcept { return number_; }

 private:
  using Clock = std::chrono::steady_clock;
  struct Sent {
    Place place;
    Delivery delivery;
    Clock::time_point at;
  };

  Connection& connection_;
  const StreamWish& wish_;
  std::uint64_t base_;
  std::function<void(const Place&, const Delivery&)> stored_;
  std::uint64_t id_;
  std::uint64_t number_ = 0;
  std::deque<Sent> window_;
  Wire wire_;
};

}  // namespace arena_shm::bridge
