#include "python/core/errors.hpp"

#include <cxxabi.h>

#include <exception>
#include <new>
#include <string_view>

#include "python/core/handle.hpp"

namespace arena_shm::python {
namespace py = pybind11;
namespace {

/// Text from the system, which may be in any encoding.
py::str text(std::string_view bytes) {
  PyObject* const decoded = PyUnicode_DecodeUTF8(bytes.data(), static_cast<Py_ssize_t>(bytes.size()), "replace");
  if (decoded == nullptr) throw py::error_already_set();
  return py::reinterpret_steal<py::str>(decoded);
}

void set_error(std::string_view kind, const ErrorParts& parts, std::string_view what) {
  const py::object make = py::module_::import("arena_shm.errors").attr("_make");
  const py::object error = make(text(kind), text(what), text(parts.name), text(parts.doing), text(parts.expected),
                                text(parts.found), text(parts.remedy), parts.system_error);
  PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(error.ptr())), error.ptr());
}

}  // namespace

void raise(const PackageError& error) {
  set_error(error.kind, error.parts, "");
  throw py::error_already_set();
}

void refuse_closed(const std::string& name, const char* what) {
  raise({"closed",
         {.name = name,
          .doing = std::string("use a ").append(what).append(" of"),
          .expected = std::string("an open ").append(what),
          .found = "one that was closed",
          .remedy = "make another one, and close it when nobody needs it any more"}});
}

void refuse_second_user(const std::string& name, const char* what, pid_t owner) {
  if (::getpid() != owner) core::refuse_forked(name);
  throw Error(Code::reentered,
              {.name = name,
               .doing = std::string("use a ").append(what).append(" of"),
               .expected = std::string("a ").append(what).append(" that nobody is inside of"),
               .found = "one in which another thread, or the code around this signal handler, waits or copies",
               .remedy = "make one for each thread"});
}

void set_python_error() noexcept {
  try {
    try {
      throw;
    } catch (py::error_already_set& error) {
      error.restore();
    } catch (const Error& error) {
      set_error(to_string(error.code()),
                {.name = error.name(),
                 .doing = error.doing(),
                 .expected = error.expected(),
                 .found = error.found(),
                 .remedy = error.remedy(),
                 .system_error = error.system_error()},
                error.what());
    } catch (const std::bad_alloc&) {
      PyErr_NoMemory();
    } catch (const std::exception& error) {
      PyErr_SetString(PyExc_RuntimeError, error.what());
    }
  } catch (py::error_already_set& error) {
    error.restore();  // no memory for the error, or the interpreter is at its end
  } catch (...) {
    PyErr_NoMemory();
  }
}

void register_errors() {
  py::register_exception_translator([](std::exception_ptr pending) {
    try {
      std::rethrow_exception(std::move(pending));
    } catch (const Error&) {
      set_python_error();
    }
  });
}

}  // namespace arena_shm::python
