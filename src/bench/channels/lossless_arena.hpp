// Lossless arenas as channels: the writers wait for a consumer, or for a group.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "arena_shm/arena.hpp"
#include "bench/channels/arenas.hpp"
#include "bench/channels/channel.hpp"
#include "bench/channels/names.hpp"
#include "bench/harness/keep.hpp"

namespace arena_shm::bench {

enum class Sharing : bool { no, yes };

template <class T, Writers writers, Manner manner = Manner::latency, Sharing sharing = Sharing::no>
class LosslessChannel : public ChannelDefaults {
 public:
  explicit LosslessChannel(std::size_t slots) : name_(fresh_name()) {
    arena_.emplace(Arena<T>::create(name_, {.slots = slots, .writers = writers, .seats = 4, .full = Full::wait}));
  }

  void join_writer() {
    arena_.emplace(Arena<T>::open(name_));
    arena_->prefault();
    writer_.emplace(arena_->writer());
  }
  void join_reader() {
    arena_.emplace(Arena<T>::open(name_));
    arena_->prefault();
    consumer_.emplace(
        arena_->consumer("bench", {.share = sharing == Sharing::yes, .hold = std::chrono::hours{1}, .manner = manner}));
  }
  void all_joined() { Arena<T>::remove(name_); }

  bool push(const T& value) {
    keep_number(writer_->alloc(value).seq);
    return true;
  }
  template <class Use>
  bool pop(Use&& use) {
    const auto entry = consumer_->next();
    if (!entry) return false;
    use(entry->value);
    return true;
  }
  template <class Use>
  std::size_t pop_some(Use&& use) {
    if constexpr (manner == Manner::latency) return pop(use) ? 1 : 0;
    const std::size_t count = consumer_->next(entries_);
    for (std::size_t i = 0; i < count; ++i) use(entries_[i].value);
    if (count < entries_.size()) consumer_->wait_for(std::chrono::milliseconds{1});
    return count;
  }
  std::uint64_t lost() const { return consumer_->overwritten_count() + consumer_->hole_count(); }

 private:
  std::string name_;
  std::optional<Arena<T>> arena_;
  std::optional<Writer<T>> writer_;
  std::optional<Consumer<T>> consumer_;
  std::array<Entry<T>, kSome> entries_;
};

}  // namespace arena_shm::bench
