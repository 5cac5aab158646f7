#include "recording/put.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "arena_shm/error.hpp"
#include "inspect/processes.hpp"
#include "text/quantities.hpp"
#include "text/shell_word.hpp"
#include "text/time_text.hpp"

namespace arena_shm::recording {

namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

constexpr milliseconds kSlice{100};  // until a signal is looked for again
constexpr milliseconds kUntilTold{1000};

std::string describe_process(const ConsumerInfo& consumer) {
  if (consumer.kind == ConsumerKind::group) return text::counted(consumer.members, "member");
  if (consumer.life == ConsumerLife::away) return fmt::format("away since process {} ended", consumer.pid);
  std::string text = fmt::format("process {}", consumer.pid);
  if (consumer.process.empty()) return text;  // of another namespace of processes, where this pid means another one
  text += ", " + consumer.process;
  const auto state = inspect::look_up(consumer.pid).state;
  return state == inspect::ProcessState::stopped ? text + ", stopped" : text;
}

// As --evict takes it.
std::string full_name(const ConsumerInfo& consumer) {
  return consumer.kind == ConsumerKind::member ? fmt::format("{}/{}", consumer.name, consumer.index) : consumer.name;
}

std::string describe_place(const ConsumerInfo& consumer) {
  if (consumer.kind == ConsumerKind::member)
    return fmt::format("it holds {}, from {} on", text::counted(consumer.holds, "value"), consumer.position);
  return fmt::format("it is at {}, {} behind", consumer.position, text::counted(consumer.lag, "value"));
}

}  // namespace

std::string describe_blocker(const ConsumerInfo& consumer, const std::string& arena, std::int64_t since_ns) {
  const bool is_away = consumer.life == ConsumerLife::away;
  const bool is_member = consumer.kind == ConsumerKind::member;
  const std::string name = full_name(consumer);
  // What a dead member holds is there until another one takes it: only the group as a whole can be gone on without.
  const std::string way_out = fmt::format("{} {}", is_away && !is_member ? "--remove" : "--evict",
                                          text::shell_word(is_away && is_member ? consumer.name : name));
  return fmt::format(
      "{} '{}' ({}) holds up the writers of '{}' since {}: {}; to go on without it: arena-shm consumers {} {}",
      consumer.kind == ConsumerKind::alone ? "consumer" : to_string(consumer.kind), name, describe_process(consumer),
      arena, text::utc_time(since_ns), describe_place(consumer), text::shell_word(arena), way_out);
}

bool PatientWriter::put(std::span<const std::byte> record) {
  return writer_.try_alloc(record).has_value() || wait_and_put(record);
}

bool PatientWriter::wait_and_put(std::span<const std::byte> record) {
  const auto begin = Clock::now();
  is_told_ = false;
  for (;;) {
    was_stopped_ = attendant_.stop_requested();
    if (was_stopped_) return false;
    try {
      writer_.alloc_for(kSlice, record);
      break;
    } catch (const Error& error) {
      if (error.code() != Code::timed_out) throw;
    }
    tell_once(Clock::now() - begin);
  }
  if (is_told_) attendant_.note(fmt::format("there is room in '{}' again", name_));
  return true;
}

// Once in a wait; and not again if those who were named are in the way over and over.
void PatientWriter::tell_once(Clock::duration waited) {
  if (is_told_ || waited < kUntilTold) return;
  const std::vector<ConsumerInfo> blockers = writer_.blocked_by();
  if (blockers.empty()) return;
  std::vector<std::string> names;
  for (const ConsumerInfo& one : blockers) names.push_back(full_name(one));
  if (told_ == names) return;
  const std::int64_t since_ns = text::realtime_ns() - nanoseconds(waited).count();
  for (const ConsumerInfo& one : blockers) attendant_.note(describe_blocker(one, name_, since_ns));
  told_ = std::move(names);
  is_told_ = true;
}

}  // namespace arena_shm::recording
