#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <span>
#include <utility>
#include <vector>

#include "arena_shm/core/consumer_table.hpp"
#include "inspect/check_parts.hpp"
#include "inspect/consumers.hpp"
#include "inspect/heads.hpp"
#include "text/shell_word.hpp"
#include "text/utf8.hpp"

namespace arena_shm::inspect {

namespace {

/// One look at the consumers: first their words, then what bounds them.
class ConsumersLook {
 public:
  ConsumersLook(const Image& image, const core::Header& header) : image_(image), header_(header) {
    const Seats writers = read_seats(image, header);
    // Before any heads: what is released is compared with those that are read behind it.
    std::vector<std::vector<std::uint64_t>> released;
    for (ConsumerFacts& one : read_consumers(image, header, {}, writers).all)
      released.push_back(std::move(one.released));
    std::atomic_thread_fence(std::memory_order_acquire);
    heads_ = read_heads(image, header).value_or(Heads());
    consumers_ = read_consumers(image, header, heads_, writers);
    for (std::size_t i = 0; i < consumers_.all.size() && i < released.size(); ++i)
      consumers_.all[i].released = std::move(released[i]);
  }

  Suspects all() {
    check_room();
    for (const ConsumerFacts& consumer : consumers_.all) {
      if (suspects_.size() >= kMaxSuspects) break;
      check_line(consumer);
      if (consumer.seat.is_zero && consumer.state == 0) continue;
      check_seat(consumer);
      check_state(consumer);
      if (consumer.standing != core::Standing::free) check_attendance(consumer);
    }
    return std::move(suspects_);
  }

 private:
  void suspect(const ConsumerFacts& consumer, const char* what, std::uint64_t word, Severity severity,
               std::string text) {
    suspects_.push_back({.where = fmt::format("consumer {} {}", consumer.index, what),
                         .words = {word, consumer.state, consumer.seat.session},
                         .severity = severity,
                         .text = std::move(text)});
  }

  bool is_zero(std::uint64_t begin, std::uint64_t end) const {
    std::vector<std::byte> bytes(end - begin);
    bytes.resize(image_.read(begin, bytes));
    return std::all_of(bytes.begin(), bytes.end(), [](std::byte b) { return b == std::byte{0}; });
  }

  void check_room() {
    const std::uint64_t begin = header_.consumers.offset_bytes;
    if (is_zero(begin + sizeof(core::Doorbell), begin + sizeof(core::ConsumersHead))) return;
    suspects_.push_back({.where = "consumers padding",
                         .words = {},
                         .severity = Severity::warning,
                         .text = fmt::format("expected zeros in the unused bytes, found others; {}", kWrittenOver)});
  }

  void check_line(const ConsumerFacts& consumer) {
    const std::uint64_t lanes = core::lane_count(header_);
    const std::uint64_t line =
        header_.consumers.offset_bytes + sizeof(core::ConsumersHead) + consumer.index * core::consumer_bytes(lanes);
    if (!is_zero(line + sizeof(core::Consumer) + lanes * sizeof(std::uint64_t), line + core::consumer_bytes(lanes)))
      suspect(consumer, "padding", 0, Severity::warning,
              fmt::format("expected zeros in the unused bytes, found others; {}", kWrittenOver));
    for (std::uint32_t lane = 0; lane < consumer.released.size(); ++lane) {
      const std::uint64_t head =
          lane < heads_.of_lanes().size() ? std::min(heads_.of_lanes()[lane], number_limit(header_)) : 0;
      if (consumer.released[lane] <= head) continue;
      suspect(consumer, "position", consumer.released[lane], severity_beyond_head(image_),
              fmt::format("expected a number not beyond the {}head, {}, found {}; {}",
                          lanes > 1 ? fmt::format("lane {}'s ", lane) : "", seq_of(header_, lane, head),
                          seq_of(header_, lane, consumer.released[lane]), remedy_beyond_head(image_)));
      return;  // of many lanes the first one is told
    }
  }

  void check_seat(const ConsumerFacts& consumer) {
    const SeatFacts& seat = consumer.seat;
    if (seat.ended > seat.session || seat.session > core::kMaxSession) {
      suspect(consumer, "session", seat.session ^ seat.ended, severity_beyond_head(image_),
              fmt::format("expected at most {} sessions, and no more ended than begun, found {} begun and {} ended; {}",
                          core::kMaxSession, seat.session, seat.ended, remedy_beyond_head(image_)));
    }
    const bool writes = seat.claims[0].word() != 0 || seat.claims[0].hi != 0 || seat.claims[1].word() != 0 ||
                        seat.claims[1].hi != 0 || seat.values != 0 || seat.skipped != 0 || seat.reservations != 0 ||
                        seat.waits_for != 0 || seat.waits_since_ns != 0;
    if (writes || !seat.unused_is_zero) {
      suspect(consumer, "seat", 0, Severity::warning,
              fmt::format("expected zeros in what only writers use, found others; {}", kWrittenOver));
    }
  }

  void check_state(const ConsumerFacts& consumer) {
    const SeatFacts& seat = consumer.seat;
    if (consumer.standing == core::Standing::free) return;
    if (core::epoch(consumer.state) == 0) {
      suspect(consumer, "state", consumer.state, Severity::error,
              fmt::format("expected an epoch from 1 on, found {:#x}; {}", consumer.state, kWrittenOver));
    } else if (seat.holder == Holder::never) {
      suspect(
          consumer, "state", consumer.state, severity_beyond_head(image_),
          fmt::format("expected a place that somebody has had, found that nobody has; {}", remedy_beyond_head(image_)));
    } else if (const bool has_control = std::any_of(seat.name.begin(), seat.name.end(),
                                                    [](unsigned char c) { return c < ' ' || c == 0x7f; });
               seat.name.empty() || has_control) {
      suspect(consumer, "name", 0, Severity::error,
              fmt::format("expected a name without control characters, found {}; {}", text::excerpt(seat.name),
                          kWrittenOver));
    } else if (has_twin(consumer)) {
      suspect(consumer, "name", 0, Severity::error,
              fmt::format("expected a name that no other consumer has, found {}, which one before has, too; {}",
                          text::excerpt(seat.name), kWrittenOver));
    }
  }

  bool has_twin(const ConsumerFacts& consumer) const {
    const auto own = consumers_.all.begin() + consumer.index;
    return consumer.is_there() && std::any_of(consumers_.all.begin(), own, [&](const ConsumerFacts& other) {
             return other.is_there() && other.seat.name == consumer.seat.name;
           });
  }

  /// Who is not there, or does nothing, and may be waited for.
  void check_attendance(const ConsumerFacts& consumer) {
    const SeatFacts& seat = consumer.seat;
    const std::string name = text::excerpt(seat.name);
    const std::string verb = fmt::format("arena-shm consumers {}", text::shell_word(image_.label()));
    const std::string itself = text::shell_word(seat.name);
    const auto tell = [&](Severity severity, std::string text) {
      suspect(consumer, "holder", seat.ended, severity, std::move(text));
    };
    if (consumer.is_evicted()) {
      tell(Severity::note,
           fmt::format("expected one that writers wait for, found {} evicted; it loses values until it goes on", name));
    } else if (consumer.is_durable() && consumer.is_away() && consumer.in_the_way) {
      tell(Severity::warning,
           fmt::format("expected one that makes room, found {}, durable and away, and the arena full because of it; "
                       "start it again, or: {} --remove {}",
                       name, verb, itself));
    } else if (is_dead(seat.holder) && !consumer.is_durable()) {
      tell(Severity::note, fmt::format("expected a process that is alive or has left, found pid {}, which died as {}; "
                                       "writers do not wait for it",
                                       seat.pid, name));
    } else if (seat.holder == Holder::alive && seat.process.state == ProcessState::stopped && consumer.in_the_way) {
      tell(Severity::warning,
           fmt::format("expected a running process, found pid {}, {}, stopped, and the arena full because of it; to "
                       "continue it: kill -CONT {}; to go on without it: {} --evict {}",
                       seat.pid, name, seat.pid, verb, itself));
    }
  }

  const Image& image_;
  const core::Header& header_;
  Heads heads_;
  Consumers consumers_;
  Suspects suspects_;
};

}  // namespace

Suspects suspect_consumers(const Image& image, const core::Header& header) {
  return core::is_lossless(header) ? ConsumersLook(image, header).all() : Suspects{};
}

}  // namespace arena_shm::inspect
