#include "python/core/peek.hpp"

#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

namespace arena_shm::python {
namespace py = pybind11;
namespace {

/// What arrays look at. The library's mappings are not there in a forked child, and an array that the child has
/// inherited would crash it: so zeros take their place.
class Looked {
 public:
  Looked(const RawView& view, const std::byte* end) : view_(view) {
    static const int registered = ::pthread_atfork([] { all_.lock.lock(); }, [] { all_.lock.unlock(); }, in_child);
    static_cast<void>(registered);
    const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
    begin_ = reinterpret_cast<std::uintptr_t>(view.ptr_at(0)) / page * page;
    bytes_ = reinterpret_cast<std::uintptr_t>(end) - begin_;
    const std::lock_guard<std::mutex> guard(all_.lock);
    all_.looked.push_back(this);
  }
  Looked(const Looked&) = delete;
  Looked& operator=(const Looked&) = delete;
  ~Looked() {
    const std::lock_guard<std::mutex> guard(all_.lock);
    std::erase(all_.looked, this);
  }

 private:
  struct All {
    std::mutex lock;
    std::vector<Looked*> looked;
  };
  inline static All& all_ = *new All;  // arrays may outlive what is destroyed at exit

  static void in_child() {
    for (const Looked* one : all_.looked) {
      // Fails where another one of the same ring has been already.
      ::mmap(reinterpret_cast<void*>(one->begin_), one->bytes_, PROT_READ,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
    }
    all_.lock.unlock();
  }

  RawView view_;
  std::uintptr_t begin_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace

py::array peek(const RawView& view, const Format& format) {
  const Info& info = view.info();
  const std::uint64_t lanes = info.lanes;
  const std::uint64_t slots = info.slots / lanes;
  const auto stride = static_cast<py::ssize_t>(info.stride_bytes);
  const std::byte* const first = view.ptr_at(0);
  auto looked = std::make_unique<Looked>(view, view.ptr_at(info.slots - 1) + info.record.size_bytes);
  const py::capsule owner(looked.get(), [](void* object) { delete static_cast<Looked*>(object); });
  looked.release();
  std::vector<py::ssize_t> shape{static_cast<py::ssize_t>(slots)};
  std::vector<py::ssize_t> strides{stride};
  if (lanes > 1) {
    shape.push_back(static_cast<py::ssize_t>(lanes));
    strides.push_back(view.ptr_at(1) - first);
  }
  py::array slots_seen(format.dtype(), shape, strides, first, owner);
  // Its owner has no buffer to be written, so that numpy refuses to make it writable again.
  slots_seen.attr("setflags")(py::arg("write") = false);
  return slots_seen;
}

}  // namespace arena_shm::python
