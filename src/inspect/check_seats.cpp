#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cstddef>

#include "arena_shm/core/mutex.hpp"
#include "arena_shm/core/stamp.hpp"
#include "inspect/check_parts.hpp"
#include "inspect/heads.hpp"
#include "inspect/seats.hpp"
#include "text/quantities.hpp"
#include "text/shell_word.hpp"

namespace arena_shm::inspect {

namespace {

/// One look at the seats and at the mutex: first the words, then what bounds them.
class Look {
 public:
  Look(const Image& image, const core::Header& header) : image_(image), header_(header) {
    has_mutex_ = image.load(header.control.offset_bytes + offsetof(core::Control, mutex), mutex_);
    std::atomic_thread_fence(std::memory_order_acquire);
    seats_ = read_seats(image, header);
    std::atomic_thread_fence(std::memory_order_acquire);
    heads_ = read_heads(image, header).value_or(Heads());
  }

  Suspects all() {
    for (const SeatFacts& seat : seats_.all) {
      if (suspects_.size() >= kMaxSuspects) break;
      if (seat.is_zero) continue;
      head_ = head_of(seat);
      check_words(seat);
      check_holder(seat);
    }
    if (has_mutex_) check_mutex();
    return std::move(suspects_);
  }

 private:
  bool is_laned() const noexcept { return (header_.flags & core::kFlagLaned) != 0; }

  /// That which bounds the numbers in a seat: of its lane, if there are lanes.
  std::uint64_t head_of(const SeatFacts& seat) const noexcept {
    const std::uint64_t limit = number_limit(header_);
    const std::size_t lane = is_laned() ? seat.index : 0;
    return lane < heads_.of_lanes().size() ? std::min(heads_.of_lanes()[lane], limit) : limit;
  }
  const char* name_of_head() const noexcept { return is_laned() ? "the lane's head" : "the head"; }
  /// The same as a number of the whole.
  std::uint64_t shown_head(const SeatFacts& seat) const noexcept {
    return seq_of(header_, is_laned() ? seat.index : 0, head_);
  }

  void suspect(std::string where, std::array<std::uint64_t, 3> words, Severity severity, std::string text) {
    suspects_.push_back({.where = std::move(where), .words = words, .severity = severity, .text = std::move(text)});
  }

  void check_words(const SeatFacts& seat) {
    const auto wrong = [&](const char* word, std::uint64_t value, Severity severity, std::string text) {
      suspect(fmt::format("seat {} {}", seat.index, word), {value, 0, 0}, severity, std::move(text));
    };
    check_claim(seat, seat.claims[0], "claim", "hi");
    check_claim(seat, seat.claims[1], "second claim", "second hi");
    if (seat.ended > seat.session || seat.session > core::kMaxSession) {
      wrong("session", seat.session ^ seat.ended, severity_beyond_head(image_),
            fmt::format("expected at most {} sessions, and no more ended than begun, found {} begun and {} ended; {}",
                        core::kMaxSession, seat.session, seat.ended, remedy_beyond_head(image_)));
    }
    if (seat.values > head_ || seat.skipped > head_ - seat.values) {
      wrong("counters", seat.values ^ seat.skipped, severity_beyond_head(image_),
            fmt::format("expected at most {}, found {} published and {} skipped; {}", text::counted(head_, "value"),
                        seat.values, seat.skipped, remedy_beyond_head(image_)));
    }
    if (seat.reservations > core::kMaxReservations) {
      wrong("reservations", seat.reservations, Severity::error,
            fmt::format("expected at most {}, found {}; {}", core::kMaxReservations, seat.reservations, kWrittenOver));
    }
    check_waiting(seat);
    if (!seat.unused_is_zero) {
      wrong("padding", 0, Severity::warning,
            fmt::format("expected zeros in the unused bytes, found others; {}", kWrittenOver));
    }
  }

  void check_waiting(const SeatFacts& seat) {
    const bool lossless = core::is_lossless(header_);
    if (seat.waits_for <= header_.consumer_count && (lossless || seat.waits_since_ns == 0)) return;
    suspect(
        fmt::format("seat {} waiting", seat.index), {seat.waits_for, 0, 0}, Severity::error,
        fmt::format("expected {}, found {}; {}",
                    lossless ? fmt::format("that it waits for none of {} consumers, or for one", header_.consumer_count)
                             : "zeros, for nobody waits in an arena that overwrites",
                    seat.waits_for == 0 ? "the time of one that waits" : fmt::format("consumer {}", seat.waits_for - 1),
                    kWrittenOver));
  }

  void check_claim(const SeatFacts& seat, const ClaimFacts& claim, const char* name, const char* end_name) {
    const auto wrong = [&](const std::string& word, std::uint64_t value, Severity severity, std::string text) {
      suspect(fmt::format("seat {} {}", seat.index, word), {value, 0, 0}, severity, std::move(text));
    };
    SeatFacts alone = seat;
    alone.claims = {claim, {}};
    alone.holder = Holder::alive;
    if (claim.kind == core::ClaimKind::invalid) {
      wrong(name, claim.word(), Severity::error,
            fmt::format("expected idle, claiming or writing, found {:#x}; {}", claim.word(), kWrittenOver));
    } else if (has_lanes(header_) && claim.kind == core::ClaimKind::idle && claim.seq > head_ &&
               claim.seq <= number_limit(header_)) {
      wrong(name, claim.word(), Severity::note,
            fmt::format("expected a number not beyond {}, {}, found '{}': its writer is about to leave numbers out, or "
                        "ended in the middle of that; the next one goes on at the head",
                        name_of_head(), shown_head(seat), describe_claim(alone, header_)));
    } else if (claim.seq + (claim.kind == core::ClaimKind::writing ? 1 : 0) > head_) {
      wrong(name, claim.word(), severity_beyond_head(image_),
            fmt::format("expected a number not beyond {}, {}, found '{}'; {}", name_of_head(), shown_head(seat),
                        describe_claim(alone, header_), remedy_beyond_head(image_)));
    }
    if (has_lanes(header_) && claim.is_inside()) {
      wrong(fmt::format("{} kind", name), claim.word(), Severity::error,
            fmt::format("expected the number where the only writer of this {} began, found '{}'; {}",
                        is_laned() ? "lane" : "arena", describe_claim(alone, header_), kWrittenOver));
    }
    if (claim.hi > head_) {
      wrong(end_name, claim.hi, severity_beyond_head(image_),
            fmt::format("expected the end of a batch not beyond {}, {}, found {}; {}", name_of_head(), shown_head(seat),
                        seq_of(header_, is_laned() ? seat.index : 0, claim.hi), remedy_beyond_head(image_)));
    }
  }

  std::string died_how(const SeatFacts& seat) const {
    // Of a lane's holder the claim does not tell.
    const std::string how = has_lanes(header_) ? ""
                            : seat.is_inside() ? " while " + describe_claim(seat, header_)
                                               : " while idle";
    if (seat.holder == Holder::dead) return "which died" + how;
    return fmt::format("which {}{}", seat.holder == Holder::dumping ? "is dumping core and died" : "is dying", how);
  }

  void check_holder(const SeatFacts& seat) {
    const std::array<std::uint64_t, 3> words{seat.claim().word(), seat.session, seat.ended};
    const std::string where = fmt::format("seat {} holder", seat.index);
    if (is_dead(seat.holder)) {
      suspect(where, words, Severity::note,
              fmt::format("expected a process that is alive or has left, found pid {}, {}; the next writer repairs the "
                          "seat; to repair it now: arena-shm seats {} --clear-stale",
                          seat.pid, died_how(seat), text::shell_word(image_.label())));
    } else if (seat.holder == Holder::gone) {
      suspect(where, words, Severity::warning,
              fmt::format(
                  "expected pid {} to be alive, because its lease is held, found no such process; a child that has not "
                  "called exec still shares its memory, or another process has locked the file: see "
                  "/proc/locks",
                  seat.pid));
    } else if (seat.holder == Holder::alive) {
      check_alive(seat, where, words);
    }
  }

  void check_alive(const SeatFacts& seat, const std::string& where, const std::array<std::uint64_t, 3>& words) {
    if (seat.is_inside() && seat.process.state == ProcessState::stopped) {
      suspect(where, words, Severity::warning,
              fmt::format("expected a running process, found pid {} stopped while {}; others skip its slot; to "
                          "continue it: kill -CONT {}",
                          seat.pid, describe_claim(seat, header_), seat.pid));
    }
  }

  void check_mutex() {
    const std::uint32_t owner = core::mutex_owner(mutex_);
    if (owner > header_.seat_count || mutex_ == 0) return;  // the first is one of the facts' problems
    const auto wrong = [&](std::uint64_t since, Severity severity, std::string text) {
      suspect("mutex", {mutex_, since, 0}, severity, std::move(text));
    };
    const std::uint64_t number = core::mutex_number(mutex_);
    if (owner == 0) {
      wrong(0, Severity::error,
            fmt::format("expected a free mutex or an owner, found {:#x}; {}", mutex_, kWrittenOver));
      return;
    }
    if (owner > seats_.all.size()) return;  // the file was cut off
    const SeatFacts& seat = seats_.all[owner - 1];
    const std::uint64_t since = seat.session;
    if (!core::mutex_is_reserved(mutex_) && number > seat.session) {
      wrong(since, severity_beyond_head(image_),
            fmt::format("expected a session up to number {} of seat {}, found number {}; {}", seat.session, seat.index,
                        number, remedy_beyond_head(image_)));
    } else if (core::mutex_is_reserved(mutex_) && number >= seat.reservations) {
      wrong(since, severity_beyond_head(image_),
            fmt::format("expected a reservation below number {} of seat {}, found number {}; {}", seat.reservations,
                        seat.index, number, remedy_beyond_head(image_)));
    } else if (is_dead(seat.holder)) {
      wrong(since, Severity::note,
            fmt::format(
                "expected a living owner, found seat {}, whose holder died; the next process that needs the mutex "
                "frees it; to free it now: arena-shm seats {} --clear-stale",
                seat.index, text::shell_word(image_.label())));
    } else if (seat.holder == Holder::left || seat.holder == Holder::never ||
               (!core::mutex_is_reserved(mutex_) && number < seat.session)) {
      wrong(since, Severity::warning,
            fmt::format(
                "expected a living owner, found seat {}, whose holder is gone; the next process that needs the mutex "
                "frees it; to free it now: arena-shm seats {} --clear-stale",
                seat.index, text::shell_word(image_.label())));
    } else if (seat.process.state == ProcessState::stopped && (!core::mutex_is_reserved(mutex_) || seat.is_inside())) {
      wrong(since, Severity::warning,
            fmt::format("expected a running owner, found pid {} stopped; Arena::alloc waits for it; to continue it: "
                        "kill -CONT {}",
                        seat.pid, seat.pid));
    }
  }

  const Image& image_;
  const core::Header& header_;
  bool has_mutex_ = false;
  std::uint64_t mutex_ = 0;
  Seats seats_;
  Heads heads_;
  std::uint64_t head_ = 0;  // of the seat that is looked at
  Suspects suspects_;
};

}  // namespace

Suspects suspect_seats(const Image& image, const core::Header& header) { return Look(image, header).all(); }

}  // namespace arena_shm::inspect
