#include "python/core/record.hpp"

#include <bit>
#include <cstring>
#include <string>
#include <utility>

#include "arena_shm/error.hpp"
#include "python/core/errors.hpp"

namespace arena_shm::python {
namespace py = pybind11;
namespace {

std::string shown(PyObject* value) {
  constexpr std::size_t kMostBytes = 80;
  const py::object text = py::reinterpret_steal<py::object>(PyObject_Repr(value));
  if (!text) {
    PyErr_Clear();
    return "something that has no repr()";
  }
  auto all = py::cast<std::string>(text);
  if (all.size() > kMostBytes)
    all = std::string(Py_TYPE(value)->tp_name) + " of " + std::to_string(all.size()) + " characters";
  return all;
}

std::string text_of(const py::object& value) { return py::cast<std::string>(py::str(value)); }

[[noreturn]] void refuse(const char* kind, std::string expected, std::string found, std::string remedy) {
  raise({kind,
         {.doing = "make a record",
          .expected = std::move(expected),
          .found = std::move(found),
          .remedy = std::move(remedy)}});
}

template <class Number>
void store(std::byte* to, Number number) noexcept {
  std::memcpy(to, &number, sizeof number);
}

}  // namespace

Format::Format(py::dtype dtype, const py::object& fields, bool is_scalar, py::object pack)
    : dtype_(std::move(dtype)),
      size_bytes_(static_cast<std::size_t>(dtype_.itemsize())),
      is_scalar_(is_scalar),
      pack_(std::move(pack)) {
  if (fields.is_none()) return;
  for (const py::handle& one : fields) {
    const auto field = py::cast<py::tuple>(one);
    fields_.push_back({field[0], py::cast<std::string>(field[1]).front(), py::cast<std::size_t>(field[2]),
                       py::cast<std::size_t>(field[3])});
    if (fields_.back().offset_bytes + fields_.back().size_bytes > size_bytes_) throw py::index_error("field");
  }
}

void Format::put_integer(PyObject* value, const Field& field, std::byte* to) const {
  const py::object number = py::reinterpret_steal<py::object>(PyNumber_Index(value));
  if (!number) {
    PyErr_Clear();
    refuse("invalid_type", "an integer for the field '" + py::cast<std::string>(field.name) + "'", shown(value),
           "convert it with int()");
  }
  const bool is_signed = field.kind == 'i';
  const unsigned spare = 64 - static_cast<unsigned>(field.size_bytes) * 8;
  int overflow = 0;
  const long long narrow = PyLong_AsLongLongAndOverflow(number.ptr(), &overflow);
  auto bits = static_cast<std::uint64_t>(narrow);
  bool fits = false;
  if (is_signed) {
    fits = overflow == 0 && narrow >= INT64_MIN >> spare && narrow <= INT64_MAX >> spare;
  } else if (overflow == 0) {
    fits = narrow >= 0 && bits <= UINT64_MAX >> spare;
  } else if (overflow > 0 && spare == 0) {
    bits = PyLong_AsUnsignedLongLong(number.ptr());
    fits = PyErr_Occurred() == nullptr;
    PyErr_Clear();
  }
  if (!fits) {
    refuse("invalid_argument",
           std::string("an integer of ")
               .append(std::to_string(field.size_bytes * 8))
               .append(is_signed ? " bits" : " bits, not below zero")
               .append(", for the field '")
               .append(py::cast<std::string>(field.name))
               .append("'"),
           shown(value), "give the field a larger type, or the value a smaller unit");
  }
  std::memcpy(to, &bits, field.size_bytes);  // little-endian
}

void Format::put_text(PyObject* value, const Field& field, std::byte* to) const {
  const char* text = nullptr;
  Py_ssize_t length = 0;
  if (PyBytes_Check(value)) {
    text = PyBytes_AS_STRING(value);
    length = PyBytes_GET_SIZE(value);
  } else if (PyUnicode_Check(value)) {
    text = PyUnicode_AsUTF8AndSize(value, &length);
    if (text == nullptr) throw py::error_already_set();
  } else {
    refuse("invalid_type", "bytes or a str for the field '" + py::cast<std::string>(field.name) + "'", shown(value),
           "");
  }
  if (static_cast<std::size_t>(length) > field.size_bytes) {
    refuse("invalid_argument",
           "at most " + std::to_string(field.size_bytes) + " bytes for the field '" +
               py::cast<std::string>(field.name) + "'",
           shown(value), "cut it, or give the field a larger type");
  }
  std::memcpy(to, text, static_cast<std::size_t>(length));
}

/// Requires: the room is all zeros.
void Format::put(PyObject* value, const Field& field, std::byte* room) const {
  std::byte* const to = room + field.offset_bytes;
  switch (field.kind) {
    case 'f': {
      const double number = PyFloat_AsDouble(value);
      if (number == -1.0 && PyErr_Occurred() != nullptr) {
        PyErr_Clear();
        refuse("invalid_type", "a number for the field '" + py::cast<std::string>(field.name) + "'", shown(value),
               "convert it with float()");
      }
      if (field.size_bytes == sizeof number) return store(to, number);
      return store(to, static_cast<float>(number));
    }
    case 'b': {
      const int truth = PyObject_IsTrue(value);
      if (truth < 0) throw py::error_already_set();
      return store(to, static_cast<std::uint8_t>(truth));
    }
    case 'S': return put_text(value, field, to);
    default: return put_integer(value, field, to);
  }
}

bool Format::is_own(PyObject* dtype) const {
  if (dtype == dtype_.ptr()) return true;
  const int equal = PyObject_RichCompareBool(dtype, dtype_.ptr(), Py_EQ);
  if (equal < 0) throw py::error_already_set();
  return equal == 1;
}

std::span<const std::byte> Format::pack_slowly(PyObject* value, std::byte* room) const {
  const auto made = py::cast<py::array>(pack_(py::handle(value)));
  const auto bytes = array_bytes(made);
  if (bytes.size() != size_bytes_) refuse("invalid_type", "one record", shown(value), "use alloc_many for several");
  std::memcpy(room, bytes.data(), size_bytes_);
  return {room, size_bytes_};
}

std::span<const std::byte> Format::pack(PyObject* value, std::byte* room) const {
  const auto& numpy = py::detail::npy_api::get();
  if (PyTuple_Check(value) && !fields_.empty() && !is_scalar_) {
    if (static_cast<std::size_t>(PyTuple_GET_SIZE(value)) != fields_.size()) {
      refuse("invalid_argument", "a value for each of " + std::to_string(fields_.size()) + " fields",
             std::to_string(PyTuple_GET_SIZE(value)) + " values", "see ring.dtype.names");
    }
    std::memset(room, 0, size_bytes_);
    // A conversion may run Python code; the tuple is the caller's, and stays.
    for (std::size_t i = 0; i < fields_.size(); ++i)
      put(PyTuple_GET_ITEM(value, static_cast<Py_ssize_t>(i)), fields_[i], room);
    return {room, size_bytes_};
  }
  if (PyObject_TypeCheck(value, numpy.PyVoidArrType_Type_)) {
    const auto* record = reinterpret_cast<const py::detail::PyVoidScalarObject_Proxy*>(value);
    if (is_own(reinterpret_cast<PyObject*>(record->descr)))
      return {reinterpret_cast<const std::byte*>(record->obval), size_bytes_};
  } else if (numpy.PyArray_Check_(value)) {
    const auto array = py::reinterpret_borrow<py::array>(value);
    const auto bytes = array_bytes(array);
    if (bytes.size() != size_bytes_) {
      refuse("invalid_argument", "one record", std::to_string(array.size()) + " in an array",
             "use alloc_many for several");
    }
    return bytes;
  } else if (is_scalar_ && fields_.size() == 1 && !PyTuple_Check(value) && !PyDict_Check(value)) {
    std::memset(room, 0, size_bytes_);
    put(value, fields_.front(), room);
    return {room, size_bytes_};
  }
  return pack_slowly(value, room);
}

std::span<const std::byte> Format::array_bytes(const py::array& values) const {
  if (!is_own(values.dtype().ptr())) {
    refuse("incompatible_type", "records of " + text_of(dtype_), "records of " + text_of(values.dtype()),
           "make the array with dtype=ring.dtype, or copy it field by field");
  }
  if ((values.flags() & py::array::c_style) == 0) {
    refuse("invalid_argument", "a contiguous array", "one with gaps between its elements",
           "use numpy.ascontiguousarray");
  }
  return {static_cast<const std::byte*>(values.data()), static_cast<std::size_t>(values.size()) * size_bytes_};
}

py::array Format::require_array(const py::object& values) const {
  if (!py::isinstance<py::array>(values)) {
    refuse("invalid_type", "an array of " + text_of(dtype_) + ", or a list of records", shown(values.ptr()),
           "use alloc for one record");
  }
  return py::reinterpret_borrow<py::array>(values);
}

py::array Format::records(const py::sequence& values) const {
  const std::size_t count = values.size();
  py::array made(dtype_, static_cast<py::ssize_t>(count));
  auto* to = static_cast<std::byte*>(made.mutable_data());
  for (std::size_t i = 0; i < count; ++i, to += size_bytes_) {
    const py::object value = values[i];
    const auto bytes = pack(value.ptr(), to);
    if (bytes.data() != to) std::memcpy(to, bytes.data(), size_bytes_);
  }
  return made;
}

}  // namespace arena_shm::python
