#include "crash/survival.hpp"

#include <dirent.h>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "support/child.hpp"

namespace arena_shm::test {
namespace {

constexpr std::uint32_t kSurvivor = 3;

/// The name of a segment that is being made, where the system does not let it be without one. Empty if there is none.
std::string a_draft() {
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(::opendir("/dev/shm"), ::closedir);
  for (const dirent* entry = nullptr; directory != nullptr && (entry = ::readdir(directory.get())) != nullptr;) {
    if (std::string_view(entry->d_name).starts_with(".arena-shm.")) return entry->d_name;
  }
  return "";
}

}  // namespace

std::string writers_go_on(const std::string& name, std::uint64_t laps) {
  auto arena = Arena<CrashValue>::open(name);
  auto writer = arena.writer("survivor");
  for (std::uint64_t i = 0; i < laps * kCrashSlots; ++i) {
    const CrashValue value = CrashValue::make(kSurvivor, i);
    if (arena.info().full == Full::wait) {
      // A victim's own children die with it, but a little later.
      try {
        writer.alloc_for(std::chrono::seconds(10), value);
      } catch (const Error& error) {
        return error.what();
      }
    } else if (!writer.try_alloc(value)) {
      return "try_alloc found no slot";
    }
  }
  return {};
}

std::string guarded_callers_go_on(const std::string& name) {
  Child caller([&name] {
    auto arena = Arena<CrashValue>::open(name);
    for (std::uint64_t i = 0; i < kCrashSlots; ++i) arena.alloc(CrashValue::make(kSurvivor, i));
    return 0;
  });
  const std::string end = caller.end();
  return end == "exit 0" ? "" : "Arena::alloc: " + end;
}

std::string all_is_accounted_for(Reader<CrashValue>& reader, const Arena<CrashValue>& arena, bool anyone_stopped) {
  for (int idle_looks = 0; reader.lag() > 0 && idle_looks < 1000;) {
    const auto entry = reader.next();
    if (!entry) {
      ++idle_looks;
      reader.wait_for(std::chrono::milliseconds(1));
    } else if (!entry->value.whole()) {
      return "torn value at seq " + std::to_string(entry->seq);
    }
  }
  if (reader.lag() > 0) return "reader stays " + std::to_string(reader.lag()) + " behind";
  const std::uint64_t sum =
      reader.read_count() + reader.overwritten_count() + reader.hole_count() + reader.passed_over_count();
  // It may have read what is whole beyond a head (lane_writer.hpp, X1').
  const Position place = reader.position();
  std::uint64_t reached = 0;
  for (const std::uint64_t next : place.next()) reached += next / arena.lanes();
  if (sum != reached || reached < arena.count() || reached > arena.count() + arena.slots())
    return std::to_string(arena.count()) + " seqs, " + std::to_string(reached) + " reached, " + std::to_string(sum) +
           " accounted for";
  if (!anyone_stopped && reader.passed_over_count() != 0)
    return std::to_string(reader.passed_over_count()) + " passed over, though nobody lives who could hold them";
  return {};
}

LastLap::LastLap(const Arena<CrashValue>& arena)
    : arena_(arena), first_(arena.head() > arena.slots() ? arena.head() - arena.slots() : 0) {
  for (std::uint64_t seq = first_; seq < arena.head(); ++seq) found_.push_back(arena.read(seq));
}

std::string LastLap::still_holds() const {
  for (std::size_t i = 0; i < found_.size(); ++i) {
    const auto& before = found_[i];
    if (before.status != ReadStatus::ok && before.status != ReadStatus::hole) continue;
    const auto now = arena_.read(first_ + i);
    if (now.status == ReadStatus::overwritten || (now.status == before.status && now.value == before.value)) continue;
    return "seq " + std::to_string(first_ + i) + " was " + std::string(to_string(before.status)) + ", and is now " +
           std::string(to_string(now.status));
  }
  return {};
}

std::string seats_are_reusable(const std::string& name, std::uint32_t living) {
  auto arena = Arena<CrashValue>::open(name);
  const std::uint32_t expected = arena.info().seats - living;
  std::size_t taken = 0;
  // A victim's own children die with it, but a little later.
  for (int attempt = 0; attempt < 200; ++attempt) {
    std::vector<Writer<CrashValue>> writers;
    try {
      for (;;) writers.push_back(arena.writer("taker"));
    } catch (const Error& error) {
      if (error.code() != Code::table_full) return error.what();
    }
    taken = writers.size();
    if (taken >= expected) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  if (taken == expected) return {};
  return std::to_string(taken) + " of " + std::to_string(expected) + " seats could be taken";
}

std::string consumers_are_reusable(const std::string& name) {
  auto arena = Arena<CrashValue>::open(name);
  if (arena.info().full != Full::wait) return {};
  try {
    auto consumer = arena.consumer("victim");
    auto writer = arena.writer();
    writer.alloc(CrashValue::make(kSurvivor, 0));
    for (int look = 0; look < 1000; ++look) {
      if (const auto entry = consumer.next()) return entry->value.whole() ? "" : "a torn value";
      consumer.wait_for(std::chrono::milliseconds(10));
    }
    return "a consumer gets nothing";
  } catch (const Error& error) {
    return error.what();
  }
}

std::string nothing_half_made(const std::string& name) {
  const std::string other = name + ".other";
  try {
    ArenaView<CrashValue>::open(other);
    Arena<CrashValue>::remove(other);
  } catch (const Error& error) {
    if (error.code() != Code::not_found) return error.what();
  }
  // Somebody else may be making one just now: that has soon another name, or none.
  std::string found;
  for (int look = 0; look < 200; ++look) {
    found = a_draft();
    if (found.empty()) return "";
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return "left behind: " + found;
}

}  // namespace arena_shm::test
