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
    // Before any heads: what is released, or held, is compared with those that are read behind it.
    Consumers before = read_consumers(image, header, {}, writers);
    std::atomic_thread_fence(std::memory_order_acquire);
    heads_ = read_heads(image, header).value_or(Heads());
    consumers_ = read_consumers(image, header, heads_, writers);
    for (std::size_t i = 0; i < consumers_.all.size() && i < before.all.size(); ++i) {
      consumers_.all[i].released = std::move(before.all[i].released);
      consumers_.all[i].words = before.all[i].words;
    }
  }

  Suspects all() {
    check_room();
    for (const ConsumerFacts& consumer : consumers_.all) {
      if (suspects_.size() >= kMaxSuspects) break;
      check_line(consumer);
      if (consumer.seat.is_zero && consumer.state == 0) continue;
      check_seat(consumer);
      if (consumer.standing == core::Standing::free) {
        check_free(consumer);
        continue;
      }
      check_state(consumer);
      if (consumer.is_member()) check_member(consumer);
      suspect_absent(image_, consumers_, consumer, suspects_);
    }
    return std::move(suspects_);
  }

 private:
  void suspect(const ConsumerFacts& consumer, const char* what, std::uint64_t word, Severity severity,
               std::string text) {
    suspects_.push_back(consumer_suspect(consumer, what, word, severity, std::move(text)));
  }
  /// What can be where a segment was saved while somebody wrote it.
  void suspect_ahead(const ConsumerFacts& consumer, const char* what, std::uint64_t word, const std::string& text) {
    suspect(consumer, what, word, severity_beyond_head(image_), text + "; " + remedy_beyond_head(image_));
  }
  void suspect_damage(const ConsumerFacts& consumer, const char* what, std::uint64_t word, const std::string& text,
                      Severity severity = Severity::error) {
    suspect(consumer, what, word, severity, text + "; " + kWrittenOver);
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

  std::uint64_t head_of(std::uint32_t lane) const {
    return lane < heads_.of_lanes().size() ? std::min(heads_.of_lanes()[lane], number_limit(header_)) : 0;
  }
  std::string name_of_head(std::uint32_t lane) const {
    return core::lane_count(header_) > 1 ? fmt::format("lane {}'s head", lane) : "head";
  }

  void check_line(const ConsumerFacts& consumer) {
    const std::uint64_t lanes = core::lane_count(header_);
    const std::uint64_t line =
        header_.consumers.offset_bytes + sizeof(core::ConsumersHead) + consumer.index * core::consumer_bytes(lanes);
    const bool is_clean =
        is_zero(line + sizeof(core::Consumer) + lanes * sizeof(std::uint64_t), line + core::consumer_bytes(lanes)) &&
        !has_unused_words(consumer);
    if (!is_clean)
      suspect_damage(consumer, "padding", 0, "expected zeros in the unused bytes, found others", Severity::warning);
    if (consumer.is_member()) return;  // what stands there is of somebody before
    for (std::uint32_t lane = 0; lane < consumer.released.size(); ++lane) {
      const std::uint64_t head = head_of(lane);
      if (consumer.released[lane] <= head) continue;
      suspect_ahead(consumer, "position", consumer.released[lane],
                    fmt::format("expected a number not beyond the {}, {}, found {}", name_of_head(lane),
                                seq_of(header_, lane, head), seq_of(header_, lane, consumer.released[lane])));
      return;  // of many lanes the first one is told
    }
  }

  /// What members have, and groups, and others have not.
  static bool has_unused_words(const ConsumerFacts& consumer) {
    if (consumer.is_member()) return false;
    const bool holds = std::ranges::any_of(consumer.words, [](const HeldFacts& held) { return held.word != 0; });
    return holds || (!consumer.is_group() && consumer.link != 0);
  }

  void check_seat(const ConsumerFacts& consumer) {
    const SeatFacts& seat = consumer.seat;
    if (seat.ended > seat.session || seat.session > core::kMaxSession) {
      suspect_ahead(consumer, "session", seat.session ^ seat.ended,
                    fmt::format("expected at most {} sessions, and no more ended than begun, found {} begun and {} "
                                "ended",
                                core::kMaxSession, seat.session, seat.ended));
    }
    const bool writes = seat.claims[0].word() != 0 || seat.claims[0].hi != 0 || seat.claims[1].word() != 0 ||
                        seat.claims[1].hi != 0 || seat.values != 0 || seat.skipped != 0 || seat.reservations != 0 ||
                        seat.waits_for != 0 || seat.waits_since_ns != 0;
    if (writes || !seat.unused_is_zero)
      suspect_damage(consumer, "seat", 0, "expected zeros in what only writers use, found others", Severity::warning);
  }

  /// Is it one that the library stores?
  static bool is_state(const ConsumerFacts& consumer) {
    if (core::epoch(consumer.state) == 0) return false;
    switch (consumer.kind) {
      case core::Kind::group: return true;
      case core::Kind::alone: return (consumer.state & core::kJoins) == 0;
      case core::Kind::member: return (consumer.state & core::kJoins) == 0 && !consumer.is_durable();
    }
    return false;
  }

  void check_state(const ConsumerFacts& consumer) {
    const SeatFacts& seat = consumer.seat;
    if (!is_state(consumer)) {
      suspect_damage(
          consumer, "state", consumer.state,
          fmt::format("expected a consumer, a group or a member, of an epoch from 1 on, found {:#x}", consumer.state));
    } else if (seat.holder == Holder::never) {
      suspect_ahead(consumer, "state", consumer.state, "expected a place that somebody has had, found that nobody has");
    } else if (const bool has_control = std::any_of(seat.name.begin(), seat.name.end(),
                                                    [](unsigned char c) { return c < ' ' || c == 0x7f; });
               seat.name.empty() || has_control) {
      suspect_damage(consumer, "name", 0,
                     fmt::format("expected a name without control characters, found {}", text::excerpt(seat.name)));
    } else if (has_twin(consumer)) {
      suspect_damage(consumer, "name", 0,
                     fmt::format("expected a name that no other consumer has, found {}, which one before has, too",
                                 text::excerpt(seat.name)));
    }
  }

  bool has_twin(const ConsumerFacts& consumer) const {
    const auto is_named = [](const ConsumerFacts& one) { return one.is_there() && !one.is_member(); };
    const auto own = consumers_.all.begin() + consumer.index;
    return is_named(consumer) && std::any_of(consumers_.all.begin(), own, [&](const ConsumerFacts& other) {
             return is_named(other) && other.seat.name == consumer.seat.name;
           });
  }

  /// Writers wait for what stands in the words of a member, whatever its standing.
  void check_free(const ConsumerFacts& consumer) {
    const std::uint32_t index = core::group_of(consumer.link);
    if (!consumer.is_member() || index >= consumers_.all.size()) return;
    const ConsumerFacts& group = consumers_.all[index];
    if (!group.is_group() || !group.gates() || !core::is_member_of(consumer.link, index, group.state)) return;
    for (const HeldFacts& held : consumer.words) {
      if (held.count == 0) continue;
      suspect(consumer, "word", held.word, Severity::error,
              fmt::format("expected nothing held in a free place, found {} from {} on, which nobody takes; to go on "
                          "without it: arena-shm consumers {} --evict {}",
                          held.count, held.seq, text::shell_word(image_.label()), text::shell_word(group.seat.name)));
    }
  }

  void check_member(const ConsumerFacts& member) {
    check_words(member);
    if (!member.group) return check_stray(member);
    const ConsumerFacts& group = consumers_.all[*member.group];
    // Of the dead: somebody else may have been about to take the place.
    if (member.holder == Holder::alive && member.seat.name != group.seat.name)
      suspect_damage(member, "name", 0,
                     fmt::format("expected the name of its group, {}, found {}", text::excerpt(group.seat.name),
                                 text::excerpt(member.seat.name)));
  }

  /// A member whose group is not there. What the dead have left of one that was freed is nobody's.
  void check_stray(const ConsumerFacts& member) {
    const std::uint32_t index = core::group_of(member.link);
    if (member.link != 0 && (index >= consumers_.all.size() || !may_have_been_there(member, consumers_.all[index]))) {
      suspect_ahead(member, "membership", member.link,
                    fmt::format("expected a group that there was, found {:#x}", member.link));
    } else if (member.holder == Holder::alive) {
      suspect(member, "membership", member.link, Severity::warning,
              fmt::format("expected a group, found none that pid {} is a member of; it founds it again with its next "
                          "call",
                          member.seat.pid));
    }
  }
  static bool may_have_been_there(const ConsumerFacts& member, const ConsumerFacts& line) {
    const std::uint64_t newest = core::membership(line.index, line.state);
    return member.link < newest || (member.link == newest && line.is_group());
  }

  void check_words(const ConsumerFacts& member) {
    for (std::size_t i = 0; i < member.words.size(); ++i) {
      const HeldFacts& held = member.words[i];
      const char* const what = i == 0 ? "word" : "second word";
      const bool is_evicted = held.word != core::kHoldsNothing && core::held_count(held.word) == 0;
      if (held.count > (i == 0 ? core::kMostHeld : 1) ||
          (held.word != core::kHoldsNothing && held.count == 0 && !is_evicted)) {
        suspect_damage(member, what, held.word,
                       fmt::format("expected {} that it holds, or none, found {:#x}", i == 0 ? "numbers" : "one number",
                                   held.word));
        continue;
      }
      const std::uint64_t head = head_of(held.lane);
      if (held.count == 0 || held.number + held.count <= head) continue;
      suspect_ahead(member, what, held.word,
                    fmt::format("expected numbers not beyond the {}, {}, found {} from {} on", name_of_head(held.lane),
                                seq_of(header_, held.lane, head), held.count, held.seq));
    }
  }

  const Image& image_;
  const core::Header& header_;
  Heads heads_;
  Consumers consumers_;
  Suspects suspects_;
};

}  // namespace

Suspect consumer_suspect(const ConsumerFacts& consumer, const char* what, std::uint64_t word, Severity severity,
                         std::string text) {
  return {.where = fmt::format("consumer {} {}", consumer.index, what),
          .words = {word, consumer.state, consumer.seat.session},
          .severity = severity,
          .text = std::move(text)};
}

Suspects suspect_consumers(const Image& image, const core::Header& header) {
  return core::is_lossless(header) ? ConsumersLook(image, header).all() : Suspects{};
}

}  // namespace arena_shm::inspect
