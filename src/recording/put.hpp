// Writing into an arena until it works or somebody says stop.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "arena_shm/raw.hpp"
#include "recording/attendant.hpp"

namespace arena_shm::recording {

/// Waits while there is no room: in a lossless arena for its consumers, and anywhere while stopped writers hold every
/// slot. After a second it says who holds it up, and says when it goes on. Thread safety: none.
class PatientWriter {
 public:
  /// Requires: they outlive it. `name` is the arena's.
  PatientWriter(RawWriter& writer, std::string name, Attendant& attendant)
      : writer_(writer), name_(std::move(name)), attendant_(attendant) {}

  /// Returns: false, and nothing is written, if a stop is requested while it waits. Errors: as RawWriter::try_alloc;
  /// Code::would_deadlock.
  bool put(std::span<const std::byte> record);

  /// Of an account: why the newest record was not written, or nothing.
  std::string_view stop_text() const noexcept { return was_stopped_ ? ", stopped while waiting for room" : ""; }

 private:
  using Clock = std::chrono::steady_clock;

  bool wait_and_put(std::span<const std::byte> record);
  void tell_once(Clock::duration waited);

  RawWriter& writer_;
  std::string name_;
  Attendant& attendant_;
  std::optional<std::vector<std::string>> told_;  // who held it up when that was said last
  bool is_told_ = false;                          // in this wait
  bool was_stopped_ = false;
};

/// Who holds up the writers, and what is to be done: "consumer 'risk' (process 12, python3, stopped) holds up ...".
/// `since_ns`: when that began, since 1970.
std::string describe_blocker(const ConsumerInfo& consumer, const std::string& arena, std::int64_t since_ns);

}  // namespace arena_shm::recording
