// A set of readers, consumers and writers. While one waits in the set, all of them are in use.
#include "arena_shm/wait_set.hpp"

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "python/core/errors.hpp"
#include "python/core/readers.hpp"
#include "python/core/views.hpp"
#include "python/core/writer.hpp"

namespace arena_shm::python {
namespace py = pybind11;
namespace {

class Set final : public Holding<WaitSet> {
 public:
  Set() : Holding("", "WaitSet", WaitSet()) {}

  /// Calls `work(handle)`, whichever it is.
  template <class Work>
  static void with_handle(const py::object& one, Work&& work) {
    if (py::isinstance<Reader>(one)) return work(py::cast<Reader&>(one));
    if (py::isinstance<Consumer>(one)) return work(py::cast<Consumer&>(one));
    work(py::cast<Writer&>(one));
  }

  void add(const py::object& one) {
    const Use use(*this, Use::By::one_at_a_time);
    forget_closed();
    with_handle(one, [&](auto& handle) {
      const Use used(handle, Use::By::one_at_a_time);
      members_.reserve(members_.size() + 1);
      object().add(handle.object());
      members_.push_back({one, &handle});
    });
  }

  void remove(const py::object& one) {
    const Use use(*this, Use::By::one_at_a_time);
    forget_closed();
    with_handle(one, [&](auto& handle) {
      if (handle.is_closed()) return;
      const Use used(handle, Use::By::one_at_a_time);
      object().remove(handle.object());
      std::erase_if(members_, [&](const Member& member) { return member.handle == &handle; });
    });
  }

  /// The members that are ready; empty: the time is over.
  py::list wait(const py::object& timeout) {
    const Duration most = duration_of(timeout);
    const Use use(*this, Use::By::one_at_a_time);
    forget_closed();
    std::vector<py::object> kept;  // also a member that is removed from the list of the package
    std::vector<std::unique_ptr<Use>> used;
    for (const Member& member : members_) {
      kept.push_back(member.object);
      used.push_back(std::make_unique<Use>(*member.handle, Use::By::one_at_a_time));
    }
    const auto any_closed = [&] {
      return std::any_of(members_.begin(), members_.end(), [](const Member& one) { return one.handle->is_closed(); });
    };
    if (most <= Duration{}) {
      object().wait_for({});
    } else {
      // One that is closed meanwhile stays in the set until it is destroyed, behind this: what is left waits then.
      wait_in_slices(
          most, [&](Duration part) { return object().wait_for(part); },
          [&] {
            look_around();
            if (any_closed()) throw Interrupted{};
          });
    }
    py::list ready;
    for (const std::size_t i : object().ready()) {
      if (!members_.at(i).handle->is_closed()) ready.append(members_[i].object);
    }
    if (ready.empty() && any_closed()) throw Interrupted{};
    return ready;
  }

  struct Interrupted {};

  int fd() {
    const Use use(*this, Use::By::one_at_a_time);
    return object().fd();
  }

 private:
  struct Member {
    py::object object;
    Handle* handle;  // of it
  };

  /// Who is destroyed has left the set, and is no longer counted by it.
  void forget_closed() {
    std::erase_if(members_,
                  [](const Member& member) { return member.handle->is_closed() && !member.handle->is_used(); });
  }

  std::vector<Member> members_;  // in the order in which they were added, which is that of ready()
};

/// Seconds that are left, for who waits again.
py::list wait(Set& self, const py::object& timeout) {
  using Clock = std::chrono::steady_clock;
  const auto begin = Clock::now();
  const Duration most = duration_of(timeout);
  py::object left = timeout;
  for (;;) {
    try {
      return self.wait(left);
    } catch (const Set::Interrupted&) {
      if (left.is_none()) continue;
      left = py::float_(std::chrono::duration<double>(most - (Clock::now() - begin)).count());
    }
  }
}

}  // namespace

void add_wait_set(py::module_& module) {
  py::class_<Set, Handle>(module, "WaitSet")
      .def("add", &Set::add)
      .def("remove", &Set::remove)
      .def("wait", &wait)
      .def("fd", &Set::fd);
  module.def("wait_set", [] { return std::make_unique<Set>(); });
}

}  // namespace arena_shm::python
