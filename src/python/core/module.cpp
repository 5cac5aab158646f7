#include "python/core/module.hpp"

#include <cmath>
#include <string>

#include "arena_shm/version.h"
#include "python/core/errors.hpp"
#include "python/core/handle.hpp"

namespace arena_shm::python {
namespace py = pybind11;

void add_direct_method(const py::object& of_class, PyMethodDef& method) {
  const auto function =
      py::reinterpret_steal<py::object>(PyDescr_NewMethod(reinterpret_cast<PyTypeObject*>(of_class.ptr()), &method));
  if (!function) throw py::error_already_set();
  py::setattr(of_class, method.ml_name, function);
}

Duration duration_of(const py::object& seconds) {
  if (seconds.is_none()) return std::chrono::hours::max();
  const double value = PyFloat_AsDouble(seconds.ptr());
  const bool is_number = value != -1.0 || PyErr_Occurred() == nullptr;
  if (!is_number) PyErr_Clear();
  if (!is_number || std::isnan(value)) {
    raise({is_number ? "invalid_argument" : "invalid_type",
           {.doing = "wait",
            .expected = "a timeout in seconds, or None for ever",
            .found = py::cast<std::string>(py::repr(seconds)),
            .remedy = "give a number of seconds"}});
  }
  return std::chrono::duration<double>(value);
}

}  // namespace arena_shm::python

namespace {

/// All objects are made by functions. One that Python made by __new__ alone would have nothing inside.
void forbid_making(const pybind11::module_& module) {
  for (const auto& [name, value] : pybind11::dict(module.attr("__dict__"))) {
    if (!PyType_Check(value.ptr())) continue;
    auto* const type = reinterpret_cast<PyTypeObject*>(value.ptr());
    type->tp_new = nullptr;
    PyType_Modified(type);
  }
}

void fill(pybind11::module_& module) {
  using namespace arena_shm::python;
  module.doc() = "The compiled part of arena_shm. Use the package.";
  module.attr("version") = ARENA_SHM_VERSION_STRING;
  module.def("is_main_interpreter", [] { return PyInterpreterState_Get() == PyInterpreterState_Main(); });
  register_errors();
  pybind11::class_<Handle>(module, "Handle")
      .def("close", &Handle::close)
      .def_property_readonly("closed", &Handle::is_closed)
      .def_property_readonly("name", &Handle::name);
  add_schema(module);
  add_views(module);
  add_writer(module);
  add_readers(module);
  add_wait_set(module);
  forbid_making(module);
}

}  // namespace

// As PYBIND11_MODULE, which would wait for itself in a subinterpreter.
PYBIND11_PLUGIN_IMPL(_core) {
  if (PyInterpreterState_Get() != PyInterpreterState_Main()) {
    PyErr_SetString(PyExc_ImportError, "arena_shm: works in the main interpreter only");
    return nullptr;
  }
  PYBIND11_CHECK_PYTHON_VERSION
  PYBIND11_ENSURE_INTERNALS_READY
  static pybind11::module_::module_def definition;
  auto module = pybind11::module_::create_extension_module("_core", nullptr, &definition);
  try {
    fill(module);
    return module.ptr();
  }
  PYBIND11_CATCH_INIT_EXCEPTIONS
}
