// What a ring is made with, and what it says about itself, as Python's own values.
#pragma once

#include <pybind11/pybind11.h>

#include "arena_shm/consumer_info.hpp"
#include "arena_shm/info.hpp"
#include "arena_shm/options.hpp"

namespace arena_shm::python {

pybind11::dict info_of(const Info& info);
pybind11::dict info_of(const ConsumerInfo& info);

/// (name, size in bytes, alignment in bytes, schema as JSON).
RecordType record_of(const pybind11::tuple& record);
/// The members of Options that are given, checked by the package: enumerators by name, times in seconds.
Options options_of(const pybind11::dict& options);
ConsumerOptions consumer_options_of(const pybind11::dict& options);
ReaderOptions reader_options_of(const pybind11::dict& options);
/// "oldest", "newest", or a seq.
From from_of(const pybind11::object& start);

}  // namespace arena_shm::python
