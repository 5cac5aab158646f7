#include "bridge/stream_reader.hpp"

#include <fmt/format.h>
#include <nats/nats.h>

#include <utility>

#include "bridge/nats_errors.hpp"
#include "bridge/nats_handles.hpp"

namespace arena_shm::bridge {

namespace {

constexpr std::chrono::milliseconds kHeartbeat{1000};

}  // namespace

struct StreamReader::Handles {
  natsSubscription* subscription = nullptr;

  ~Handles() { end(); }
  void end() noexcept {
    if (subscription != nullptr) natsSubscription_Unsubscribe(subscription);
    natsSubscription_Destroy(std::exchange(subscription, nullptr));
  }
};

StreamReader::StreamReader(Connection& connection, std::string stream, std::uint64_t first_seq)
    : connection_(connection), stream_(std::move(stream)), seq_(first_seq), nats_(std::make_unique<Handles>()) {
  subscribe();
}

StreamReader::~StreamReader() = default;

/// The library asks for one.
std::string StreamReader::subject_of_stream() const {
  jsStreamInfo* found = nullptr;
  jsErrCode code{};
  const natsStatus status = js_GetStreamInfo(&found, connection_.nats_->jetstream, stream_.c_str(), nullptr, &code);
  const InfoHandle info(found);
  const std::string doing = fmt::format("read stream '{}' of", stream_);
  check_jetstream(status, code, connection_.where_, doing);
  if (info->Config->SubjectsLen == 1) return info->Config->Subjects[0];
  throw Error(Code::invalid_argument, {.name = connection_.where_,
                                       .doing = doing,
                                       .expected = "a stream with one subject",
                                       .found = fmt::format("one with {}", info->Config->SubjectsLen),
                                       .remedy = "mirror a stream that arena-shm forward has made"});
}

void StreamReader::subscribe() {
  nats_->end();
  const std::string subject = subject_of_stream();
  jsSubOptions options;
  jsSubOptions_Init(&options);
  options.Stream = stream_.c_str();
  options.Ordered = true;
  options.Config.DeliverPolicy = js_DeliverByStartSequence;
  options.Config.OptStartSeq = seq_;
  options.Config.Heartbeat = std::chrono::nanoseconds(kHeartbeat).count();
  jsErrCode code{};
  const natsStatus status =
      js_SubscribeSync(&nats_->subscription, connection_.nats_->jetstream, subject.c_str(), nullptr, &options, &code);
  check_jetstream(status, code, connection_.where_, fmt::format("read stream '{}' of", stream_));
  natsSubscription_SetPendingLimits(nats_->subscription, -1, -1);  // the server waits for those that are not taken
}

std::optional<Stored> StreamReader::receive(std::chrono::milliseconds longest) {
  natsMsg* found = nullptr;
  const natsStatus status = natsSubscription_NextMsg(&found, nats_->subscription, longest.count());
  const MessageHandle message(found);
  if (connection_.is_closed()) check(NATS_CONNECTION_CLOSED, connection_.where_, "read from");
  if (status == NATS_TIMEOUT) return std::nullopt;
  if (status != NATS_OK) {  // nothing heard of the consumer, or it has come out of step
    subscribe();
    return std::nullopt;
  }
  jsMsgMetaData* meta = nullptr;
  if (natsMsg_GetMetaData(&meta, found) != NATS_OK) return std::nullopt;
  Stored stored = stored_of(found);
  stored.seq = meta->Sequence.Stream;
  stored.time = std::chrono::nanoseconds(meta->Timestamp);
  jsMsgMetaData_Destroy(meta);
  return stored;
}

std::optional<Arrived> StreamReader::next(std::chrono::milliseconds longest) {
  auto stored = receive(longest);
  if (!stored || stored->seq < seq_) return std::nullopt;
  if (stored->seq > seq_ && !is_asked_again_) {
    is_asked_again_ = true;
    subscribe();
    return std::nullopt;
  }
  Arrived arrived{.stored = std::move(*stored), .gone = 0};
  arrived.gone = arrived.stored.seq - std::exchange(seq_, arrived.stored.seq + 1);
  is_asked_again_ = false;
  return arrived;
}

}  // namespace arena_shm::bridge
