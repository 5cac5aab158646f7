// A peer that Debian packages, but that is not asked for: iceoryx. Its publisher never waits; it drops the oldest value
// that a subscriber has not taken yet.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iceoryx_posh/popo/publisher.hpp>
#include <iceoryx_posh/popo/subscriber.hpp>
#include <memory>
#include <optional>
#include <string>

#include "bench/channels/channel.hpp"
#include "bench/channels/names.hpp"
#include "bench/channels/roudi.hpp"

namespace arena_shm::bench {

/// One writer, one reader, and a queue as long as it may be: 256 values. Requires: RouDi runs.
template <class T>
class IceoryxChannel : public ChannelDefaults {
 public:
  explicit IceoryxChannel(std::size_t) : name_(fresh_name()), roudi_(Roudi::running()) {}

  void join_writer() {
    join_roudi();
    publisher_.emplace(service());
  }
  /// Whoever comes second is connected when he has come.
  void join_reader() {
    join_roudi();
    iox::popo::SubscriberOptions options;
    options.queueCapacity = iox::MAX_SUBSCRIBER_QUEUE_CAPACITY;
    subscriber_.emplace(service(), options);
  }
  void all_joined() { roudi_->rest(); }

  bool push(const T& value) {
    auto chunk = publisher_->loan(value);
    if (chunk.has_error()) return false;
    chunk->publish();
    return true;
  }
  template <class Use>
  bool pop(Use&& use) {
    const auto chunk = subscriber_->take();
    if (chunk.has_error()) return false;
    const std::uint64_t number = chunk->getChunkHeader()->sequenceNumber();
    lost_ += number - expected_;
    expected_ = number + 1;
    use(**chunk);
    return true;
  }
  template <class Use>
  std::size_t pop_some(Use&& use) {
    return pop_up_to(*this, kSome, use);
  }
  std::uint64_t lost() const { return lost_; }

 private:
  iox::capro::ServiceDescription service() const {
    return {"arena-bench", iox::capro::IdString_t(iox::cxx::TruncateToCapacity, name_.c_str()), "value"};
  }

  std::string name_;
  std::shared_ptr<Roudi> roudi_;
  std::optional<iox::popo::Publisher<T>> publisher_;
  std::optional<iox::popo::Subscriber<T>> subscriber_;
  std::uint64_t expected_ = 0;
  std::uint64_t lost_ = 0;
};

}  // namespace arena_shm::bench
