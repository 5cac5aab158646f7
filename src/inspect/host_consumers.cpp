#include "inspect/host_consumers.hpp"

#include <fmt/format.h>

#include <chrono>
#include <optional>
#include <string>

#include "arena_shm/error.hpp"
#include "inspect/arenas.hpp"
#include "inspect/consumers.hpp"
#include "inspect/facts.hpp"
#include "text/quantities.hpp"
#include "text/shell_word.hpp"
#include "text/utf8.hpp"

namespace arena_shm::inspect {

namespace {

constexpr const char* kWhat = "consumers";

std::string remedy(const std::string& arena, const ConsumerFacts& consumer) {
  const std::string verb = fmt::format("arena-shm consumers {}", text::shell_word(arena));
  const std::string name = text::shell_word(consumer.full_name());
  if (consumer.is_away() && consumer.is_member())
    return fmt::format("another member takes what it holds; to go on without all of them: {} --evict {}", verb,
                       text::shell_word(consumer.seat.name));
  if (consumer.is_away()) return fmt::format("start it again, or: {} --remove {}", verb, name);
  if (consumer.is_stopped())
    return fmt::format("to continue it: kill -CONT {}; to go on without it: {} --evict {}", consumer.seat.pid, verb,
                       name);
  return fmt::format("to look at it: {}; to go on without it: {} --evict {}", verb, verb, name);
}

std::optional<Symptom> examine(const Image& image) {
  const Facts facts = read_facts(image);
  if (!facts.usable || !core::is_lossless(facts.header)) return std::nullopt;
  const Seats writers = read_seats(image, facts.header);
  const auto heads = read_heads(image, facts.header);
  if (!heads) return std::nullopt;
  const Consumers consumers = read_consumers(image, facts.header, *heads, writers);
  const ConsumerFacts* blocker = consumers.blocker();
  if (blocker == nullptr) return std::nullopt;
  if (blocker->waiting_count == 0 && !blocker->is_away() && !blocker->is_stopped()) return std::nullopt;
  std::string found = fmt::format("'{}' is full because of {}", image.label(), text::excerpt(blocker->full_name()));
  if (blocker->is_away())
    found +=
        blocker->is_member() ? fmt::format(", pid {}, which died", blocker->seat.pid) : ", which is durable and away";
  if (blocker->is_stopped()) found += fmt::format(", pid {}, which is stopped", blocker->seat.pid);
  if (blocker->waiting_count > 0)
    found +=
        fmt::format("; {} waiting for it, for {}",
                    blocker->waiting_count == 1 ? "a writer is" : fmt::format("{} writers are", blocker->waiting_count),
                    text::short_duration(std::chrono::nanoseconds(blocker->waited_ns)));
  return Symptom{Health::warning, kWhat, std::move(found), remedy(image.label(), *blocker)};
}

}  // namespace

void examine_consumers(std::vector<Symptom>& symptoms) {
  const std::size_t before = symptoms.size();
  try {
    for_each_arena(
        [&](const Image& image) {
          if (auto symptom = examine(image)) symptoms.push_back(std::move(*symptom));
        },
        [](const Error&) {});
  } catch (const Error&) {  // the directory is examined elsewhere
  }
  if (symptoms.size() == before) symptoms.push_back({Health::ok, kWhat, "no writer waits for one", ""});
}

}  // namespace arena_shm::inspect
