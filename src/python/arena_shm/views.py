"""Rings that are there: `View`, for reading only, and what `Ring` has in common with it."""

from collections import namedtuple

import numpy as np

from . import _core, schema
from ._integers import integer
from .errors import _make
from .batch import Entry
from .reading import Follow, Reader, reader_options, start_of
from .records import described, packer

__all__ = ["ConsumerInfo", "Info", "View"]

Info = namedtuple(
    "Info",
    "name record_name size_bytes align_bytes schema_text slots lanes stride_bytes segment_bytes "
    "seats writers clock full consumers patience epoch boot_id created creator_pid "
    "layout_version",
)
Info.__doc__ = """What a ring says about itself. Sizes are in bytes, times in seconds; `slots` are those of all lanes.

writers is "shared", "exclusive" or "laned"; clock "none", "tsc", "virtual_counter" or "boottime"; full "overwrite" or
"wait"; consumers: how many may be registered; patience: 0 is none; epoch: 16 random bytes, two rings of one name differ
in them; created: numpy.datetime64[ns].
"""
ConsumerInfo = namedtuple(
    "ConsumerInfo", "name kind index durable life group members holds pid process position lag " "in_the_way stalled"
)
ConsumerInfo.__doc__ = """One consumer of a ring, or group, or member of one.

kind is "alone", "group" or "member"; life "alive", "away" or "evicted"; lag in values; in_the_way: there is no room
because of it; stalled: for so many seconds.
"""


def consumer_infos(told):
    return [ConsumerInfo(**one) for one in told]


class Timescale:
    """Turns `Entry.time` and `Batch.time`, which are ticks of the ring's clock, into times of day, and back."""

    __slots__ = ("_core",)

    def __init__(self, core):
        self._core = core

    def datetime64(self, time):
        """Ticks, one or an array of them, as numpy.datetime64[ns] (UTC). Good to a microsecond for new values."""
        return self.nanoseconds(time).view("M8[ns]")

    def nanoseconds(self, time):
        """The same as int64: nanoseconds since 1970."""
        made = self._core.nanoseconds(np.ascontiguousarray(time, np.uint64).reshape(np.shape(time)))
        return made if made.shape else made[()]

    def time_of(self, moment):
        """The lowest time, about, that is not before this datetime64, or number of nanoseconds since 1970."""
        if isinstance(moment, np.datetime64):
            moment = moment.astype("M8[ns]").astype(np.int64)
        return self._core.time_of(integer(moment, "nanoseconds since 1970", -(2**63), 2**63 - 1))


class View:
    """A ring, attached for reading only: needs read permission, and leaves no trace. `view(name)` makes one.

    Any thread may use it. It stays usable when the ring's name is removed, and is closed by `close()`, at the end of a
    `with` block, or when nobody has it any more. In a forked child it raises Forked: open another one there. It can be
    pickled: who gets it opens the ring by its name.
    """

    _attach = staticmethod(_core.view)

    def __init__(self, name, dtype=None):
        self._use(self._attach(name), dtype)

    def _use(self, core, dtype=None, made=None):
        self._core = core
        told = core.info()
        told["created"] = np.datetime64(told.pop("created_ns"), "ns")
        if dtype is not None and not isinstance(dtype, np.dtype):
            dtype = described(dtype)[0]
        self._schema = made or schema.of_info(told, dtype)
        self._info = Info(**told)
        core.set_format(_format_of(self._schema.dtype))

    def close(self):
        """Detaches. Who waits in another thread gets Closed soon; readers, writers and arrays go on."""
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
        state = "closed" if self.closed else f"{self._info.slots} slots, {self._schema.dtype}"
        return f"<arena_shm.{type(self).__name__} '{self._info.name}': {state}>"

    def __reduce__(self):
        return type(self), (self._info.name, self._schema.dtype)

    @property
    def name(self):
        """The ring's name, without a slash."""
        return self._info.name

    @property
    def info(self):
        """All facts: an `Info`."""
        return self._info

    @property
    def schema(self):
        """Fields, units, enums and the time field: a `Schema`."""
        return self._schema

    @property
    def dtype(self):
        """numpy.dtype of one record, with all padding."""
        return self._schema.dtype

    @property
    def head(self):
        """The next sequence number to be handed out; in lanes, beyond all that were."""
        return self._core.head()

    @property
    def count(self):
        """How many sequence numbers have been handed out."""
        return self._core.count()

    @property
    def retired(self):
        """Is its name gone, or another ring's? Attached processes go on."""
        return self._core.retired()

    @property
    def has_writers(self):
        """Does somebody hold a seat in it?"""
        return self._core.has_writers()

    @property
    def timescale(self):
        """A `Timescale`. Errors: InvalidArgument, if the ring was made without time=True."""
        return Timescale(self._core.timescale())

    def prefault(self):
        """Maps all slots now, so that the first lap has no page faults."""
        self._core.prefault()

    def consumers(self):
        """Who is registered in a lossless ring: a list of `ConsumerInfo`."""
        return consumer_infos(self._core.consumers())

    def read(self, seq):
        """The value with this sequence number, as an `Entry`. Never waits.

        Errors: NotAvailable (a LookupError), whose status is "not_yet", "pending", "overwritten" or "hole".
        """
        found = self._core.read(integer(seq, "a sequence number"))
        if isinstance(found, str):
            error = _make(
                "not_available", "", self.name, f"read {seq} of", "a published value", found.replace("_", " ")
            )
            error.status = found
            raise error
        return Entry._make(found)

    def get(self, seq, default=None):
        """The same, but `default` where there is no value."""
        found = self._core.read(integer(seq, "a sequence number"))
        return default if isinstance(found, str) else Entry._make(found)

    def latest(self):
        """The newest published value as an `Entry`, in lanes that with the latest time; None if there is none."""
        found = self._core.latest()
        return None if found is None else Entry._make(found)

    def peek(self):
        """The slots themselves as a read-only array: live, unsynchronised, and it may be half overwritten.

        Shape (slots,), the value of seq being at seq % slots; in lanes (slots of a lane, lanes), the value of seq being
        at [seq // lanes % slots, seq % lanes]. The array keeps the memory mapped, whatever is closed or removed. In a
        forked child it shows zeros.

        Live are the array, its slices and fields, and records taken out of it: `peek[3]`, `list(peek)`, and even
        `numpy.copy(peek[3])`. Copies are `peek.copy()`, `peek[3].copy()`, `peek[3].item()`, and the single
        numbers `peek["px"][3]` and `peek[3]["px"]`. A copy may be torn: `read`, `follow` are not.
        """
        return self._core.peek()

    def __len__(self):
        """How many slots it has, in all lanes together."""
        return self._info.slots

    def __getitem__(self, index):
        """`peek()[index]`, slots being counted as sequence numbers are; live as well."""
        slots = self._core.peek()
        if slots.ndim == 1 or isinstance(index, str):
            return slots[index]
        index = integer(index, "the index of a slot in lanes", -self._info.slots, 2**63)
        if index >= self._info.slots:
            raise IndexError(f"slot {index} of {self._info.slots}")
        return slots[divmod(index % self._info.slots, slots.shape[1])]

    def reader(self, start="oldest", *, manner="latency", hold=0.001, doorbell=True, order="arrival"):
        """A `Reader`, which follows from `start` on: "oldest", "newest", a sequence number, or a position.

        manner    "latency": gets each value soonest; "throughput": lets several come first, which slows writers less
        hold      seconds for which later values are held back for one whose writer lives but does not publish it
        doorbell  sleep on the ring's doorbell, if it may be written; else look again each millisecond
        order     "arrival", or "time": all lanes merged by time, which needs time=True
        """
        options = reader_options(manner=manner, hold=hold, doorbell=bool(doorbell), order=order)
        return Reader(_core.reader(self._core, start_of(start), options), self)

    def follow(self, start="oldest", *, timeout=None, batch=4096, **options):
        """Iterates over what comes, in batches: for `batch in view.follow(timeout=1.0)`. See `Follow`, `Batch`.

        timeout  ends when nothing has come for so many seconds; None: never
        batch    most values at a time
        options  as of `reader`
        """
        return Follow(self.reader(start, **options), timeout, batch, owns=True)

    def follow_async(self, start="oldest", *, timeout=None, batch=4096, **options):
        """The same for asyncio: `async for batch in view.follow_async()`. The loop is never blocked."""
        return self.reader(start, **options)._follow_async(timeout, batch, owns=True)


def _format_of(dtype):
    """The record for the extension: its fields if all of them are single numbers or bytes."""
    if dtype.names is None:
        simple = dtype.kind in "iub" or (dtype.kind == "f" and dtype.itemsize in (4, 8))
        fields = [("", dtype.kind, 0, dtype.itemsize)] if simple else None
        return _core.format(dtype, fields, True, packer(dtype))
    fields = []
    for name in dtype.names:
        inner, offset = dtype.fields[name][:2]
        if (
            inner.kind not in "iubfS"
            or inner.subdtype is not None
            or (inner.kind == "f" and inner.itemsize not in (4, 8))
        ):
            fields = None
            break
        fields.append((name, inner.kind, offset, inner.itemsize))
    return _core.format(dtype, fields, False, packer(dtype))
