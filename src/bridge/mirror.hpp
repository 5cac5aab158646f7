// A stream of NATS JetStream into a ring of this host, with the same sequence numbers.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "bridge/chain.hpp"
#include "bridge/connection.hpp"
#include "bridge/mirror_meter.hpp"
#include "bridge/mirror_ring.hpp"
#include "bridge/stream_reader.hpp"
#include "recording/attendant.hpp"

namespace arena_shm::bridge {

struct MirrorOptions {
  ServerOptions server;
  std::string stream;
  std::string name;         ///< of the ring; empty: the origin's
  std::uint64_t slots = 0;  ///< of each lane; 0: as many as the origin has
  bool waits = false;       ///< for a server, and a stream, that are not there yet
};

/// Thread safety: none; one thread.
class Mirror {
 public:
  /// Requires: the attendant and the meter stay there.
  Mirror(MirrorOptions options, recording::Attendant& attendant, MirrorMeter& meter);

  /// Goes on until the attendant asks for the end. What the server does not do is waited for, but at the beginning, if
  /// that is not wished for. Errors: at the beginning: as Connection; Code::not_found. Also later: as MirrorRing::find
  /// and make; Code::permission_denied.
  void run();

 private:
  using Clock = std::chrono::steady_clock;

  enum class Next : std::uint8_t {
    go_on,
    look_again,  ///< where to begin is to be found anew
    further,     ///< the same, and further back
  };

  bool attempt(bool is_first);
  void follow(Connection& connection);
  Next read(Connection& connection, std::uint64_t margin);
  bool is_ring_gone();
  Next take(const Arrived& arrived);
  Next take_valid(const Message& message, const Arrived& arrived);
  bool begin_epoch(const Message& message);
  void account(const Message& message, std::uint64_t gone);
  void tell_losses(const Message& message);
  void note(const std::string& text);
  void refused(const Stored& stored, const Error& error);
  void measure(bool is_connected);

  MirrorOptions options_;
  recording::Attendant& attendant_;
  MirrorMeter& meter_;
  MirrorCounts counts_;
  std::uint64_t pending_ = 0;              // messages behind the last one that came
  std::optional<std::int64_t> newest_ns_;  // of the newest value
  std::string told_trouble_;
  bool has_begun_ = false;  // to read
  bool is_again_ = false;   // it has, by another connection
  std::optional<MirrorRing> ring_;
  Clock::time_point ring_looked_{};
  // Of the reading that is under way.
  Chain chain_;
  bool is_named_ = false;           // a schema has told the ring's name
  bool is_cut_ = false;             // what is before the next message is not in the stream
  std::optional<Epoch> awaited_;    // messages of other epochs are older
  std::uint64_t awaited_last_ = 0;  // of that epoch, the last message: behind it nothing is awaited
  bool waits_for_schema_ = false;
  std::optional<Tally> tally_;  // of the last message that is in the ring
};

}  // namespace arena_shm::bridge
