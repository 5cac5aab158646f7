// A ring into a stream, whatever arena has the ring's name: each value once, and each loss counted.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "arena_shm/error.hpp"
#include "bridge/connection.hpp"
#include "bridge/meter.hpp"
#include "bridge/run.hpp"
#include "bridge/source.hpp"
#include "recording/attendant.hpp"

namespace arena_shm::bridge {

struct ForwardOptions {
  Source::Wish source;
  ServerOptions server;
  StreamWish stream;
  std::uint64_t batch = 256;                       ///< values in a message, at most
  std::chrono::nanoseconds max_delay{50'000'000};  ///< that a value waits for others
  std::optional<std::chrono::nanoseconds> stall_exit{};
  bool waits = false;  ///< for a server that is not there yet
};

/// Thread safety: none.
class Forwarder {
 public:
  /// Requires: all of them stay there.
  Forwarder(const ForwardOptions& options, recording::Attendant& attendant, Meter& meter)
      : options_(options), attendant_(attendant), meter_(meter) {}

  /// Until the attendant says stop; then forwards what is there by then. Errors: as Source, Connection; of the latter
  /// only before it has been connected once, and if it waits only Code::permission_denied. Code::timed_out, if nothing
  /// was delivered for too long.
  void run();

 private:
  using Clock = std::chrono::steady_clock;

  // forwarder.cpp: from one doubt to the next.
  bool open_source();
  bool resume();
  bool is_left_behind(const StreamEnd& end, bool is_of_this);
  bool is_own(const Place& place) const noexcept;
  bool is_to_stand_by(const std::optional<Place>& place);
  bool begin_source(const std::vector<std::uint64_t>& next);
  void begin_message(const std::optional<Place>& place);
  void set_limits(const StreamState& state);
  void on_stored(const Place& place, const Delivery& delivery);
  void check_first(const Place& place) const;
  void settle(const Doubt& doubt);
  void reconnect(const ServerTrouble& trouble);
  void note_once(const std::string& text);
  void pause();
  void rest(std::chrono::milliseconds how_long);
  bool is_stopped() const noexcept { return attendant_.stop_requested(); }
  std::uint64_t accounted() const noexcept;

  // forwarder_values.cpp: while there is none.
  void forward();
  bool is_drained();
  bool take();
  void append();
  void idle();
  void seal();
  void tell_losses();
  void tell_position();
  void tell_schema();
  void publish(const Delivery& delivery);
  void finish();
  void release();
  bool go_over();

  const ForwardOptions& options_;
  recording::Attendant& attendant_;
  Meter& meter_;
  std::unique_ptr<Source> source_;
  std::unique_ptr<Connection> connection_;
  std::unique_ptr<Run> run_;
  std::optional<Place> known_;                               // the last message that is in the stream for certain
  std::optional<std::array<std::uint8_t, 16>> whole_epoch_;  // of an arena that was forwarded to its end
  bool has_connected_ = false;
  bool is_checked_ = false;             // that messages are stored as they are meant
  bool was_there_ = false;              // the arena, before it was asked for
  std::deque<std::uint64_t> own_runs_;  // the newest
  bool was_refused_ = false;            // by the fence
  std::optional<Link> seen_link_;       // the newest of others
  Clock::time_point seen_at_{};
  bool stands_by_ = false;

  Message message_;                 // that is being filled
  std::vector<std::byte> records_;  // of message_, and room for as many as it may have
  Tally told_;                      // up to the end of that
  std::uint64_t told_sum_ = 0;      // up to the last one that was published
  std::uint64_t released_sum_ = 0;
  std::int64_t newest_ns_ = 0;
  Clock::time_point opened_{};  // when its first value came
  Clock::time_point told_at_{};
  std::uint64_t batch_ = 0;       // values, at most
  std::uint64_t most_bytes_ = 0;  // of a message
  std::uint64_t most_gaps_ = 0;
  std::optional<Predecessor> before_;
  std::optional<std::uint64_t> since_schema_;  // messages; nothing: it is to be told
  std::optional<std::uint64_t> last_number_;   // once it is to stop: how many numbers there were
  Clock::time_point last_moment_{};

  Clock::time_point paused_{};
  Clock::time_point progress_ = Clock::now();
  std::string noted_;
  std::string why_not_;  // nothing is delivered
};

}  // namespace arena_shm::bridge
