// What every object of the extension is: a handle of the library that may be closed at any time, from any thread, and
// is only destroyed when nobody is inside of it.
//
// All members are guarded by the interpreter lock. A call that gives the lock up stays a user of the handle meanwhile.
#pragma once

#include <pybind11/pybind11.h>
#include <unistd.h>

#include <optional>
#include <string>
#include <utility>

#include "arena_shm/core/forked.hpp"
#include "arena_shm/error.hpp"
#include "python/core/gil.hpp"

namespace arena_shm::python {

/// Errors: `Closed` of the package.
[[noreturn]] void refuse_closed(const std::string& name, const char* what);
/// Errors: Code::reentered; in a forked child, where the user is the parent's, Code::forked.
[[noreturn]] void refuse_second_user(const std::string& name, const char* what, pid_t owner);

class Handle {
 public:
  Handle(std::string name, const char* what) : name_(std::move(name)), what_(what) {}
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  virtual ~Handle() = default;

  /// At once, or when the last user leaves.
  void close() {
    closed_ = true;
    if (users_ == 0) destroy();
  }
  bool is_closed() const noexcept { return closed_; }
  bool is_used() const noexcept { return users_ > 0; }
  const std::string& name() const noexcept { return name_; }

  void require_open() const {
    if (closed_) refuse_closed(name_, what_);
  }
  void require_unused() const {
    if (users_ > 0) refuse_second_user(name_, what_, owner_);
  }

  /// Errors: Code::forked.
  void require_own_process() const {
    if (::getpid() != owner_) core::refuse_forked(name_);
  }

  /// As long as it lives, its handle is not destroyed. Requires: the lock, at both ends.
  class Use {
   public:
    enum class By : std::uint8_t { one_at_a_time, many };
    Use(Handle& handle, By by) : handle_(handle) {
      handle.require_open();
      if (by == By::one_at_a_time) handle.require_unused();
      ++handle.users_;
    }
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;
    ~Use() {
      if (--handle_.users_ == 0 && handle_.closed_) handle_.destroy();
    }

   private:
    Handle& handle_;
  };

  /// Between two slices of a wait: signals, and whether it was closed.
  void look_around() const {
    if (PyErr_CheckSignals() != 0) throw pybind11::error_already_set();
    require_open();
  }

 protected:
  virtual void destroy() noexcept = 0;

 private:
  std::string name_;
  const char* what_;
  int users_ = 0;
  bool closed_ = false;
  pid_t owner_ = ::getpid();
};

/// A handle that holds a T of the library.
template <class T>
class Holding : public Handle {
 public:
  Holding(std::string name, const char* what, T&& object) : Handle(std::move(name), what), object_(std::move(object)) {}

  /// Requires: open, or in use.
  T& object() noexcept { return *object_; }
  const T& object() const noexcept { return *object_; }

 protected:
  void destroy() noexcept override { object_.reset(); }

 private:
  std::optional<T> object_;
};

}  // namespace arena_shm::python
