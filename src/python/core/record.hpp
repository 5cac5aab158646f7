// How a Python value becomes the bytes of a record, and the other way round.
//
// Tuples, and values that numpy already has in the record's very layout, are taken here; whatever else there is (dicts,
// dataclasses, fields that are arrays or structs) goes by the package's own `pack`, which is written in Python and
// makes a numpy array of it.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace arena_shm::python {

class Format {
 public:
  /// `fields` are (name, kind, offset, size), the kind being a letter of numpy's: b i u f S; or None if some field is
  /// something else. `is_scalar`: the record is a number, the only field. `pack(value)` returns an array of one record.
  Format(pybind11::dtype dtype, const pybind11::object& fields, bool is_scalar, pybind11::object pack);

  std::size_t size_bytes() const noexcept { return size_bytes_; }
  const pybind11::dtype& dtype() const noexcept { return dtype_; }

  /// The bytes of the value: of its own memory if it has the record's layout, else written to `room`, which has the
  /// record's size. Valid as long as `value` and `room` are.
  /// Errors: of the package, or of Python.
  std::span<const std::byte> pack(PyObject* value, std::byte* room) const;
  /// The bytes of all records of a contiguous array of them, of any shape. The same errors.
  std::span<const std::byte> array_bytes(const pybind11::array& values) const;
  /// An array of any shape, of these records. Errors: of the package.
  pybind11::array require_array(const pybind11::object& values) const;
  /// An array of the values. The same errors.
  pybind11::array records(const pybind11::sequence& values) const;

 private:
  struct Field {
    pybind11::str name;
    char kind;
    std::size_t offset_bytes;
    std::size_t size_bytes;
  };

  void put(PyObject* value, const Field& field, std::byte* room) const;
  void put_integer(PyObject* value, const Field& field, std::byte* to) const;
  void put_text(PyObject* value, const Field& field, std::byte* to) const;
  bool is_own(PyObject* dtype) const;
  std::span<const std::byte> pack_slowly(PyObject* value, std::byte* room) const;

  pybind11::dtype dtype_;
  std::size_t size_bytes_;
  std::vector<Field> fields_;  // none, if they are not simple
  bool is_scalar_;
  pybind11::object pack_;
};

}  // namespace arena_shm::python
