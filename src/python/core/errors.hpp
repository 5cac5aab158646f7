// Errors of the library as exceptions of the package arena_shm, which has a class for each code.
#pragma once

#include <pybind11/pybind11.h>

#include <string>

#include "arena_shm/error.hpp"

namespace arena_shm::python {

/// Sets the Python error of an exception of C++. Requires: the lock, and to be called in a catch block.
void set_python_error() noexcept;

/// Has pybind11 translate Error.
void register_errors();

/// An error of this package alone: `kind` is the name of its class. The rest as of ErrorParts.
struct PackageError {
  const char* kind;
  ErrorParts parts;
};
[[noreturn]] void raise(const PackageError& error);

}  // namespace arena_shm::python
