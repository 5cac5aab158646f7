#include "bridge/stream_reader.hpp"

#include <fmt/format.h>
#include <nats/nats.h>

#include <utility>

#include "bridge/nats_errors.hpp"
#include "bridge/nats_handles.hpp"

namespace arena_shm::bridge {

namespace {

constexpr std::chrono::milliseconds kHeartbeat{1000};
constexpr std::chrono::milliseconds kSilence{2000};

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

/// A stream that was made anew counts from 1 again.
StreamReader::Look StreamReader::look() {
  jsStreamInfo* found = nullptr;
  jsErrCode code{};
  const natsStatus status = js_GetStreamInfo(&found, connection_.nats_->jetstream, stream_.c_str(), nullptr, &code);
  const InfoHandle info(found);
  const std::string doing = fmt::format("read stream '{}' of", stream_);
  check_jetstream(status, code, connection_.where_, doing);
  if (created_ != 0 && info->Created != created_)
    throw ServerTrouble(Code::system, {.name = connection_.where_,
                                       .doing = doing,
                                       .expected = "the one that was there before",
                                       .found = "one that was made anew",
                                       .remedy = "read it from where the ring ends"});
  created_ = info->Created;
  heard_ = Clock::now();
  if (info->Config->SubjectsLen == 1) return {.subject = info->Config->Subjects[0], .last_seq = info->State.LastSeq};
  throw Error(Code::invalid_argument, {.name = connection_.where_,
                                       .doing = doing,
                                       .expected = "a stream with one subject",
                                       .found = fmt::format("one with {}", info->Config->SubjectsLen),
                                       .remedy = "mirror a stream that arena-shm forward has made"});
}

void StreamReader::subscribe() {
  nats_->end();
  const std::string subject = look().subject;  // the library asks for one
  jsSubOptions options;
  jsSubOptions_Init(&options);
  options.Stream = stream_.c_str();
  // Not what the library calls ordered: that would begin anew behind one's back, and in another stream of the name,
  // too.
  options.Config.AckPolicy = js_AckNone;
  options.Config.MaxDeliver = 1;
  options.Config.FlowControl = true;
  options.Config.MemoryStorage = true;
  options.Config.DeliverPolicy = js_DeliverByStartSequence;
  options.Config.OptStartSeq = seq_;
  options.Config.Heartbeat = std::chrono::nanoseconds(kHeartbeat).count();
  jsErrCode code{};
  const natsStatus status =
      js_SubscribeSync(&nats_->subscription, connection_.nats_->jetstream, subject.c_str(), nullptr, &options, &code);
  check_jetstream(status, code, connection_.where_, fmt::format("read stream '{}' of", stream_));
  natsSubscription_SetPendingLimits(nats_->subscription, -1, -1);  // the server waits for those that are not taken
}

std::optional<Arrived> StreamReader::receive(std::chrono::milliseconds longest) {
  natsMsg* found = nullptr;
  const natsStatus status = natsSubscription_NextMsg(&found, nats_->subscription, longest.count());
  const MessageHandle message(found);
  if (connection_.is_closed()) check(NATS_CONNECTION_CLOSED, connection_.where_, "read from");
  if (status == NATS_TIMEOUT) {
    // Has the consumer gone, by a restart of the server, say, it says nothing.
    if (Clock::now() - heard_ >= kSilence && look().last_seq >= seq_) subscribe();
    return std::nullopt;
  }
  heard_ = Clock::now();
  if (status != NATS_OK) {  // nothing heard of the consumer, or it has come out of step
    subscribe();
    return std::nullopt;
  }
  jsMsgMetaData* meta = nullptr;
  if (natsMsg_GetMetaData(&meta, found) != NATS_OK) return std::nullopt;
  Arrived arrived{.stored = stored_of(found), .gone = 0, .pending = meta->NumPending};
  arrived.stored.seq = meta->Sequence.Stream;
  arrived.stored.time = std::chrono::nanoseconds(meta->Timestamp);
  jsMsgMetaData_Destroy(meta);
  return arrived;
}

std::optional<Arrived> StreamReader::next(std::chrono::milliseconds longest) {
  auto arrived = receive(longest);
  if (!arrived || arrived->stored.seq < seq_) return std::nullopt;
  if (arrived->stored.seq > seq_ && !is_asked_again_) {
    is_asked_again_ = true;
    subscribe();
    return std::nullopt;
  }
  arrived->gone = arrived->stored.seq - std::exchange(seq_, arrived->stored.seq + 1);
  is_asked_again_ = false;
  return arrived;
}

}  // namespace arena_shm::bridge
