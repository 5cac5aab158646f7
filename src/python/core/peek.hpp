// The slots of a ring as a numpy array: live, unsynchronised, read-only.
#pragma once

#include <pybind11/numpy.h>

#include "arena_shm/raw.hpp"
#include "python/core/record.hpp"

namespace arena_shm::python {

/// Of the shape (slots,); in lanes, (slots of a lane, lanes). Keeps the mapping. Requires: not a forked child.
pybind11::array peek(const RawView& view, const Format& format);

}  // namespace arena_shm::python
