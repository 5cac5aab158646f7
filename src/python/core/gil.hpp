// The interpreter lock: given up while something waits or copies much, and taken back in a way that survives the end of
// the interpreter.
#pragma once

#include <Python.h>
#include <cxxabi.h>
#include <unistd.h>

#include <chrono>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

#include "arena_shm/duration.hpp"

namespace arena_shm::python {

/// Copies of more bytes than this give the lock up.
inline constexpr std::size_t kLargeCopyBytes = 4096;

/// At the end of the interpreter, CPython ends a daemon thread that asks for the lock by pthread_exit, which unwinds
/// its stack: objects would be destroyed without the lock, and noexcept frames would terminate the process. So the
/// thread stops here instead, until the process ends; newer versions of CPython do the same themselves.
inline void take_gil_back(PyThreadState* state) {
  try {
    PyEval_RestoreThread(state);
  } catch (abi::__forced_unwind&) {
    for (;;) ::pause();
  }
}

/// Calls `work` without the interpreter lock. It may throw, but not touch Python objects.
template <class Work>
auto without_gil(Work&& work) {
  using Result = std::invoke_result_t<Work>;
  std::exception_ptr error;
  PyThreadState* const state = PyEval_SaveThread();
  std::optional<Result> result;
  try {
    result.emplace(work());
  } catch (abi::__forced_unwind&) {
    throw;
  } catch (...) {
    error = std::current_exception();
  }
  take_gil_back(state);
  if (error) std::rethrow_exception(error);
  return std::move(*result);
}

/// How long one may wait before it looks whether there are signals, or whether the handle has been closed. Signal
/// handlers of Python run in the main thread only, whichever thread the kernel has interrupted; so a wait that ended
/// with EINTR would miss some, and one that came a moment before the wait.
inline std::chrono::milliseconds slice() noexcept {
  constexpr std::chrono::milliseconds kOfMainThread{25};
  constexpr std::chrono::milliseconds kOfOthers{100};
  return ::gettid() == ::getpid() ? kOfMainThread : kOfOthers;
}

/// Waits by `wait(Duration)`, which is called without the lock, until that returns something true, or the time is over.
/// `between()` is called with the lock between two slices, and may throw to end the wait.
template <class Wait, class Between>
auto wait_in_slices(Duration timeout, Wait&& wait, Between&& between) {
  using Clock = std::chrono::steady_clock;
  const auto begin = Clock::now();
  const auto forever = Clock::time_point::max();
  const auto deadline = timeout < forever - begin ? begin + timeout : forever;
  for (;;) {
    const std::chrono::nanoseconds left = deadline - Clock::now();
    const Duration part = std::min<std::chrono::nanoseconds>(left, slice());
    auto result = without_gil([&] { return wait(part); });
    if (result) return result;
    between();
    if (Clock::now() >= deadline) return result;
  }
}

}  // namespace arena_shm::python
