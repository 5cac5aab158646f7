"""What records are made of: numpy dtypes, dataclasses, and the schema that a ring carries.

In a segment the schema is one JSON text, which the tool and the other languages read, too. Types that they do not know
(datetime64, complex, str, float16, void) stand there as the integers or floats that they consist of, and a note beside
them says what they are in numpy. Nested records and arrays of them are laid flat: `pos.x`, `legs[1].px`.
"""

import operator
import re

import numpy as np

from . import _core
from .errors import _invalid, _make

__all__ = ["Field", "Schema"]

# A C++ arena of numbers has no schema, but this for its record's name.
_NUMBERS = {
    "u8": "u1",
    "u16": "u2",
    "u32": "u4",
    "u64": "u8",
    "i8": "i1",
    "i16": "i2",
    "i32": "i4",
    "i64": "i8",
    "f32": "f4",
    "f64": "f8",
    "bool": "?",
}
_NUMBER_NAMES = {np.dtype(code).str: name for name, code in _NUMBERS.items()}
_NOTE = r"<[Mm]8(\[([1-9]\d{0,8})?[a-zA-Zμ]{1,2}\])?|<c(8|16)|<U\d{1,7}|<f2|[|]V\d{1,7}"  # compiled when it is needed
_TIME_UNITS = ("ns", "us", "ms", "s")


class Field:
    """A field of a record.

    name    "px", or "legs[1].px" if it was nested
    dtype   numpy.dtype, with the shape if it is an array
    offset  bytes from the beginning of the record
    unit    "USD", "ns", ...; empty: none
    enum    {name: value}, if it is an enum; else empty
    """

    __slots__ = ("name", "dtype", "offset", "unit", "enum")

    def __init__(self, name, dtype, offset, unit="", enum=None):
        self.name, self.dtype, self.offset, self.unit, self.enum = name, dtype, offset, unit, dict(enum or {})

    def __repr__(self):
        notes = "".join(f", {key}={value!r}" for key, value in (("unit", self.unit), ("enum", self.enum)) if value)
        return f"Field({self.name!r}, {self.dtype.str if self.dtype.subdtype is None else self.dtype}{notes})"


class Schema:
    """What a ring says of its records.

    dtype       numpy.dtype of one record, with all padding. Of a record that is one number, that number's
    fields      {name: Field}, in their order; empty, if the ring does not say
    time_field  the name of the field that says when a record was made; empty: none. It is in nanoseconds since 1970,
                unless its unit says otherwise
    text        the JSON text as it stands in the segment; empty: none
    """

    __slots__ = ("dtype", "fields", "time_field", "text", "align_bytes", "record_name")

    def __init__(self, dtype, fields, time_field, text, align_bytes, record_name=""):
        self.dtype, self.fields, self.time_field, self.text = dtype, fields, time_field, text
        self.align_bytes, self.record_name = align_bytes, record_name

    def __repr__(self):
        return f"Schema({list(self.fields.values())!r}, time_field={self.time_field!r})"


def _refuse(path, dtype, why, remedy):
    kind = "byte_order" if dtype.byteorder == ">" else "type"
    return _invalid(
        "put into a record",
        f"a field {path} that other processes can read",
        f"{dtype} ({kind}: {why})",
        remedy,
        "invalid_type",
    )


def _as_stored(dtype, path):
    """(format, shape, note) of a dtype that is not a record. Errors: InvalidType."""
    where = f"'{path}'" if path else "of its own"
    if dtype.hasobject:
        raise _refuse(
            where,
            dtype,
            "a pointer to a Python object, which means nothing in another process",
            "use a number, bytes of a fixed length (S8), or an index",
        )
    if dtype.byteorder == ">":
        raise _refuse(
            where, dtype, "big-endian numbers, which the other languages do not read", "use dtype.newbyteorder('<')"
        )
    kind, size = dtype.kind, dtype.itemsize
    if size == 0:
        raise _refuse(where, dtype, "no bytes at all", "give it a length, such as S8")
    if kind in "iu" or (kind == "f" and size in (4, 8)):
        return dtype.str.replace("|", ""), (), ""
    if kind == "b":
        return "?", (), ""
    if kind == "S":
        return f"S{size}", (), ""
    if kind in "Mm":
        return "<i8", (), dtype.str
    if kind == "c" and size in (8, 16):
        return f"<f{size // 2}", (2,), dtype.str
    if kind == "U":
        return "<u4", (size // 4,), dtype.str
    if kind == "f" and size == 2:
        return "<u2", (), dtype.str
    if kind == "V":
        return "u1", (size,), dtype.str
    raise _refuse(where, dtype, "a type that differs between machines", "use float64")


def _flatten(dtype, path="", offset=0):
    """Yields (name, dtype without its shape, shape, offset) of each field, records laid flat."""
    for name in dtype.names:
        inner, at = dtype.fields[name][:2]
        base, shape = inner.subdtype or (inner, ())
        full = f"{path}{name}"
        if base.names is None:
            yield full, base, shape, offset + at
            continue
        for i, index in enumerate(np.ndindex(*shape)):
            subscripts = "".join(f"[{k}]" for k in index)
            yield from _flatten(base, f"{full}{subscripts}.", offset + at + i * base.itemsize)


def _format(code, shape):
    """As C++ and the tool write it."""
    return f"({','.join(map(str, shape))}{',' if len(shape) == 1 else ''}){code}" if shape else code


def _enumerators(names, field, dtype):
    members = getattr(names, "__members__", names)
    try:
        found = {str(name): operator.index(getattr(value, "value", value)) for name, value in members.items()}
    except (AttributeError, TypeError):
        raise _invalid(
            "make a ring", "enums {field: enum.IntEnum, or {name: integer}}", names, "", "invalid_type"
        ) from None
    if dtype.kind not in "iu":
        raise _invalid("make a ring", f"an integer for '{field}', whose values have names", str(dtype), "", "invalid_type")
    limits = np.iinfo(dtype)
    for name, value in found.items():
        if not limits.min <= value <= limits.max:
            raise _invalid(
                "make a ring",
                f"values from {limits.min} to {limits.max} in the enum of '{field}', which is {dtype}",
                f"{name} = {value}",
                "give the field a larger type",
            )
    return found


def _require_time(name, dtype):
    """A field that says when a record was made. Errors: InvalidType."""
    base, shape = dtype.subdtype or (dtype, ())
    if shape or base.kind not in "iuM":
        raise _invalid("make a ring", f"an integer or datetime64 as the time field '{name}'", str(dtype), "", "invalid_type")


def of_dtype(dtype, units=None, enums=None, time_field=None, record_name=""):
    """The Schema of a ring that is to be made for this dtype. Errors: InvalidType, InvalidArgument."""
    units, enums = dict(units or {}), dict(enums or {})
    if dtype.subdtype is not None:
        raise _invalid(
            "make a ring", "a dtype of one record", str(dtype), "give the array a name: a field", "invalid_type"
        )
    if dtype.names is None:
        code, _, note = _as_stored(dtype, "")
        name = note or _NUMBER_NAMES.get(dtype.str, "")  # numpy's own name, for what has none in C++
        align = dtype.alignment if dtype.str in _NUMBER_NAMES else 1
        return Schema(dtype, {}, "", "", align, record_name or name)
    names, formats, offsets, notes, types, first_time = [], [], [], {}, {}, ""
    for name, base, shape, offset in _flatten(dtype):
        types[name] = np.dtype((base, shape)) if shape else base
        code, inner, note = _as_stored(base, name)
        unit = units.pop(name, "")
        if not isinstance(unit, str):
            raise _invalid("make a ring", f"a str as the unit of '{name}'", unit, "", "invalid_type")
        about = {}
        if base.kind in "Mm":
            unit = unit or np.datetime_data(base)[0]
            if base.kind == "M" and not shape and unit in _TIME_UNITS:
                first_time = first_time or name
        if unit:
            about["unit"] = unit
        if name in enums:
            about["enum"] = _enumerators(enums.pop(name), name, base)
        if note:
            about["numpy"] = note
        if about:
            notes[name] = about
        names.append(name)
        formats.append(_format(code, (*shape, *inner)))
        offsets.append(offset)
    if units or enums:
        raise _invalid(
            "make a ring",
            f"units and enums of fields, which are {', '.join(names)}",
            ", ".join([*units, *enums]),
            "see the names of nested fields",
        )
    time_field = first_time if time_field is None else time_field
    if time_field and time_field not in names:
        raise _invalid("make a ring", f"a time_field that is one of {', '.join(names)}", time_field)
    if time_field:
        _require_time(time_field, types[time_field])
    text = {"names": names, "formats": formats, "offsets": offsets, "itemsize": dtype.itemsize}
    metadata = {**({"fields": notes} if notes else {}), **({"time": time_field} if time_field else {})}
    if metadata:
        text["metadata"] = metadata
    import json  # takes longer to import than numpy's own parts

    made = of_text(json.dumps(text, separators=(",", ":"), ensure_ascii=False), dtype.itemsize)
    return Schema(dtype, made.fields, made.time_field, made.text, made.align_bytes, record_name)


def of_text(text, size_bytes):
    """The Schema that a ring has, with one dtype for its fields laid flat. The text is not trusted.

    Errors: InvalidArgument.
    """
    parts, time_field, align_bytes = _core.read_schema(text, size_bytes)
    import json

    notes = json.loads(text).get("metadata")  # its size and its depth have been looked at
    notes = notes.get("fields") if isinstance(notes, dict) else None
    fields = {}
    for name, kind, element, shape, offset, unit, enum in parts:
        about = notes.get(name) if isinstance(notes, dict) else None
        note = about.get("numpy") if isinstance(about, dict) else None
        base = np.dtype("?" if kind == "b" else f"{kind}{element}")
        if isinstance(note, str) and re.fullmatch(_NOTE, note):
            base, shape = _as_noted(base, shape, note)
        fields[name] = Field(name, np.dtype((base, shape)) if shape else base, offset, unit, enum)
    dtype = np.dtype(
        {
            "names": list(fields),
            "formats": [field.dtype for field in fields.values()],
            "offsets": [field.offset for field in fields.values()],
            "itemsize": size_bytes,
        }
    )
    return Schema(dtype, fields, time_field, text, align_bytes)


def _as_noted(base, shape, note):
    """What numpy makes of such a field, if it has the form in which it would stand there."""
    try:
        noted = np.dtype(note)
        code, inner, _ = _as_stored(noted, "noted")
    except (TypeError, ValueError):
        return base, shape
    fits = np.dtype(code) == base and (not inner or shape[len(shape) - 1 :] == inner)
    return (noted, shape[: len(shape) - len(inner)]) if fits else (base, shape)


def of_info(info, dtype=None):
    """The Schema of a ring that is there; seen through the caller's dtype, if there is one.

    Errors: IncompatibleType; Unsupported, if its schema cannot be read, and there is no dtype.
    """
    found, text, size = info["record_name"], info["schema_text"], info["size_bytes"]
    told = None
    if text:
        try:
            told = of_text(text, size)
        except ValueError as error:
            if dtype is None:
                raise _make(
                    "unsupported",
                    "",
                    info["name"],
                    "read the schema of",
                    error.expected,
                    error.found,
                    "open it with a dtype of your own",
                ) from error
    elif found in _NUMBERS and np.dtype(_NUMBERS[found]).itemsize == size:
        told = Schema(np.dtype(_NUMBERS[found]), {}, "", "", info["align_bytes"])
    elif re.fullmatch(_NOTE, found) and np.dtype(found).itemsize == size:
        told = Schema(np.dtype(found), {}, "", "", info["align_bytes"])
    else:
        told = Schema(np.dtype(f"V{size}"), {}, "", "", info["align_bytes"])
    if dtype is None:
        told.record_name = found
        return told
    if dtype.hasobject:
        of_dtype(dtype)  # refuses it
    if dtype.itemsize != size:
        raise _differs(info, f"records of {dtype.itemsize} bytes: {dtype}", f"records of {size} bytes")
    own = of_dtype(dtype)
    if told is not None and text and dtype.names is not None and _places(own) != _places(told):
        raise _differs(info, str(own.dtype), str(told.dtype))
    if told is None or not text:
        return Schema(dtype, own.fields, own.time_field, text, info["align_bytes"], found)
    return Schema(dtype, told.fields, told.time_field, text, info["align_bytes"], found)


def _places(schema):
    return [(field.name, field.dtype, field.offset) for field in schema.fields.values()]


def _differs(info, expected, found):
    return _make(
        "incompatible_type", "", info["name"], "open", expected, found, "open it without a dtype to see its own"
    )
