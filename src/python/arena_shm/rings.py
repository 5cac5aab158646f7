"""Rings that are written: `Ring` and `Writer`."""

from . import _core, schema
from ._integers import integer, seconds
from .errors import _invalid
from .reading import Consumer, consumer_options
from .records import described
from .views import View, consumer_infos

__all__ = ["Ring", "Writer", "create", "open", "open_or_create", "remove", "view"]


class Ring(View):
    """A ring, attached for reading and writing. `create`, `open` and `open_or_create` make one. See also `View`."""

    _attach = staticmethod(_core.open)

    @classmethod
    def _made(cls, core, made):
        self = cls.__new__(cls)
        self._use(core, None, made)
        return self

    def _use(self, core, dtype=None, made=None):
        super()._use(core, dtype, made)
        self.alloc = core.alloc  # the extension's own: what is around it would take longer than it does

    def alloc(self, value):
        """Appends a value, and returns its sequence number. Any thread of any process may call it.

        value  a tuple, a dict or a dataclass of the fields; a numpy record (numpy.void, or an array of one) of the
               ring's dtype; of a ring of numbers, a number

        The callers take turns by a mutex in the segment. It waits while another process is stopped inside of it, and,
        in a lossless ring, for room; without the interpreter lock then, and KeyboardInterrupt ends that.

        Errors: InvalidType, InvalidArgument, IncompatibleType: nothing was appended. TableFull, if every seat is taken.
        """
        return self._core.alloc(value)

    def writer(self, holder=""):
        """A `Writer`, which appends without a lock. It takes a seat until it is closed.

        holder  text that `arena-shm seats` shows. Errors: TableFull, InvalidArgument.
        """
        return Writer(_core.writer(self._core, _text(holder, "the holder of a writer")), self)

    def consumer(
        self,
        name,
        *,
        share=False,
        durable=False,
        start="newest",
        release="at_next_call",
        hold=0.001,
        manner="latency",
        order="arrival",
    ):
        """A `Consumer`: a reader that the writers of a lossless ring (full="wait") wait for.

        share    join the group of that name, or found it: each value goes to one of its members
        durable  the writers wait for it also while it is away
        start    where a new name begins: "newest", "oldest" or a sequence number
        release  "at_next_call", or "explicitly": by `release()`
        hold     seconds after which it goes on without a value whose writer was stopped in the middle of it

        Errors: AlreadyExists, TableFull, InvalidArgument.
        """
        options = consumer_options(share, durable, start, release, hold, manner, order)
        return Consumer(_core.consumer(self._core, _text(name, "the name of a consumer"), options), self, name)

    def evict_consumer(self, name):
        """Lets the writers go on without a consumer, a group, or a member ("workers/3"). It is told by Evicted."""
        self._core.evict_consumer(_text(name, "the name of a consumer"))

    def remove_consumer(self, name):
        """Forgets a durable consumer that is away."""
        self._core.remove_consumer(_text(name, "the name of a consumer"))


class Writer:
    """Appends to a ring without a lock. `ring.writer()` makes one; use it in a `with` block.

    One thread at a time, so one for each thread: who calls it while another thread waits in it gets Reentered. It has a
    seat of the ring until it is closed. In a forked child it raises Forked.

        alloc(value)        appends, and returns the sequence number; the values are those of `Ring.alloc`. In a
                            lossless ring it waits for room
        try_alloc(value)    the same, but None where it would wait
        alloc_many(values)  appends all records of an array of the ring's dtype, or of a list, and returns their
                            sequence numbers, an array of uint64 of the same shape. They come in order, with one step of
                            the ring's counter for at most a lap. The interpreter lock is released if they are more
                            than some KiB. In a lossless ring it waits for room; what was appended before an error,
                            or KeyboardInterrupt, stays
    """

    __slots__ = ("_core", "_ring", "alloc", "alloc_many", "try_alloc", "__weakref__")

    def __init__(self, core, ring):
        self._core, self._ring = core, ring
        self.alloc, self.alloc_many, self.try_alloc = core.alloc, core.alloc_many, core.try_alloc

    def alloc_for(self, timeout, value):
        """As `alloc`, but waits for at most so many seconds. Errors: TimedOut, which names the consumer in the way."""
        return self._core.alloc_for(timeout, value)

    def blocked_by(self):
        """The consumers in the way now: a list of `ConsumerInfo`."""
        return consumer_infos(self._core.blocked_by())

    @property
    def time(self):
        """Of the newest value that it has appended, ticks of the ring's clock; 0 without times."""
        return self._core.time()

    @property
    def seat(self):
        """The number of its seat."""
        return self._core.seat()

    def close(self):
        """Gives the seat back."""
        self._core.close()

    @property
    def closed(self):
        """Has it been closed?"""
        return self._core.closed

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def __repr__(self):
        return f"<arena_shm.Writer of '{self._core.name}'{': closed' if self.closed else ''}>"


def create(name, dtype, slots, **options):
    """Makes a new ring, and returns it as a `Ring`.

    name        1 to 200 printable characters without space or slash: the file's name in /dev/shm
    dtype       of one record: what numpy.dtype takes, or a dataclass of numpy types. Field by field it is stored in the
                segment, for the tool and other languages
    slots       how many values it holds; of writers="laned", each lane
    writers     "shared" (up to `seats` at once), "exclusive" (one at a time, and faster), or "laned" (each in its own
                lane, as fast; values of different lanes have no order)
    seats       writers that may be attached at once, 1 to 4096 (64); laned: the number of lanes
    mode        permission bits, 0o600; the umask does not apply
    time        each value gets the time of its append
    full        "overwrite" the oldest value, or "wait" for consumers: lossless
    consumers   lossless: how many may be registered, 1 to 256 (8)
    patience    lossless: seconds after which a consumer without progress is evicted; None: never
    units       {field: "USD"}
    enums       {field: enum.IntEnum, or {name: value}}
    time_field  the name of the field that says when a record was made. Of a dataclass, all three by
                field(metadata={"unit": ..., "enum": ..., "time": True})
    record_name what the record is called, for C++ programs that open the ring by a type of that name; "": any

    All memory is reserved at once. Errors: AlreadyExists, InvalidName, InvalidArgument, InvalidType, NoSpace,
    PermissionDenied.
    """
    made, record, how = _wanted(name, dtype, slots, options)
    return Ring._made(_core.create(name, record, how), made)


def open_or_create(name, dtype, slots, **options):
    """Opens the ring if it is there, else makes it; safe against a race of many. Arguments as of `create`.

    Errors: as `create`, and IncompatibleType, IncompatibleOptions, if it is there and differs.
    """
    made, record, how = _wanted(name, dtype, slots, options)
    return Ring._made(_core.open_or_create(name, record, how), made)


def open(name, dtype=None):
    """Attaches to a ring for reading and writing: a `Ring`.

    dtype  what you take a record for; None: what the ring says. Errors: NotFound, PermissionDenied, IncompatibleType,
           IncompatibleVersion, Corrupt, ...
    """
    return Ring(_text(name, "the name of a ring"), dtype)


def view(name, dtype=None):
    """Attaches to a ring for reading only: a `View`. Arguments and errors as of `open`."""
    return View(_text(name, "the name of a ring"), dtype)


def remove(name):
    """Takes a ring's name away: attached processes go on. Returns whether there was one."""
    return _core.remove(_text(name, "the name of a ring"))


def _text(value, what):
    if isinstance(value, str) and "\0" not in value and value.isprintable():
        return value
    code = "invalid_argument" if isinstance(value, str) else "invalid_type"
    raise _invalid("use", f"a str as {what}", value, "", code)


_NUMBERS = {"seats": (1, 4096), "mode": (0, 0o7777), "consumers": (1, 256)}
_NOTES = ("units", "enums", "time_field", "record_name")
_OPTIONS = ("writers", "seats", "mode", "time", "full", "consumers", "patience", *_NOTES)


def _wanted(name, dtype, slots, options):
    """(Schema, record, options) as the extension wants them."""
    _text(name, "the name of a ring")
    for option in options:
        if option not in _OPTIONS:
            raise _invalid("make a ring", f"options of {', '.join(_OPTIONS)}", option, "", "invalid_type")
    dtype, notes = described(dtype)
    for note in _NOTES:
        given = options.pop(note, None)
        if given is None:
            continue
        if not isinstance(given, dict if note in ("units", "enums") else str):
            raise _invalid("make a ring", f"{note} as in the documentation", given, "", "invalid_type")
        notes[note] = {**notes.get(note, {}), **given} if isinstance(given, dict) else _text(given, note)
    made = schema.of_dtype(dtype, **notes)
    how = {"slots": integer(slots, "slots", 1, 2**62, "make a ring")}
    for option, value in options.items():
        if option in _NUMBERS:
            value = integer(value, option, *_NUMBERS[option], "make a ring")
        elif option == "time":
            value = bool(value)
        elif option == "patience":
            value = seconds(value, "make a ring")
            if value is None or value == float("inf"):
                continue
            if value < 1e-9:
                raise _invalid("make a ring", "a patience of 1 ns or more, or None: without end", f"{value} s")
        how[option] = value
    return made, (made.record_name, dtype.itemsize, made.align_bytes, made.text), how
