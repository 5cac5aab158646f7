// Rings, for reading only and for writing.
#pragma once

#include "arena_shm/raw.hpp"
#include "python/core/handle.hpp"
#include "python/core/module.hpp"

namespace arena_shm::python {

/// T is RawView or RawArena, which any thread may use.
template <class T>
class Attached final : public Holding<T> {
 public:
  explicit Attached(T&& object) : Holding<T>(object.name(), "handle", std::move(object)) {}
  SharedFormat format;  // set once the record is known
};

using View = Attached<RawView>;
using Ring = Attached<RawArena>;
using Use = Handle::Use;

/// The value and what came with it: (seq, value, time, late, redelivered), as the package's Entry has them.
pybind11::tuple entry_of(std::uint64_t seq, pybind11::object value, std::uint64_t time, bool late, bool redelivered);

}  // namespace arena_shm::python
