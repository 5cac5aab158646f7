// Peers: queues of Boost, in shared memory. They deliver each value once and refuse when they are full.
#pragma once

#include <array>
#include <boost/interprocess/ipc/message_queue.hpp>
#include <boost/lockfree/queue.hpp>
#include <boost/lockfree/spsc_queue.hpp>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include "bench/channels/channel.hpp"
#include "bench/channels/names.hpp"
#include "bench/harness/shared_block.hpp"

namespace arena_shm::bench {

/// One writer, one reader. `bulk`: the reader takes many at a time.
template <class T, std::size_t slots, bool bulk>
class SpscChannel : public ChannelDefaults {
 public:
  static constexpr bool kOverwrites = false;
  static constexpr std::size_t kBurst = slots;

  explicit SpscChannel(std::size_t) {}
  void join_writer() { queue_.touch(); }
  void join_reader() { queue_.touch(); }
  bool push(const T& value) { return queue_->push(value); }
  template <class Use>
  bool pop(Use&& use) {
    return queue_->consume_one(use) != 0;
  }
  template <class Use>
  std::size_t pop_some(Use&& use) {
    if constexpr (!bulk) return pop(use) ? 1 : 0;
    const std::size_t count = queue_->pop(values_.data(), values_.size());
    for (std::size_t i = 0; i < count; ++i) use(values_[i]);
    return count;
  }

 private:
  Shared<boost::lockfree::spsc_queue<T, boost::lockfree::capacity<slots>>> queue_;
  std::array<T, kSome> values_;
};

/// Any number of writers and readers. Its nodes are counted with 16 bits.
template <class T, std::size_t slots>
class QueueChannel : public ChannelDefaults {
 public:
  static constexpr bool kOverwrites = false;
  static constexpr std::size_t kBurst = slots < 65534 ? slots : 65534;

  explicit QueueChannel(std::size_t) {}
  void join_writer() { queue_.touch(); }
  void join_reader() { queue_.touch(); }
  bool push(const T& value) { return queue_->bounded_push(value); }
  template <class Use>
  bool pop(Use&& use) {
    return queue_->consume_one(use);
  }
  template <class Use>
  std::size_t pop_some(Use&& use) {
    return pop_up_to(*this, kSome, use);
  }

 private:
  Shared<boost::lockfree::queue<T, boost::lockfree::capacity<kBurst>>> queue_;
};

/// Any number of writers and readers, under a mutex and two condition variables.
template <class T, std::size_t slots>
class MessageQueueChannel : public ChannelDefaults {
 public:
  static constexpr bool kOverwrites = false;
  static constexpr std::size_t kBurst = slots;

  explicit MessageQueueChannel(std::size_t) : name_(fresh_name()) {
    queue_ = std::make_shared<Queue>(boost::interprocess::create_only, name_.c_str(), slots, sizeof(T));
  }
  ~MessageQueueChannel() { Queue::remove(name_.c_str()); }
  MessageQueueChannel(const MessageQueueChannel&) = delete;
  MessageQueueChannel& operator=(const MessageQueueChannel&) = delete;

  void join_writer() {
    for (std::size_t i = 0; i < slots; ++i) push(T{});
    while (pop([](const T&) {})) continue;
  }
  void join_reader() {}
  void all_joined() { Queue::remove(name_.c_str()); }
  bool push(const T& value) { return queue_->try_send(&value, sizeof(T), 0); }
  template <class Use>
  bool pop(Use&& use) {
    T value;
    if (!queue_->try_receive(&value, sizeof(T), size_, priority_)) return false;
    use(value);
    return true;
  }
  template <class Use>
  std::size_t pop_some(Use&& use) {
    return pop_up_to(*this, kSome, use);
  }
  template <class Use>
  void wait_pop(Use&& use) {
    T value;
    queue_->receive(&value, sizeof(T), size_, priority_);
    use(value);
  }

 private:
  using Queue = boost::interprocess::message_queue;

  std::string name_;
  std::shared_ptr<Queue> queue_;
  Queue::size_type size_ = 0;
  unsigned priority_ = 0;
};

}  // namespace arena_shm::bench
