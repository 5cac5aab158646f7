// A connection to a NATS server, as far as a stream needs it. With connection.cpp the only place that knows nats.c.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "arena_shm/error.hpp"
#include "bridge/message.hpp"

namespace arena_shm::bridge {

/// What a server, or the way to it, does not do.
class ServerTrouble : public Error {
 public:
  using Error::Error;
};

/// Where the server is, and who asks.
struct ServerOptions {
  std::vector<std::string> urls;        ///< "nats://host:4222"; one of a cluster, or several
  std::optional<std::string> creds{};   ///< a file
  std::optional<std::string> tls_ca{};  ///< a file of certificates; the connection is then by TLS
};

/// What a stream is to be if it has to be made.
struct StreamWish {
  std::string name;
  std::string subject;
  std::uint64_t replicas = 1;
  std::uint64_t max_bytes = 0;  ///< 0: no limit, as in those that follow
  std::uint64_t max_messages = 0;
  std::chrono::nanoseconds max_age{0};
  bool in_memory = false;
};

struct StreamState {
  std::uint64_t first_seq = 0;
  std::uint64_t last_seq = 0;  ///< of the last message that was ever stored
  std::uint64_t messages = 0;
  std::uint64_t max_message = 0;  ///< bytes, or 0: no limit of its own
};

/// A message that is stored.
struct Stored {
  std::uint64_t seq = 0;
  std::chrono::nanoseconds time{};  ///< when, by the server's clock, since 1970
  std::string subject;
  Headers headers;
  std::vector<std::byte> payload;
};

/// What has become of a message.
struct Answer {
  std::uint64_t number = 0;                  ///< as it was given to publish
  std::optional<std::uint64_t> stored_at{};  ///< nothing: it was refused
  bool is_fenced = false;                    ///< because the stream's last message was another one
  std::string text{};                        ///< why it was refused
};

/// A URL without user, password and token.
std::string public_url(std::string_view url);

/// It is not connected again when it has broken: what was under way then is unknown, and a new one begins with a look
/// at the stream. So nothing is kept in a buffer of the library's, and nothing is sent twice behind one's back.
/// Thread safety: none.
class Connection {
 public:
  /// Errors: those of a file that cannot be read. Code::permission_denied, invalid_argument; Code::system: there is
  /// nobody, or it broke. Those of all others
  /// as well; Code::unsupported, if the server has no JetStream. All are ServerTrouble; none says a password.
  explicit Connection(const ServerOptions& options);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  bool is_closed() const noexcept;
  /// Of headers and data of a message, in bytes.
  std::uint64_t max_payload() const noexcept;

  /// Nothing if there is no such stream. Errors: also Code::invalid_argument, if it does not take the subject.
  std::optional<StreamState> stream(const StreamWish& wish);
  /// The same, whatever it takes. Nothing if there is no such stream.
  std::optional<StreamState> state_of(const std::string& stream);
  /// The names of all streams that take a subject of the pattern.
  std::vector<std::string> streams_for(const std::string& subjects);
  void make_stream(const StreamWish& wish);
  /// Nothing if it is not there, or not any more.
  std::optional<Stored> message(const std::string& stream, std::uint64_t seq);
  std::optional<Stored> last_message(const std::string& stream, const std::string& subject);

  /// Sends a message that is stored only if the stream's last one is `expected_last`; its answer comes later.
  void publish(const std::string& subject, std::uint64_t number, std::uint64_t expected_last, const Wire& wire);
  /// Nothing if none has come by then.
  std::optional<Answer> next_answer(std::chrono::milliseconds longest);
  /// From now on answers of messages that were sent before are not given any more.
  void forget_answers();

 private:
  friend class StreamReader;
  struct Handles;
  std::unique_ptr<Handles> nats_;
  std::string where_;
  std::string block_;  // of headers
};

}  // namespace arena_shm::bridge
