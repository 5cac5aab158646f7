// The terminal as the one who attends to several threads of a run.
#pragma once

#include <atomic>
#include <exception>
#include <mutex>
#include <string_view>
#include <utility>

#include "recording/attendant.hpp"
#include "terminal/signals.hpp"
#include "tool/views/terminal_attendant.hpp"

namespace arena_shm::tool {

/// What they tell comes one line after the other; all are asked for the end once one has failed. Thread safety: all.
class SharedAttendant final : public recording::Attendant {
 public:
  bool stop_requested() const noexcept override { return has_failed_ || terminal::stop_requested(); }
  void note(std::string_view text) override {
    const std::lock_guard lock(mutex_);
    terminal_attendant().note(text);
  }
  void tell(std::string_view line) override {
    const std::lock_guard lock(mutex_);
    terminal_attendant().tell(line);
  }
  void show_progress(std::string_view line) override {
    const std::lock_guard lock(mutex_);
    terminal_attendant().show_progress(line);
  }
  /// The first one counts.
  void fail(std::exception_ptr failure) {
    const std::lock_guard lock(mutex_);
    if (!failure_) failure_ = std::move(failure);
    has_failed_ = true;
  }
  /// Requires: the threads have ended.
  const std::exception_ptr& failure() const noexcept { return failure_; }

 private:
  std::mutex mutex_;
  std::exception_ptr failure_;
  std::atomic<bool> has_failed_ = false;
};

}  // namespace arena_shm::tool
