// A stream of NATS JetStream into a ring of this host, with the same sequence numbers.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "bridge/chain.hpp"
#include "bridge/connection.hpp"
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

/// What a mirror has done since it began.
struct MirrorCounts {
  std::uint64_t values = 0;       ///< written into the ring
  std::uint64_t overwritten = 0;  ///< lost before they were forwarded, as the messages say: by cause
  std::uint64_t holes = 0;
  std::uint64_t passed_over = 0;
  std::uint64_t left_out = 0;  ///< by the forwarder's filter
  std::uint64_t dropped = 0;   ///< values that were in messages which the stream has dropped, or may have been
  std::uint64_t foreign = 0;   ///< messages of somebody else
  std::uint64_t refused = 0;   ///< messages that say they are ours, and in which something is wrong
  std::uint64_t void_ = 0;     ///< messages that came again
  std::uint64_t rings = 0;     ///< made
  std::uint64_t reconnects = 0;

  std::uint64_t lost() const noexcept { return overwritten + passed_over + dropped; }
};

/// Thread safety: none; one thread.
class Mirror {
 public:
  Mirror(MirrorOptions options, recording::Attendant& attendant);

  /// Goes on until the attendant asks for the end. What the server does not do is waited for, but at the beginning, if
  /// that is not wished for. Errors: at the beginning: as Connection; Code::not_found. Also later: as MirrorRing::find
  /// and make; Code::permission_denied.
  void run();
  const MirrorCounts& counts() const noexcept { return counts_; }

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
  Next take(const Arrived& arrived, bool is_cut);
  Next take_valid(const Message& message, std::uint64_t gone);
  bool begin_epoch(const Message& message);
  void account(const Message& message, std::uint64_t gone);
  void tell_losses(const Message& message);
  void note(const std::string& text);
  void refused(const Stored& stored, const Error& error);

  MirrorOptions options_;
  recording::Attendant& attendant_;
  MirrorCounts counts_;
  std::string told_trouble_;
  bool has_begun_ = false;  // to read
  bool is_again_ = false;   // it has, by another connection
  std::optional<MirrorRing> ring_;
  Clock::time_point ring_looked_{};
  // Of the reading that is under way.
  Chain chain_;
  std::optional<Epoch> awaited_;  // messages of other epochs are older than that of the ring
  bool waits_for_schema_ = false;
  std::optional<Tally> tally_;  // of the last message that is in the ring
};

}  // namespace arena_shm::bridge
