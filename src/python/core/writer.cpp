#include "python/core/writer.hpp"

#include <pybind11/stl.h>

#include <string>
#include <vector>

#include "python/core/errors.hpp"
#include "python/core/info.hpp"
#include "python/core/views.hpp"

namespace arena_shm::python {
namespace py = pybind11;
namespace {

/// Appends one, and waits for room for at most so long. Nothing: there was none.
std::optional<std::uint64_t> append(Writer& writer, std::span<const std::byte> bytes, Duration timeout) {
  auto seq = bytes.size() > kLargeCopyBytes ? std::nullopt : writer.object().try_alloc(bytes);
  if (seq || (timeout <= Duration{} && bytes.size() <= kLargeCopyBytes)) return seq;
  return wait_in_slices(
      timeout, [&](Duration part) { return writer.object().try_alloc(bytes, part); }, [&] { writer.look_around(); });
}

std::optional<std::uint64_t> append(Writer& writer, PyObject* value, Duration timeout) {
  const Use use(writer, Use::By::one_at_a_time);
  Room room(writer.format->size_bytes());
  return append(writer, writer.format->pack(value, room.data()), timeout);
}

PyObject* alloc(PyObject* self, PyObject* value) noexcept {
  try {
    return PyLong_FromUnsignedLongLong(*append(object_of<Writer>(self), value, std::chrono::hours::max()));
  } catch (...) {
    set_python_error();
    return nullptr;
  }
}

PyObject* try_alloc(PyObject* self, PyObject* value) noexcept {
  try {
    const auto seq = append(object_of<Writer>(self), value, {});
    if (!seq) Py_RETURN_NONE;
    return PyLong_FromUnsignedLongLong(*seq);
  } catch (...) {
    set_python_error();
    return nullptr;
  }
}

std::uint64_t alloc_for(Writer& self, const py::object& timeout, const py::object& value) {
  const Duration most = duration_of(timeout);
  if (const auto seq = append(self, value.ptr(), most)) return *seq;
  const Use use(self, Use::By::one_at_a_time);
  Room room(self.format->size_bytes());
  const auto bytes = self.format->pack(value.ptr(), room.data());
  try {
    return self.object().alloc_for({}, bytes);
  } catch (const Error& error) {  // which knows who is in the way, but not how long that was
    if (error.code() != Code::timed_out) throw;
    throw Error(error.code(), {.name = error.name(),
                               .doing = error.doing(),
                               .expected = "room for a value within " + py::cast<std::string>(py::str(timeout)) + " s",
                               .found = error.found(),
                               .remedy = error.remedy()});
  }
}

/// Of a lossless ring: a value at a time, so that the wait for room can be ended between two of them.
void append_many(Writer& writer, std::span<const std::byte> bytes, std::span<std::uint64_t> seqs) {
  const std::size_t size = writer.format->size_bytes();
  std::size_t done = 0;
  const auto append_on = [&](Duration part) {
    for (; done < seqs.size(); part = {}, ++done) {
      const auto seq = writer.object().try_alloc(bytes.subspan(done * size, size), part);
      if (!seq) return false;
      seqs[done] = *seq;
    }
    return true;
  };
  if (bytes.size() > kLargeCopyBytes ? without_gil([&] { return append_on({}); }) : append_on({})) return;
  wait_in_slices(std::chrono::hours::max(), append_on, [&] { writer.look_around(); });
}

py::array append_all(Writer& writer, const py::array& values) {
  const Use use(writer, Use::By::one_at_a_time);
  const auto bytes = writer.format->array_bytes(values);
  py::array_t<std::uint64_t> seqs(std::vector<py::ssize_t>(values.shape(), values.shape() + values.ndim()));
  const std::span<std::uint64_t> into(seqs.mutable_data(), static_cast<std::size_t>(values.size()));
  if (writer.is_lossless) {
    append_many(writer, bytes, into);
  } else {
    const auto append_batch = [&] { return writer.object().alloc_batch(bytes, into).count; };
    bytes.size() > kLargeCopyBytes ? without_gil(append_batch) : append_batch();
  }
  return seqs;
}

/// What is no contiguous array is made one first.
PyObject* alloc_many(PyObject* self, PyObject* values) noexcept {
  try {
    auto& writer = object_of<Writer>(self);
    const auto given = py::reinterpret_borrow<py::object>(values);
    if (PyList_Check(values) || PyTuple_Check(values))
      return append_all(writer, writer.format->records(py::cast<py::sequence>(given))).release().ptr();
    const auto array = writer.format->require_array(given);
    if ((array.flags() & py::array::c_style) != 0) return append_all(writer, array).release().ptr();
    return append_all(writer, py::cast<py::array>(array.attr("copy")())).release().ptr();
  } catch (...) {
    set_python_error();
    return nullptr;
  }
}

PyMethodDef alloc_method = {"alloc", alloc, METH_O, nullptr};
PyMethodDef alloc_many_method = {"alloc_many", alloc_many, METH_O, nullptr};
PyMethodDef try_alloc_method = {"try_alloc", try_alloc, METH_O, nullptr};

}  // namespace

void add_writer(py::module_& module) {
  py::class_<Writer, Handle> writer(module, "Writer");
  add_direct_method(writer, alloc_method);
  add_direct_method(writer, try_alloc_method);
  add_direct_method(writer, alloc_many_method);
  writer.def("alloc_for", &alloc_for)
      .def("blocked_by",
           [](Writer& self) {
             const Use use(self, Use::By::one_at_a_time);
             const auto all = without_gil([&] { return self.object().blocked_by(); });
             py::list told;
             for (const ConsumerInfo& one : all) told.append(info_of(one));
             return told;
           })
      .def("time",
           [](Writer& self) {
             const Use use(self, Use::By::one_at_a_time);
             return self.object().time();
           })
      .def("seat", [](Writer& self) {
        const Use use(self, Use::By::one_at_a_time);
        return self.object().seat();
      });
  module.def("writer", [](Ring& ring, const std::string& holder) {
    const Use use(ring, Use::By::many);
    const bool is_lossless = ring.object().info().full == Full::wait;
    return std::make_unique<Writer>(ring.name(), without_gil([&] { return ring.object().writer(holder); }), ring.format,
                                    is_lossless);
  });
}

}  // namespace arena_shm::python
