// Arenas as channels.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "arena_shm/arena.hpp"
#include "bench/channels/channel.hpp"
#include "bench/channels/names.hpp"
#include "bench/harness/keep.hpp"
#include "bench/harness/values.hpp"

namespace arena_shm::bench {

enum class Way { exclusive, shared, laned, laned_timed, guarded, batch };

inline const std::string& name_of(Way way) {
  switch (way) {
    case Way::exclusive: return kExclusive;
    case Way::shared: return kShared;
    case Way::laned: return kLaned;
    case Way::laned_timed: return kLanedTimed;
    case Way::guarded: return kGuarded;
    case Way::batch: break;
  }
  return kBatch;
}

/// Fills the ring, or the writer's lane, once: then all its pages are mapped in this process, and no slot is fresh.
template <class T>
void fill_once(const Arena<T>& arena, Writer<T>& writer) {
  for (std::uint64_t i = 0; i < arena.slots() / arena.lanes(); ++i) writer.alloc(T{});
}

template <class T, Way way, Manner manner = Manner::latency, Order order = Order::arrival>
class ArenaChannel : public ChannelDefaults {
 public:
  explicit ArenaChannel(std::size_t slots, Options options = {}) : name_(fresh_name()) {
    options.slots = slots;
    if (way == Way::exclusive) options.writers = Writers::exclusive;
    if (way == Way::laned || way == Way::laned_timed) options.writers = Writers::laned;
    if (way == Way::laned_timed) options.time = true;
    arena_.emplace(Arena<T>::create(name_, options));
  }

  void join_writer() {
    arena_.emplace(Arena<T>::open(name_));
    writer_.emplace(arena_->writer());
    fill_once(*arena_, *writer_);
    if constexpr (way == Way::guarded) {
      writer_.reset();
      arena_->alloc(T{});
    }
  }
  void join_reader() {
    view_.emplace(ArenaView<T>::open(name_));
    for (std::uint64_t i = 0; i < view_->slots(); ++i) {
      static_cast<void>(*static_cast<const volatile std::uint64_t*>(view_->ptr_at(i)->word));
    }
    // Nothing is passed over: who waits for an answer must not lose it because its writer was preempted.
    reader_.emplace(view_->reader(From::newest, {.manner = manner, .hold = std::chrono::hours{1}, .order = order}));
  }
  void all_joined() { Arena<T>::remove(name_); }
  const std::string& name() const { return name_; }

  bool push(const T& value) {
    if constexpr (way == Way::guarded) {
      keep_number(arena_->alloc(value).seq);
    } else {
      keep_number(writer_->alloc(value).seq);
    }
    return true;
  }
  bool push_batch(std::span<const T> values) {
    keep_number(writer_->alloc(values).last);
    return true;
  }

  template <class Use>
  bool pop(Use&& use) {
    const auto entry = reader_->next();
    if (!entry) return false;
    use(entry->value);
    return true;
  }
  template <class Use>
  std::size_t pop_some(Use&& use) {
    if constexpr (manner == Manner::latency) return pop(use) ? 1 : 0;
    const std::size_t count = reader_->next(entries_);
    for (std::size_t i = 0; i < count; ++i) use(entries_[i].value);
    if (count < entries_.size()) reader_->wait_for(std::chrono::milliseconds{1});
    return count;
  }
  template <class Use>
  void wait_pop(Use&& use) {
    while (!pop(use)) reader_->wait_for(std::chrono::seconds{1});
  }
  std::uint64_t lost() const {
    return reader_->overwritten_count() + reader_->hole_count() + reader_->passed_over_count();
  }

 private:
  std::string name_;
  std::optional<Arena<T>> arena_;
  std::optional<ArenaView<T>> view_;
  std::optional<Writer<T>> writer_;
  std::optional<Reader<T>> reader_;
  std::array<Entry<T>, kSome> entries_;
};

}  // namespace arena_shm::bench
