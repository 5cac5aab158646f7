"""Records as callers describe and give them: dtypes, dataclasses, dicts."""

import sys

import numpy as np

from ._integers import integer
from .errors import Error, _invalid

_PLAIN = {int: "i8", float: "f8", bool: "?"}
_ENUM_DTYPE = "i4"  # as C and C++ have it


def is_dataclass(kind):
    return hasattr(kind, "__dataclass_fields__")


def described(record):
    """(dtype, notes) of a dtype, whatever numpy.dtype takes, or a dataclass. `notes` are of_dtype's arguments.

    Errors: InvalidType.
    """
    if is_dataclass(record):
        notes = {"units": {}, "enums": {}, "time_field": None}
        return _of_dataclass(record if isinstance(record, type) else type(record), "", notes), notes
    try:
        return np.dtype(record), {}
    except (TypeError, ValueError) as error:
        raise _invalid(
            "make a ring", "a numpy.dtype or a dataclass of numpy types", record, str(error), "invalid_type"
        ) from None


def _of_dataclass(kind, path, notes):
    formats = []
    for name, field in kind.__dataclass_fields__.items():
        if getattr(field._field_type, "name", "") == "_FIELD_CLASSVAR":
            continue
        formats.append((name, _of_field(kind, field, f"{path}{name}", notes)))
    return np.dtype(formats, align=True)


def _of_field(kind, field, path, notes):
    about = field.metadata
    wanted = _evaluated(kind, field.type)
    if "unit" in about:
        notes["units"][path] = about["unit"]
    if about.get("time"):
        notes["time_field"] = path
    members = about.get("enum", wanted if hasattr(wanted, "__members__") else None)
    if members is not None:
        notes["enums"][path] = members
    if "dtype" in about:
        wanted = about["dtype"]
    elif hasattr(wanted, "__members__"):
        wanted = _ENUM_DTYPE
    if is_dataclass(wanted):
        return _of_dataclass(wanted, f"{path}.", notes)
    wanted = getattr(wanted, "__value__", wanted)
    try:
        if wanted is None or (isinstance(wanted, type) and wanted not in _PLAIN and not issubclass(wanted, np.generic)):
            raise TypeError(f"{wanted!r} has no size of its own")
        return np.dtype(_PLAIN.get(wanted, wanted) if isinstance(wanted, type) else wanted)
    except TypeError as error:
        raise _invalid(
            "make a ring",
            f"a numpy type for the field '{path}'",
            f"{field.type!r} ({error})",
            'annotate it with numpy.float64 or the like, or with field(metadata={"dtype": "S8"})',
            "invalid_type",
        ) from None


def _evaluated(kind, annotation):
    """`from __future__ import annotations` leaves text."""
    if not isinstance(annotation, str):
        return annotation
    scope = vars(sys.modules[kind.__module__]) if kind.__module__ in sys.modules else {}
    try:
        return eval(
            annotation, dict(scope), dict(vars(kind))
        )  # the program's own source, as typing.get_type_hints does
    except NameError:
        return annotation


def packer(dtype):
    """What makes an array of one record of a value that the extension does not know."""

    def pack(value):
        room = np.zeros((), dtype)
        _put(room, value)
        return room

    return pack


def _put(room, value):
    names = room.dtype.names
    if names is None:
        room[()] = value
        return
    if is_dataclass(value) and not isinstance(value, type):
        value = {name: getattr(value, name) for name in value.__dataclass_fields__}
    if isinstance(value, dict):
        unknown = [str(key) for key in value if key not in names]
        missing = [name for name in names if name not in value]
        if unknown or missing:
            found = ", ".join([f"no '{name}'" for name in missing] + [f"'{name}'" for name in unknown])
            raise _invalid("make a record", f"a value for each of {', '.join(names)}", found)
        value = tuple(value[name] for name in names)
    if isinstance(value, np.ndarray) and value.shape != ():
        raise _invalid("make a record", "one record", f"an array of {value.size}", "use alloc_many for several")
    if isinstance(value, (np.void, np.ndarray)):
        if value.dtype != room.dtype:
            raise _invalid(
                "make a record", str(room.dtype), str(value.dtype), "make it with dtype=ring.dtype", "incompatible_type"
            )
        room[()] = value
        return
    if not isinstance(value, (tuple, list)):
        raise _invalid("make a record", "a tuple, a dict, a dataclass, or a numpy record", value, "", "invalid_type")
    if len(value) != len(names):
        raise _invalid("make a record", f"a value for each of {', '.join(names)}", f"{len(value)} values")
    for name, one in zip(names, value):
        _put_field(room, name, one)


def _put_field(room, name, value):
    inner = room.dtype.fields[name][0]
    if inner.names is not None:
        _put(room[name], value)
        return
    if inner.subdtype is not None and inner.base.names is not None:
        part = room[name]
        if len(value) != len(part):
            raise _invalid("make a record", f"{len(part)} values for the field '{name}'", f"{len(value)}")
        for i in range(len(part)):
            _put(part[i : i + 1].reshape(()), value[i])
        return
    try:
        if inner.subdtype is None or isinstance(value, np.ndarray):
            room[name] = _fitting(inner, name, value)
        else:
            _put_elements(room[name], inner.base, name, value)
    except (TypeError, ValueError, OverflowError) as error:
        if isinstance(error, Error):
            raise
        raise _invalid(
            "make a record",
            f"{inner} for the field '{name}'",
            f"{value!r} ({error})",
            "",
            "invalid_type" if isinstance(error, TypeError) else "invalid_argument",
        ) from None


def _put_elements(room, dtype, name, values):
    """Of an array field: one after the other, for numpy cuts what does not fit."""
    given = np.empty(room.shape, object)
    given[()] = values
    for index in np.ndindex(room.shape):
        room[index] = _fitting(dtype, name, given[index])


def _fitting(dtype, name, value):
    """The value, if it fits. Errors: InvalidArgument, InvalidType."""
    if dtype.subdtype is not None:
        return value
    if dtype.kind in "iu":
        limits = np.iinfo(dtype)
        return integer(value, f"the field '{name}'", int(limits.min), int(limits.max), "make a record")
    if dtype.kind in "SU" and len(value) > dtype.itemsize // (4 if dtype.kind == "U" else 1):
        raise _invalid("make a record", f"{dtype} for the field '{name}'", value, "cut it, or give it a larger type")
    return value
