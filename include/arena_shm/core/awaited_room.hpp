// Room that a writer waits for in a WaitSet. It does so as in alloc (gate.hpp: G1 to G6), but without a number in hand,
// also in a shared ring.
#pragma once

#include <atomic>
#include <string>

#include "arena_shm/core/waitable.hpp"

namespace arena_shm::core {

class WriterCore;

/// A writer's own; its last part, which goes first. Thread safety: one thread at a time, which is also that of its
/// writer.
class AwaitedRoom final : public Waitable {
 public:
  explicit AwaitedRoom(WriterCore& writer) noexcept : writer_(writer) {}
  ~AwaitedRoom() { leave_set(); }

  /// Ready: try_alloc would find room. Who has held up the writer for longer than the arena's patience is evicted;
  /// tools are shown who is in the way. Errors: Code::reentered, forked.
  Prospect prospect() override;
  bool may_be_ready() const noexcept override;
  /// Null in an arena that overwrites, where it is always ready.
  Doorbell* doorbell() const noexcept override;
  void mark_inside(bool inside) noexcept override;
  bool is_inside() const noexcept { return inside_.load(std::memory_order_relaxed); }
  const std::string& name() const noexcept override;

 private:
  void show() noexcept;

  WriterCore& writer_;
  std::atomic<bool> inside_{false};  // relaxed: looked at in order to leave the writer alone (retire)
  bool is_shown_ = false;            // that the writer waits
};

}  // namespace arena_shm::core
