#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstddef>

#include "arena_shm/core/mutex.hpp"
#include "arena_shm/core/stamp.hpp"
#include "inspect/check_parts.hpp"
#include "inspect/seats.hpp"

namespace arena_shm::inspect {

namespace {

bool is_inside(const SeatFacts& seat) noexcept {
  return seat.claim == core::ClaimKind::claiming || seat.claim == core::ClaimKind::writing;
}

/// One look at the seats and at the mutex: first the words, then what bounds them.
class Look {
 public:
  Look(const Image& image, const core::Header& header)
      : image_(image), header_(header), exclusive_((header.flags & core::kFlagExclusive) != 0) {
    has_mutex_ = image.load(header.control.offset_bytes + offsetof(core::Control, mutex), mutex_);
    std::atomic_thread_fence(std::memory_order_acquire);
    seats_ = read_seats(image, header);
    std::atomic_thread_fence(std::memory_order_acquire);
    head_ = std::min(read_head(image, header).value_or(core::kSeqLimit), core::kSeqLimit);
  }

  Suspects all() {
    for (const SeatFacts& seat : seats_.all) {
      if (suspects_.size() >= kMaxSuspects) break;
      if (seat.holder == Holder::never) continue;
      check_words(seat);
      check_holder(seat);
    }
    if (has_mutex_) check_mutex();
    return std::move(suspects_);
  }

 private:
  void suspect(std::string where, std::array<std::uint64_t, 3> words, Severity severity, std::string text) {
    suspects_.push_back({std::move(where), words, 0, severity, std::move(text)});
  }

  void check_words(const SeatFacts& seat) {
    const auto claim = seat.claim_seq << 2 | static_cast<std::uint64_t>(seat.claim);
    const auto wrong = [&](const char* word, std::uint64_t value, Severity severity, std::string text) {
      suspect(fmt::format("seat {} {}", seat.index, word), {value, 0, 0}, severity, std::move(text));
    };
    if (seat.claim == core::ClaimKind::invalid) {
      wrong("claim", claim, Severity::error,
            fmt::format("expected idle, claiming or writing, found {:#x}; {}", claim, kWrittenOver));
    } else if (seat.claim_seq + (seat.claim == core::ClaimKind::writing ? 1 : 0) > head_) {
      wrong("claim", claim, severity_beyond_head(image_),
            fmt::format("expected a number that head, {}, has reached, found '{}'; {}", head_,
                        describe_claim(seat, exclusive_), remedy_beyond_head(image_)));
    }
    if (exclusive_ && is_inside(seat)) {
      wrong("claim kind", claim, Severity::error,
            fmt::format("expected where its holder began, as this arena has one writer, found '{}'; {}",
                        describe_claim(seat, false), kWrittenOver));
    }
    if (seat.hi > head_) {
      wrong("hi", seat.hi, severity_beyond_head(image_),
            fmt::format("expected the end of a batch that head, {}, has reached, found {}; {}", head_, seat.hi,
                        remedy_beyond_head(image_)));
    }
    if (seat.values > head_ || seat.skipped > head_ - seat.values) {
      wrong("counters", seat.values ^ seat.skipped, severity_beyond_head(image_),
            fmt::format("expected at most {} values, published or skipped, found {} and {}; {}", head_, seat.values,
                        seat.skipped, remedy_beyond_head(image_)));
    }
    if (seat.reservations > core::kMutexGenerations) {
      wrong("reservations", seat.reservations, Severity::error,
            fmt::format("expected at most {}, found {}; {}", core::kMutexGenerations, seat.reservations, kWrittenOver));
    }
    if (!seat.unused_is_zero) {
      wrong("padding", 0, Severity::warning,
            fmt::format("expected zeros where the layout has nothing, found other bytes; {}", kWrittenOver));
    }
  }

  void check_holder(const SeatFacts& seat) {
    const auto claim = seat.claim_seq << 2 | static_cast<std::uint64_t>(seat.claim);
    const std::array<std::uint64_t, 3> words{claim, seat.pid, static_cast<std::uint64_t>(seat.taken_ns)};
    const std::string where = fmt::format("seat {} holder", seat.index);
    if (seat.holder == Holder::dead) {
      suspect(where, words, Severity::warning,
              fmt::format("expected one that lives or has left, found pid {}, which died {}; the next writer repairs "
                          "it, or arena-shm seats NAME --clear-stale",
                          seat.pid, is_inside(seat) ? "while " + describe_claim(seat, exclusive_) : "idle"));
    } else if (seat.holder == Holder::left && is_inside(seat)) {
      suspect(where, words, Severity::error,
              fmt::format("expected to be idle, as it has been given back, found '{}'; {}",
                          describe_claim(seat, exclusive_), kWrittenOver));
    } else if (seat.holder == Holder::alive) {
      check_alive(seat, where, words);
    }
  }

  void check_alive(const SeatFacts& seat, const std::string& where, const std::array<std::uint64_t, 3>& words) {
    if (seat.pid == 0) {
      suspect(where, words, Severity::warning,
              "expected the pid of who holds the lease, found none; a writer is stopped while it comes or goes, or "
              "somebody else locks the file: see /proc/locks");
    } else if (!seat.other_namespace && ::kill(static_cast<pid_t>(seat.pid), 0) != 0 && errno == ESRCH) {
      suspect(
          where, words, Severity::warning,
          fmt::format("expected that pid {} lives, as the lease is held, found no such process; somebody else locks "
                      "the file: see /proc/locks",
                      seat.pid));
    } else if (is_inside(seat) && seat.process.state == ProcessState::stopped) {
      suspect(
          where, words, Severity::warning,
          fmt::format("expected that it goes on, found pid {} stopped while {}; others skip its slot: kill -CONT {}",
                      seat.pid, describe_claim(seat, exclusive_), seat.pid));
    }
  }

  void check_mutex() {
    const std::uint32_t owner = core::mutex_owner(mutex_);
    if (owner > header_.seat_count || mutex_ == 0) return;  // the first is one of the facts' problems
    const auto wrong = [&](std::uint64_t since, Severity severity, std::string text) {
      suspect("mutex", {mutex_, since, 0}, severity, std::move(text));
    };
    const std::uint32_t generation = (mutex_ & ~(core::kMutexWaiters | core::kMutexReserved)) >> core::kMutexOwnerBits;
    if (owner == 0 || (!core::mutex_is_reserved(mutex_) && generation != 0)) {
      wrong(0, Severity::error, fmt::format("expected to be free or owned, found {:#x}; {}", mutex_, kWrittenOver));
      return;
    }
    if (owner > seats_.all.size()) return;  // the file was cut off
    const SeatFacts& seat = seats_.all[owner - 1];
    const auto since = static_cast<std::uint64_t>(seat.taken_ns);
    if (core::mutex_is_reserved(mutex_) && generation >= seat.reservations) {
      wrong(since, severity_beyond_head(image_),
            fmt::format("expected one of the {} reservations of seat {}, found the one numbered {}; {}",
                        seat.reservations, seat.index, generation, remedy_beyond_head(image_)));
    } else if (seat.holder == Holder::dead || seat.holder == Holder::left || seat.holder == Holder::never) {
      wrong(since, Severity::warning,
            fmt::format("expected an owner that lives, found seat {}, whose holder {}; whoever wants it next frees it, "
                        "or arena-shm seats NAME --clear-stale",
                        seat.index, seat.holder == Holder::dead ? "died" : "is gone"));
    } else if (seat.process.state == ProcessState::stopped && (!core::mutex_is_reserved(mutex_) || is_inside(seat))) {
      wrong(
          since, Severity::warning,
          fmt::format("expected an owner that goes on, found pid {} stopped; Arena::alloc waits for it: kill -CONT {}",
                      seat.pid, seat.pid));
    }
  }

  const Image& image_;
  const core::Header& header_;
  const bool exclusive_;
  bool has_mutex_ = false;
  std::uint32_t mutex_ = 0;
  Seats seats_;
  std::uint64_t head_ = 0;
  Suspects suspects_;
};

}  // namespace

Suspects suspect_seats(const Image& image, const core::Header& header) { return Look(image, header).all(); }

}  // namespace arena_shm::inspect
