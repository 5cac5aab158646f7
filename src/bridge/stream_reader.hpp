// The messages of a stream from one of them on, in their order, each once: by a consumer that lives as long as
// this one. With connection.cpp the only place that knows nats.c.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "bridge/connection.hpp"

namespace arena_shm::bridge {

struct Arrived {
  Stored stored;
  std::uint64_t gone = 0;     ///< so many messages before it are not in the stream any more
  std::uint64_t pending = 0;  ///< so many behind it were there when the server sent it
};

/// A message that does not come is not taken for one that is gone: it is asked for once more.
/// Thread safety: none.
class StreamReader {
 public:
  /// Requires: the connection lives as long. Errors: as Connection.
  StreamReader(Connection& connection, std::string stream, std::uint64_t first_seq);
  ~StreamReader();
  StreamReader(const StreamReader&) = delete;
  StreamReader& operator=(const StreamReader&) = delete;

  /// Nothing if none has come by then. Errors: as Connection: also if the stream is not there any more, or was
  /// made anew.
  std::optional<Arrived> next(std::chrono::milliseconds longest);
  /// Of the message that is waited for.
  std::uint64_t seq() const noexcept { return seq_; }

 private:
  using Clock = std::chrono::steady_clock;
  struct Handles;
  struct Look {
    std::string subject;
    std::uint64_t last_seq;
  };

  Look look();
  void subscribe();
  std::optional<Arrived> receive(std::chrono::milliseconds longest);

  Connection& connection_;
  std::string stream_;
  std::uint64_t seq_;
  std::int64_t created_ = 0;  // the stream
  Clock::time_point heard_{};
  bool is_asked_again_ = false;
  std::unique_ptr<Handles> nats_;
};

}  // namespace arena_shm::bridge
