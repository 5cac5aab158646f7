// What a Consumer<T> stands for: a consumer that is alone, or a member of a group.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "arena_shm/core/consumer_core.hpp"
#include "arena_shm/core/member_core.hpp"
#include "arena_shm/options.hpp"

namespace arena_shm::core {

/// Movable. Thread safety: one thread at a time.
class ConsumerHandle {
 public:
  /// What has been taken: its seq, its time, and the marks of an Entry. kNone: nothing has been.
  struct Taken {
    std::uint64_t seq;
    std::uint64_t time;
    bool late;
    bool redelivered;
  };
  static constexpr std::uint64_t kNone = ReaderCore::kNone;

  /// Errors: as ConsumerCore, or MemberCore, if the values are shared.
  ConsumerHandle(std::shared_ptr<const Segment> segment, std::string_view name, const ConsumerOptions& options)
      : alone_(options.share ? nullptr : new ConsumerCore(segment, name, options)),
        member_(options.share ? new MemberCore(std::move(segment), name, options) : nullptr) {}

  ConsumerHandle* operator->() noexcept { return this; }
  const ConsumerHandle* operator->() const noexcept { return this; }

  template <class Take>
  [[gnu::always_inline]] Taken next(Take&& copy_out) {
    if (is_alone()) [[likely]] {
      const auto [seq, time] = alone_->next(copy_out);
      return {seq, time, alone_->is_late(), false};
    }
    // A copy: else the one that the other way has would have to be in memory.
    const auto [seq, time] = member_->next(std::remove_cvref_t<Take>(copy_out));
    return {seq, time, member_->is_late(), member_->is_redelivered()};
  }
  /// The i-th one of a call that takes up to `wanted`.
  template <class Take>
  Taken next_of_several(std::size_t i, std::size_t wanted, Take&& copy_out) {
    if (is_alone()) {
      const auto [seq, time] = alone_->next_of_several(i, copy_out);
      return {seq, time, alone_->is_late(), false};
    }
    const auto [seq, time] = member_->next_of_several(i, wanted, copy_out);
    return {seq, time, member_->is_late(), member_->is_redelivered()};
  }

  bool wait_for(std::chrono::nanoseconds timeout) {
    return is_alone() ? alone_->wait_for(timeout) : member_->wait_for(timeout);
  }
  void release() { is_alone() ? alone_->release() : member_->release(); }
  void release(const Position& end) { is_alone() ? alone_->release(end) : member_->release(end); }
  void on_gap(std::function<void(const Gap&)> report) {
    is_alone() ? alone_->on_gap(std::move(report)) : member_->on_gap(std::move(report));
  }

  const std::string& name() const noexcept { return is_alone() ? alone_->name() : member_->group_name(); }
  Position position() const { return is_alone() ? alone_->reader().position() : member_->position(); }
  std::uint64_t cursor() const noexcept { return is_alone() ? alone_->reader().cursor() : member_->cursor(); }
  std::uint64_t lag() const noexcept { return is_alone() ? alone_->reader().lag() : member_->lag(); }
  std::uint64_t read_count() const noexcept { return is_alone() ? alone_->read_count() : member_->read_count(); }
  std::uint64_t overwritten_count() const noexcept {
    return is_alone() ? alone_->overwritten_count() : member_->overwritten_count();
  }
  std::uint64_t hole_count() const noexcept { return is_alone() ? alone_->hole_count() : member_->hole_count(); }
  std::uint64_t awaited_count() const noexcept {
    return is_alone() ? alone_->awaited_count() : member_->awaited_count();
  }
  std::uint64_t late_count() const noexcept { return is_alone() ? alone_->late_count() : member_->late_count(); }
  std::uint64_t redelivered_count() const noexcept { return is_alone() ? 0 : member_->redelivered_count(); }

  std::uint64_t payload_bytes() const noexcept {
    return is_alone() ? alone_->reader().payload_bytes() : member_->payload_bytes();
  }
  /// What a WaitSet waits for.
  Waitable& waitable() noexcept {
    if (is_alone()) return waitable_of(*alone_.operator->());
    return *member_.operator->();
  }

 private:
  [[gnu::always_inline]] bool is_alone() const noexcept { return alone_.operator->() != nullptr; }

  ConsumerCore::Owner alone_;
  MemberCore::Owner member_;
};

inline Waitable& waitable_of(ConsumerHandle& consumer) noexcept { return consumer.waitable(); }
// A WaitSet asks whether a consumer is ready through a handle that it does not change.
inline Waitable& waitable_of(const ConsumerHandle& consumer) noexcept {
  return const_cast<ConsumerHandle&>(consumer).waitable();
}

}  // namespace arena_shm::core
