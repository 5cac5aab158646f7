"""The exceptions of the package: one class for each kind of error.

All of them are `Error`, and have the same parts. Where Python has an exception of its own for the same thing, the class
is also that one: `except FileNotFoundError` catches `NotFound`, as it does for `multiprocessing.shared_memory`.
"""

import errno as _errno

__all__ = [
    "AlreadyExists",
    "Closed",
    "Corrupt",
    "Error",
    "Evicted",
    "Exhausted",
    "FileSizeLimit",
    "Forked",
    "IncompatibleByteOrder",
    "IncompatibleOptions",
    "IncompatibleType",
    "IncompatibleVersion",
    "InvalidArgument",
    "InvalidName",
    "InvalidType",
    "NoSpace",
    "NotAnArena",
    "NotAvailable",
    "NotFound",
    "Obstructed",
    "PermissionDenied",
    "Reentered",
    "SystemFailure",
    "TableFull",
    "TimedOut",
    "Truncated",
    "Unsupported",
    "WouldDeadlock",
]


class Error(Exception):
    """Base of all exceptions of this package. `str(error)` is one line with all parts.

    code      what kind of error, as the library calls it: "not_found", "table_full", ...
    name      the ring's name, or a file's path
    doing     what failed: "open", "create", ...
    expected  what would have been right
    found     what was there instead
    remedy    what you can do
    system_error  the number of the system's error (errno), or 0

    Parts that do not apply are empty.
    """

    code = "error"
    name = doing = expected = found = remedy = ""
    system_error = 0

    def __str__(self):
        return str(self.args[0]) if self.args else ""  # an OSError would say it otherwise


def _error(code, doc, *builtins, number=None):
    """A class for a code. `number`: the errno that an OSError of this kind has."""
    name = "".join(part.capitalize() for part in code.split("_"))
    return type(name, (Error, *builtins), {"__doc__": doc, "__module__": __name__, "code": code, "_number": number})


NotFound = _error("not_found", "No ring of that name.", FileNotFoundError, number=_errno.ENOENT)
AlreadyExists = _error(
    "already_exists", "The name is taken: of a ring, or of a consumer.", FileExistsError, number=_errno.EEXIST
)
PermissionDenied = _error(
    "permission_denied", "The file's mode, or the directory's, forbids it.", PermissionError, number=_errno.EACCES
)
InvalidName = _error("invalid_name", "Not usable as the name of a ring.", ValueError)
InvalidArgument = _error("invalid_argument", "An option or argument is out of its range.", ValueError)
NotAnArena = _error("not_an_arena", "A file that is no ring.")
IncompatibleVersion = _error("incompatible_version", "Written by another version of the layout.")
IncompatibleByteOrder = _error("incompatible_byte_order", "Written on a machine of another byte order.")
IncompatibleType = _error("incompatible_type", "The record differs: name, size, alignment, fields.", TypeError)
IncompatibleOptions = _error("incompatible_options", "The ring exists with other options.", ValueError)
Truncated = _error("truncated", "The file is shorter than its header says.")
Corrupt = _error("corrupt", "A value in the segment cannot be right.")
NoSpace = _error("no_space", "The file system, or the memory limit, has no room for it.", OSError, number=_errno.ENOSPC)
FileSizeLimit = _error(
    "file_size_limit", "The limit of the size of files (ulimit -f) forbids it.", OSError, number=_errno.EFBIG
)
TableFull = _error("table_full", "Every seat, or place of a consumer, is taken.")
Obstructed = _error("obstructed", "Some process locks every free seat, or a consumer's name.")
Exhausted = _error("exhausted", "The sequence numbers are used up.")
Reentered = _error(
    "reentered", "Used from inside of itself, as by a signal handler, or by a second thread at once.", RuntimeError
)
Forked = _error("forked", "A handle was used in a forked child of the process that opened it.", RuntimeError)
Evicted = _error("evicted", "This consumer held up the writers for too long: it lost values.", RuntimeError)
TimedOut = _error("timed_out", "There was no room in time.", TimeoutError, number=_errno.ETIMEDOUT)
WouldDeadlock = _error("would_deadlock", "A writer would wait for a consumer of its own thread.", RuntimeError)
Unsupported = _error("unsupported", "The system lacks something that is needed.", OSError, number=_errno.ENOTSUP)
SystemFailure = _error("system", "A system call failed.", OSError)
SystemFailure.__name__ = SystemFailure.__qualname__ = "SystemFailure"

# Of this package alone.
Closed = _error("closed", "The handle was closed.", ValueError)


class InvalidType(InvalidArgument, TypeError):
    """An argument is of a type that cannot be used."""


class NotAvailable(Error, LookupError):
    """`read(seq)`: there is no value. `status` says why: "not_yet", "pending", "overwritten" or "hole"."""

    code = "not_available"
    status = ""


_CLASSES = {one.code: one for one in Error.__subclasses__()}
_CLASSES["invalid_type"] = InvalidType


def _make(code, what, name="", doing="", expected="", found="", remedy="", system_error=0):
    """Called by the extension. `what` is the whole line; if empty, it is made of the parts."""
    kind = _CLASSES.get(code, Error)
    if not what:
        of = f" '{name}'" if name else ""
        what = f"cannot {doing} arena{of}" if name else f"cannot {doing}"
        what += f": expected {expected}, found {found}" + (f"; {remedy}" if remedy else "")
    error = kind(what)
    error.name, error.doing, error.expected, error.found, error.remedy = name, doing, expected, found, remedy
    error.system_error = system_error
    if isinstance(error, OSError):
        error.errno = system_error or kind._number
        error.filename = name or None
    return error


def _invalid(doing, expected, found, remedy="", code="invalid_argument"):
    """An InvalidArgument, or what has that code."""
    return _make(code, "", "", doing, expected, found if isinstance(found, str) else repr(found), remedy)
