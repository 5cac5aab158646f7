#include "python/core/views.hpp"

#include <pybind11/stl.h>

#include <string>

#include "python/core/errors.hpp"
#include "python/core/info.hpp"
#include "python/core/peek.hpp"

namespace arena_shm::python {
namespace py = pybind11;

py::tuple entry_of(std::uint64_t seq, py::object value, std::uint64_t time, bool late, bool redelivered) {
  return py::make_tuple(seq, std::move(value), time, late, redelivered);
}

namespace {

/// An array of one record, filled by `copy(bytes)`, which returns what is returned. Large ones without the lock.
template <class Copy>
auto fill_record(const Format& format, py::array& one, Copy&& copy) {
  one = py::array(format.dtype(), py::array::ShapeContainer{}, py::array::StridesContainer{});
  const std::span<std::byte> bytes(static_cast<std::byte*>(one.mutable_data()), format.size_bytes());
  if (bytes.size() > kLargeCopyBytes) return without_gil([&] { return copy(bytes); });
  return copy(bytes);
}

py::object scalar_of(const py::array& one) { return one[py::tuple()]; }

template <class T>
py::object read(Attached<T>& self, std::uint64_t seq) {
  const Use use(self, Use::By::many);
  py::array one;
  std::uint64_t time = 0;
  const ReadStatus status =
      fill_record(*self.format, one, [&](auto bytes) { return self.object().read(seq, bytes, &time); });
  if (status != ReadStatus::ok) return py::str(std::string(to_string(status)));
  return entry_of(seq, scalar_of(one), time, false, false);
}

template <class T>
py::object latest(Attached<T>& self) {
  const Use use(self, Use::By::many);
  py::array one;
  std::uint64_t time = 0;
  const auto seq = fill_record(*self.format, one, [&](auto bytes) { return self.object().latest(bytes, &time); });
  if (!seq) return py::none();
  return entry_of(*seq, scalar_of(one), time, false, false);
}

template <class T>
py::array peek_at(Attached<T>& self) {
  const Use use(self, Use::By::many);
  self.require_own_process();
  return peek(self.object(), *self.format);
}

py::array nanoseconds(Timescale& self, const py::array_t<std::uint64_t, py::array::c_style>& times) {
  py::array_t<std::int64_t> made(std::vector<py::ssize_t>(times.shape(), times.shape() + times.ndim()));
  for (py::ssize_t i = 0; i < times.size(); ++i) made.mutable_data()[i] = self.nanoseconds(times.data()[i]);
  return made;
}

template <class T, class Class>
void add_common(Class& attached) {
  using Self = Attached<T>;
  const auto get = [](auto member) {
    return [member](Self& self) {
      const Use use(self, Use::By::many);
      return (self.object().*member)();
    };
  };
  attached.def("set_format", [](Self& self, const SharedFormat& format) { self.format = format; })
      .def("info",
           [](Self& self) {
             const Use use(self, Use::By::many);
             return info_of(self.object().info());
           })
      .def("head", get(&T::head))
      .def("count", get(&T::count))
      .def("retired", get(&T::retired))
      .def("has_writers", get(&T::has_writers))
      .def("timescale", get(&T::timescale))
      .def("read", &read<T>)
      .def("latest", &latest<T>)
      .def("peek", &peek_at<T>)
      .def("prefault",
           [](Self& self) {
             const Use use(self, Use::By::many);
             without_gil([&] {
               self.object().prefault();
               return true;
             });
           })
      .def("consumers", [](Self& self) {
        const Use use(self, Use::By::many);
        const auto all = without_gil([&] { return self.object().consumers(); });
        py::list told;
        for (const ConsumerInfo& one : all) told.append(info_of(one));
        return told;
      });
}

PyObject* alloc(PyObject* self, PyObject* value) noexcept {
  try {
    Ring& ring = object_of<Ring>(self);
    const Use use(ring, Use::By::many);
    Room room(ring.format->size_bytes());
    const auto bytes = ring.format->pack(value, room.data());
    ring.require_open();  // packing may have run code of others
    // Without the lock only where it would wait: to give the lock up for each append is to wait for other threads.
    auto seq = bytes.size() > kLargeCopyBytes ? std::nullopt : ring.object().try_alloc(bytes);
    if (!seq) {
      seq = wait_in_slices(
          std::chrono::hours::max(), [&](Duration part) { return ring.object().try_alloc(bytes, part); },
          [&] { ring.look_around(); });
    }
    return PyLong_FromUnsignedLongLong(*seq);
  } catch (...) {
    set_python_error();
    return nullptr;
  }
}

PyMethodDef alloc_method = {"alloc", alloc, METH_O, nullptr};

/// Any call that may be long: it reserves pages, waits for others, looks into /proc.
template <class T, class Make>
std::unique_ptr<Attached<T>> attach(Make&& make) {
  return std::make_unique<Attached<T>>(without_gil(make));
}

}  // namespace

void add_views(py::module_& module) {
  py::class_<Timescale>(module, "Timescale").def("nanoseconds", &nanoseconds).def("time_of", &Timescale::time_of);
  py::class_<Format, std::shared_ptr<Format>>(module, "Format");
  module.def("format", [](const py::dtype& dtype, const py::object& fields, bool is_scalar, const py::object& pack) {
    return std::make_shared<Format>(dtype, fields, is_scalar, pack);
  });

  py::class_<View, Handle> view(module, "View");
  add_common<RawView>(view);
  py::class_<Ring, Handle> ring(module, "Ring");
  add_common<RawArena>(ring);
  add_direct_method(ring, alloc_method);
  ring.def("evict_consumer",
           [](Ring& self, const std::string& name) {
             const Use use(self, Use::By::many);
             self.object().evict_consumer(name);
           })
      .def("remove_consumer", [](Ring& self, const std::string& name) {
        const Use use(self, Use::By::many);
        self.object().remove_consumer(name);
      });

  module.def("view", [](const std::string& name) { return attach<RawView>([&] { return RawView::open(name); }); });
  module.def("open", [](const std::string& name) { return attach<RawArena>([&] { return RawArena::open(name); }); });
  module.def("create", [](const std::string& name, const py::tuple& record, const py::dict& options) {
    return attach<RawArena>(
        [&, type = record_of(record), how = options_of(options)] { return RawArena::create(name, type, how); });
  });
  module.def("open_or_create", [](const std::string& name, const py::tuple& record, const py::dict& options) {
    return attach<RawArena>(
        [&, type = record_of(record), how = options_of(options)] { return RawArena::open_or_create(name, type, how); });
  });
  module.def("remove", [](const std::string& name) { return without_gil([&] { return RawArena::remove(name); }); });
}

}  // namespace arena_shm::python
