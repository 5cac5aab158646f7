#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

#include "inspect/check_parts.hpp"
#include "inspect/consumers.hpp"
#include "text/quantities.hpp"
#include "text/shell_word.hpp"
#include "text/utf8.hpp"

namespace arena_shm::inspect {

namespace {

/// One consumer, or group, or member, and what can be done about it.
class Attendance {
 public:
  Attendance(const Image& image, const Consumers& consumers, const ConsumerFacts& consumer)
      : consumers_(consumers),
        consumer_(consumer),
        name_(text::excerpt(consumer.full_name())),
        verb_(fmt::format("arena-shm consumers {}", text::shell_word(image.label()))),
        itself_(text::shell_word(consumer.full_name())) {}

  void tell_of_alone(Suspects& suspects) const {
    const SeatFacts& seat = consumer_.seat;
    if (consumer_.is_evicted()) {
      tell(
          suspects, Severity::note,
          fmt::format("expected one that writers wait for, found {} evicted; it loses values until it goes on", name_));
    } else if (consumer_.is_durable() && consumer_.is_away() && consumer_.in_the_way) {
      tell_away(suspects);
    } else if (is_dead(seat.holder) && !consumer_.is_durable()) {
      tell_dead(suspects, "writers do not wait for it");
    } else if (consumer_.is_stopped() && consumer_.in_the_way) {
      tell_stopped(suspects);
    }
  }

  void tell_of_member(Suspects& suspects) const {
    if (consumer_.is_evicted()) {
      tell(suspects, Severity::note,
           fmt::format("expected one that shares the work of its group, found {} evicted; another member takes what it "
                       "held",
                       name_));
    } else if (is_dead(consumer_.holder)) {
      tell_dead(suspects, consumer_.gates() ? "another member takes what it holds" : "nobody waits for it");
    } else if (consumer_.is_stopped() && consumer_.in_the_way) {
      tell_stopped(suspects);
    }
  }

  void tell_of_group(Suspects& suspects) const {
    if (consumer_.is_evicted()) {
      tell(suspects, Severity::note,
           fmt::format("expected a group that writers wait for, found {} evicted; it loses values until a member goes "
                       "on",
                       name_));
    } else if (consumer_.is_away()) {
      if (!consumer_.is_durable())
        tell(suspects, Severity::note,
             fmt::format("expected a member that is alive, found none of {}; writers do not wait for it", name_));
      else if (consumer_.in_the_way || any_member([](const ConsumerFacts& one) { return one.in_the_way; }))
        tell_away(suspects);
    } else if (consumer_.in_the_way &&
               !any_member([](const ConsumerFacts& one) { return !one.is_away() && !one.is_stopped(); })) {
      tell(suspects, Severity::warning,
           fmt::format("expected a running member, found {} of {}, stopped, and the arena full because of that; to "
                       "continue them: kill -CONT {}; to go on without them: {} --evict {}",
                       text::counted(consumer_.members, "member"), name_, pids(), verb_, itself_));
    }
  }

 private:
  void tell(Suspects& suspects, Severity severity, std::string text) const {
    suspects.push_back(consumer_suspect(consumer_, "holder", consumer_.seat.ended, severity, std::move(text)));
  }

  void tell_away(Suspects& suspects) const {
    tell(suspects, Severity::warning,
         fmt::format("expected one that makes room, found {}, durable and away, and the arena full because of it; "
                     "start it again, or: {} --remove {}",
                     name_, verb_, itself_));
  }

  void tell_dead(Suspects& suspects, const char* so) const {
    tell(suspects, Severity::note,
         fmt::format("expected a process that is alive or has left, found pid {}, which died as {}; {}",
                     consumer_.seat.pid, name_, so));
  }

  void tell_stopped(Suspects& suspects) const {
    tell(suspects, Severity::warning,
         fmt::format("expected a running process, found pid {0}, {1}, stopped, and the arena full because of it; to "
                     "continue it: kill -CONT {0}; to go on without it: {2} --evict {3}",
                     consumer_.seat.pid, name_, verb_, itself_));
  }

  template <class Is>
  bool any_member(Is is) const {
    return std::ranges::any_of(consumers_.all,
                               [&](const ConsumerFacts& one) { return one.group == consumer_.index && is(one); });
  }

  std::string pids() const {
    std::string pids;
    for (const ConsumerFacts& one : consumers_.all) {
      if (one.group != consumer_.index || one.is_away()) continue;
      pids.append(pids.empty() ? "" : " ").append(std::to_string(one.seat.pid));
    }
    return pids;
  }

  const Consumers& consumers_;
  const ConsumerFacts& consumer_;
  std::string name_;
  std::string verb_;
  std::string itself_;
};

}  // namespace

void suspect_absent(const Image& image, const Consumers& consumers, const ConsumerFacts& consumer, Suspects& suspects) {
  const Attendance attendance(image, consumers, consumer);
  switch (consumer.kind) {
    case core::Kind::alone: return attendance.tell_of_alone(suspects);
    case core::Kind::group: return attendance.tell_of_group(suspects);
    case core::Kind::member:
      if (consumer.is_there()) attendance.tell_of_member(suspects);
      return;
  }
}

}  // namespace arena_shm::inspect
