// The parts of the extension module, each of which adds its own classes.
#pragma once

#include <pybind11/pybind11.h>

#include <chrono>
#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "arena_shm/duration.hpp"
#include "python/core/record.hpp"

namespace arena_shm::python {

void add_schema(pybind11::module_& module);
void add_views(pybind11::module_& module);
void add_writer(pybind11::module_& module);
void add_readers(pybind11::module_& module);
void add_wait_set(pybind11::module_& module);

using SharedFormat = std::shared_ptr<const Format>;

/// The C++ object of `self`, which is an instance of exactly the class that a method was added to.
template <class T>
T& object_of(PyObject* self) noexcept {
  return *static_cast<T*>(reinterpret_cast<pybind11::detail::instance*>(self)->simple_value_holder[0]);
}

/// Adds a method that takes one value, without pybind11's way of calling functions, which takes longer than an append.
void add_direct_method(const pybind11::object& of_class, PyMethodDef& method);

/// Room for one record: on the stack, unless it is large.
class Room {
 public:
  explicit Room(std::size_t bytes) : large_(bytes > sizeof small_ ? bytes : 0) {}
  std::byte* data() noexcept { return large_.empty() ? small_ : large_.data(); }

 private:
  alignas(std::uint64_t) std::byte small_[256];
  std::vector<std::byte> large_;
};

/// Seconds, or None for ever. Errors: of the package, for what is no number.
Duration duration_of(const pybind11::object& seconds);

}  // namespace arena_shm::python
