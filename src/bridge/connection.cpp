#include "bridge/connection.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nats/nats.h>

#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <utility>

#include "arena_shm/core/system.hpp"
#include "bridge/nats_errors.hpp"
#include "bridge/nats_handles.hpp"
#include "bridge/subject.hpp"

namespace arena_shm::bridge {

namespace {

constexpr std::chrono::milliseconds kConnectPatience{3000};
constexpr std::chrono::milliseconds kAnswerPatience{5000};
constexpr std::chrono::milliseconds kPingInterval{5000};
constexpr int kPingsOut = 2;
constexpr int kBufferBytes = 256 * 1024;
constexpr const char* kFence = "Nats-Expected-Last-Sequence";  // as the server spells it

std::string where_of(const ServerOptions& options) {
  std::vector<std::string> urls;
  for (const std::string& url : options.urls) urls.push_back(public_url(url));
  return fmt::format("{}", fmt::join(urls, ","));
}

// Else all that is heard of it is that there is no connection.
void check_readable(const std::string& path) {
  if (!std::ifstream(path)) core::throw_errno(errno, core::Act::open_file, "read", path);
}

OptionsHandle options_of(const ServerOptions& wish, const std::string& where) {
  natsOptions* made = nullptr;
  check(natsOptions_Create(&made), where, "prepare a connection to");
  OptionsHandle options(made);
  std::vector<const char*> urls;
  for (const std::string& url : wish.urls) urls.push_back(url.c_str());
  check(natsOptions_SetServers(made, urls.data(), static_cast<int>(urls.size())), where, "use the address");
  natsOptions_SetName(made, "arena-shm");
  natsOptions_SetAllowReconnect(made, false);
  natsOptions_SetTimeout(made, kConnectPatience.count());
  natsOptions_SetPingInterval(made, kPingInterval.count());
  natsOptions_SetMaxPingsOut(made, kPingsOut);
  natsOptions_SetFailRequestsOnDisconnect(made, true);
  natsOptions_SetIOBufSize(made, kBufferBytes);  // sent when it is full, or after 1 ms
  if (wish.creds) {
    check_readable(*wish.creds);
    check(natsOptions_SetUserCredentialsFromFiles(made, wish.creds->c_str(), nullptr), *wish.creds, "read");
  }
  if (wish.tls_ca) {
    check_readable(*wish.tls_ca);
    check(natsOptions_SetSecure(made, true), where, "use TLS with");
    check(natsOptions_LoadCATrustedCertificates(made, wish.tls_ca->c_str()), *wish.tls_ca, "read certificates from");
  }
  return options;
}

}  // namespace

Stored stored_of(natsMsg* message) {
  Stored stored{.seq = natsMsg_GetSequence(message),
                .time = std::chrono::nanoseconds(natsMsg_GetTime(message)),
                .subject = natsMsg_GetSubject(message),
                .headers = {},
                .payload = {}};
  const char** names = nullptr;
  int count = 0;
  if (natsMsgHeader_Keys(message, &names, &count) == NATS_OK) {
    for (int i = 0; i < count; ++i) {
      const char** values = nullptr;
      int several = 0;
      if (natsMsgHeader_Values(message, names[i], &values, &several) != NATS_OK) continue;
      for (int k = 0; k < several; ++k) stored.headers.emplace_back(names[i], values[k]);
      std::free(values);  // NOLINT(cppcoreguidelines-no-malloc): of the library's
    }
    std::free(names);  // NOLINT(cppcoreguidelines-no-malloc)
  }
  const auto bytes =
      std::as_bytes(std::span(natsMsg_GetData(message), static_cast<std::size_t>(natsMsg_GetDataLength(message))));
  stored.payload.assign(bytes.begin(), bytes.end());
  return stored;
}

std::string public_url(std::string_view url) {
  const std::size_t scheme = url.find("://");
  const std::size_t begin = scheme == std::string_view::npos ? 0 : scheme + 3;
  const std::size_t at = url.rfind('@');
  if (at == std::string_view::npos || at < begin) return std::string(url);
  return std::string(url.substr(0, begin)) + std::string(url.substr(at + 1));
}

Connection::Connection(const ServerOptions& options) : nats_(std::make_unique<Handles>()), where_(where_of(options)) {
  const OptionsHandle made = options_of(options, where_);
  check(natsConnection_Connect(&nats_->connection, made.get()), where_, "connect to");
  jsOptions wait;
  jsOptions_Init(&wait);
  wait.Wait = kAnswerPatience.count();
  check(natsConnection_JetStream(&nats_->jetstream, nats_->connection, &wait), where_, "use JetStream of");
  forget_answers();
}

Connection::~Connection() = default;

bool Connection::is_closed() const noexcept { return natsConnection_IsClosed(nats_->connection); }
std::uint64_t Connection::max_payload() const noexcept {
  return static_cast<std::uint64_t>(natsConnection_GetMaxPayload(nats_->connection));
}

std::optional<StreamState> Connection::stream(const StreamWish& wish) {
  jsStreamInfo* found = nullptr;
  jsErrCode code{};
  const natsStatus status = js_GetStreamInfo(&found, nats_->jetstream, wish.name.c_str(), nullptr, &code);
  const InfoHandle info(found);
  if (code == JSStreamNotFoundErr) return std::nullopt;
  check_jetstream(status, code, where_, fmt::format("look at stream '{}' of", wish.name));
  check_stream(*info, wish, where_);
  return StreamState{
      .first_seq = info->State.FirstSeq,
      .last_seq = info->State.LastSeq,
      .messages = info->State.Msgs,
      .max_message = info->Config->MaxMsgSize > 0 ? static_cast<std::uint64_t>(info->Config->MaxMsgSize) : 0};
}

std::optional<StreamState> Connection::state_of(const std::string& stream) {
  jsStreamInfo* found = nullptr;
  jsErrCode code{};
  const natsStatus status = js_GetStreamInfo(&found, nats_->jetstream, stream.c_str(), nullptr, &code);
  const InfoHandle info(found);
  if (code == JSStreamNotFoundErr) return std::nullopt;
  check_jetstream(status, code, where_, fmt::format("look at stream '{}' of", stream));
  return StreamState{.first_seq = info->State.FirstSeq,
                     .last_seq = info->State.LastSeq,
                     .messages = info->State.Msgs,
                     .max_message = 0};
}

std::vector<std::string> Connection::streams_for(const std::string& subjects) {
  jsOptions options;
  jsOptions_Init(&options);
  options.Stream.Info.SubjectsFilter = subjects.c_str();
  jsStreamNamesList* found = nullptr;
  jsErrCode code{};
  const natsStatus status = js_StreamNames(&found, nats_->jetstream, &options, &code);
  const StreamNamesHandle names(found);
  if (status == NATS_NOT_FOUND) return {};
  check_jetstream(status, code, where_, fmt::format("look for streams with subjects '{}' at", subjects));
  std::vector<std::string> all;
  for (int i = 0; found != nullptr && i < found->Count; ++i) all.emplace_back(found->List[i]);
  return all;
}

void Connection::make_stream(const StreamWish& wish) {
  jsStreamConfig config;
  jsStreamConfig_Init(&config);
  const char* subject = wish.subject.c_str();
  config.Name = wish.name.c_str();
  config.Subjects = &subject;
  config.SubjectsLen = 1;
  config.Replicas = static_cast<std::int64_t>(wish.replicas);
  config.MaxBytes = wish.max_bytes > 0 ? static_cast<std::int64_t>(wish.max_bytes) : -1;
  config.MaxMsgs = wish.max_messages > 0 ? static_cast<std::int64_t>(wish.max_messages) : -1;
  config.MaxAge = wish.max_age.count();
  config.Storage = wish.in_memory ? js_MemoryStorage : js_FileStorage;
  jsStreamInfo* made = nullptr;
  jsErrCode code{};
  const natsStatus status = js_AddStream(&made, nats_->jetstream, &config, nullptr, &code);
  const InfoHandle info(made);
  check_jetstream(status, code, where_, fmt::format("make stream '{}' at", wish.name));
}

std::optional<Stored> Connection::message(const std::string& stream, std::uint64_t seq) {
  natsMsg* found = nullptr;
  jsErrCode code{};
  const natsStatus status = js_GetMsg(&found, nats_->jetstream, stream.c_str(), seq, nullptr, &code);
  const MessageHandle message(found);
  if (status == NATS_NOT_FOUND || code == JSNoMessageFoundErr) return std::nullopt;
  check_jetstream(status, code, where_, fmt::format("read message {} of stream '{}' of", seq, stream));
  return stored_of(found);
}

std::optional<Stored> Connection::last_message(const std::string& stream, const std::string& subject) {
  natsMsg* found = nullptr;
  jsErrCode code{};
  const natsStatus status = js_GetLastMsg(&found, nats_->jetstream, stream.c_str(), subject.c_str(), nullptr, &code);
  const MessageHandle message(found);
  if (status == NATS_NOT_FOUND || code == JSNoMessageFoundErr) return std::nullopt;
  check_jetstream(status, code, where_, fmt::format("read the last message of stream '{}' of", stream));
  return stored_of(found);
}

// The library keeps headers in a hash, and sends them in any order; but the server takes the first text that looks like
// a fence. So all headers are given as one: what it calls a name has the others in it, line by line.
void Connection::publish(const std::string& subject, std::uint64_t number, std::uint64_t expected_last,
                         const Wire& wire) {
  block_.clear();
  fmt::format_to(std::back_inserter(block_), "{}: {}", kFence, expected_last);
  for (std::size_t i = 0; i + 1 < wire.headers.size(); ++i)
    block_.append("\r\n").append(wire.headers[i].first).append(": ").append(wire.headers[i].second);
  block_.append("\r\n").append(wire.headers.back().first);
  const std::string reply = fmt::format("{}.{}", nats_->inbox, number);
  natsMsg* made = nullptr;
  const std::span<const char> data(reinterpret_cast<const char*>(wire.payload.data()), wire.payload.size());
  check(natsMsg_Create(&made, subject.c_str(), reply.c_str(), data.data(), static_cast<int>(data.size())), where_,
        "prepare a message to");
  MessageHandle message(made);
  check(natsMsgHeader_Set(made, block_.c_str(), wire.headers.back().second.c_str()), where_, "prepare a message to");
  check(natsConnection_PublishMsg(nats_->connection, made), where_, "publish to");
  nats_->destroy_soon(std::move(message), data.size());
}

std::optional<Answer> Connection::next_answer(std::chrono::milliseconds longest) {
  natsMsg* found = nullptr;
  const natsStatus status = natsSubscription_NextMsg(&found, nats_->answers, longest.count());
  MessageHandle message(found);
  if (status == NATS_TIMEOUT) {
    if (is_closed()) check(NATS_CONNECTION_CLOSED, where_, "wait for");
    return std::nullopt;
  }
  if (natsMsg_IsNoResponders(found))
    return Answer{.number = 0, .stored_at = {}, .is_fenced = false, .text = "no stream takes the subject"};
  check(status, where_, "wait for");
  const std::string_view subject = natsMsg_GetSubject(found);
  Answer answer;
  const std::string_view digits = subject.substr(subject.rfind('.') + 1);
  std::from_chars(digits.data(), digits.data() + digits.size(), answer.number);
  const char* const data = natsMsg_GetData(found);
  const auto json = nlohmann::json::parse(data, data + natsMsg_GetDataLength(found), nullptr, false);
  if (json.is_object() && json.contains("error")) {
    answer.is_fenced = json["error"].value("err_code", 0) == JSStreamWrongLastSequenceErr;
    answer.text = json["error"].value("description", "without a reason");
  } else if (json.is_object() && json.contains("seq") && json["seq"].is_number_unsigned() &&
             !json.value("duplicate", false)) {  // a duplicate was not stored
    answer.stored_at = json["seq"].get<std::uint64_t>();
  } else {
    answer.text = "an answer that cannot be understood";
  }
  nats_->destroy_soon(std::move(message), 0);
  return answer;
}

void Connection::forget_answers() {
  natsSubscription_Destroy(nats_->answers);
  nats_->answers = nullptr;
  natsInbox* made = nullptr;
  check(natsInbox_Create(&made), where_, "wait for answers of");
  const std::unique_ptr<natsInbox, Destroyer<natsInbox_Destroy>> inbox(made);
  nats_->inbox = made;
  check(natsConnection_SubscribeSync(&nats_->answers, nats_->connection, (nats_->inbox + ".*").c_str()), where_,
        "wait for answers of");
  natsSubscription_SetPendingLimits(nats_->answers, -1, -1);
}

}  // namespace arena_shm::bridge
