// A consumer of a lossless arena, or a member of a group, as the tool has them: it goes on after an eviction, and says
// so.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "arena_shm/raw.hpp"
#include "recording/attendant.hpp"

namespace arena_shm::recording {

/// Who is to consume, and how.
struct ConsumerWish {
  std::string name;
  bool share = false;  ///< as a member of the group of that name
  bool durable = false;
  From from = From::newest;      ///< of a name that was not there
  std::optional<Order> order{};  ///< as order_for takes it
};

/// Errors: Code::invalid_argument, if writers wait for nobody in this arena.
void require_lossless(const Info& info);

/// Does the arena keep the place of that name, so that `wish` goes on there? Also if it is that of a living group.
bool keeps_place(const RawView& view, const ConsumerWish& wish);

/// Thread safety: none.
class Consumption {
 public:
  /// Registers it. What it has got is done with when that is said. Errors: as require_lossless, RawArena::consumer.
  Consumption(const RawArena& arena, const ConsumerWish& wish, Attendant& attendant);

  /// As RawConsumer::next.
  std::optional<std::uint64_t> next(std::span<std::byte> record);
  /// As RawConsumer::wait_for.
  bool wait_for(std::chrono::milliseconds longest);
  /// All that it has got is where it is to be.
  void release() { consumer_.release(); }
  /// So many values are a small part of the ring: it is time to release them, that nobody has to wait.
  std::uint64_t release_after() const noexcept { return release_after_; }
  /// Of what it lost for ever; not of what was overwritten before it had joined, if it was to begin with the oldest.
  void on_gap(std::function<void(const Gap&)> report);

  /// Did it go on where somebody of its name had been?
  bool has_come_back() const noexcept { return has_come_back_; }
  /// Of a group, where that stands: what is below it is taken, by one member or another.
  Position position() const { return consumer_.position(); }
  std::uint64_t time() const noexcept { return consumer_.time(); }
  /// Out of the order that its values come in.
  bool is_late() const noexcept { return consumer_.is_late(); }
  std::uint64_t lag() const noexcept { return consumer_.lag(); }

  /// Says how to be rid of it, if writers go on waiting for it; how many values came late; and how many another member
  /// of its group had before.
  void tell_end(std::uint64_t late_count) const;

 private:
  RawConsumer join(const RawArena& arena, const ConsumerWish& wish, Attendant& attendant) const;
  void note_eviction(const Error& error);
  void tell_eviction();

  std::string arena_;
  Attendant& attendant_;
  bool has_come_back_;
  bool shares_;
  bool durable_;
  std::uint64_t release_after_;
  RawConsumer consumer_;
  bool counts_all_;
  std::vector<bool> begun_;  // of each lane: a value has come
  bool has_begun_ = false;   // any lane
  bool is_evicted_ = false;  // and it is to be told what that has cost
  std::uint64_t overwritten_before_ = 0;
};

}  // namespace arena_shm::recording
