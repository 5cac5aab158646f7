// The text of a schema, from a segment that anybody may have written, or from the package: checked as the tool does.
#include "schema/schema.hpp"

#include <pybind11/pybind11.h>

#include <string>

#include "python/core/module.hpp"
#include "schema/schema_json.hpp"

namespace arena_shm::python {
namespace py = pybind11;
namespace {

const char* kind_letter(schema::Kind kind) {
  switch (kind) {
    case schema::Kind::unsigned_integer: return "u";
    case schema::Kind::signed_integer: return "i";
    case schema::Kind::floating: return "f";
    case schema::Kind::boolean: return "b";
    case schema::Kind::text: return "S";
  }
  return "V";
}

py::tuple field_of(const schema::Field& field) {
  py::list shape;
  for (const std::size_t extent : field.shape) shape.append(extent);
  py::dict names;
  for (const schema::Enumerator& one : field.enumerators) {
    const bool is_signed = field.kind == schema::Kind::signed_integer;
    names[py::str(one.name)] = is_signed ? py::int_(static_cast<std::int64_t>(one.value)) : py::int_(one.value);
  }
  return py::make_tuple(field.name, kind_letter(field.kind), field.element_bytes, py::tuple(shape), field.offset_bytes,
                        field.unit, names);
}

/// ([(name, kind, bytes of an element, shape, offset, unit, names of values), ...], time field, alignment in bytes).
/// Errors: Code::invalid_argument.
py::tuple read_schema(const std::string& text, std::size_t record_bytes) {
  const schema::Schema schema = schema::parse_json(text, record_bytes);
  py::list fields;
  for (const schema::Field& field : schema.fields) fields.append(field_of(field));
  return py::make_tuple(fields, schema.time_field, schema.align_bytes);
}

}  // namespace

void add_schema(py::module_& module) { module.def("read_schema", &read_schema); }

}  // namespace arena_shm::python
