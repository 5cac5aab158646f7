"""Readers and consumers, and how one iterates over what they get."""

from ._integers import integer, position_of
from .batch import Batch, Entry, Gap
from .errors import _invalid

__all__ = ["Consumer", "Follow", "Reader"]

_MOST_IN_BATCH = 2**24


def start_of(start):
    """What the extension takes: a text, an integer, or a list of them."""
    if isinstance(start, str):
        return start
    if isinstance(start, (list, tuple)):
        return position_of(start)
    return integer(start, "a sequence number to start at")


def reader_options(hold, **options):
    """Seconds become what the extension takes; None is for ever."""
    return {**options, "hold": hold}


class _Following:
    """What readers and consumers have in common."""

    __slots__ = ("_core", "_of", "__weakref__")

    def __init__(self, core, of):
        self._core = core
        self._of = of

    def close(self):
        """Ends it. Who waits in another thread gets Closed soon."""
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
        return f"<arena_shm.{type(self).__name__} of '{self._core.name}'{': closed' if self.closed else ''}>"

    @property
    def dtype(self):
        """numpy.dtype of one record."""
        return self._of.dtype

    def next(self):
        """The next value as an `Entry`; None if there is none now. Never waits."""
        found = self._core.next()
        return None if found is None else Entry._make(found)

    def next_batch(self, most=4096):
        """What is there, at most so many values, as a `Batch`; None if there is nothing now. Never waits.

        Its memory is its own. Values are copied without the interpreter lock if they are more than some KiB.
        """
        found = self._core.next_batch(_batch_size(most))
        return None if found is None else Batch._of(*found)

    def wait(self, timeout=None):
        """Waits until there is a value, for at most `timeout` seconds (None: for ever; 0: looks once).

        Returns: whether there was one, a moment ago. The interpreter lock is released meanwhile; KeyboardInterrupt ends
        it within 25 ms, `close()` in another thread within 100 ms.
        """
        return self._core.wait(timeout)

    def batches(self, timeout=None, batch=4096):
        """Iterates over what comes: a `Follow`. It ends when nothing has come for `timeout` seconds."""
        return Follow(self, timeout, batch, owns=False)

    def batches_async(self, timeout=None, batch=4096):
        """The same for `async for`. The loop is never blocked."""
        return self._follow_async(timeout, batch, owns=False)

    def _follow_async(self, timeout, batch, owns):
        from .following import follow_async  # asyncio takes longer to import than all of this

        return follow_async(self, timeout, _batch_size(batch), owns)

    def gaps(self):
        """Runs of lost values that no batch has told of, a list of `Gap`."""
        return [Gap._make(gap) for gap in self._core.take_gaps()]

    @property
    def position(self):
        """Where it is: for each lane the next number it wants. `reader(start=position)` goes on there."""
        return self._core.position()

    @property
    def cursor(self):
        """The next sequence number it wants; in lanes, the lowest."""
        return self._core.counts()[0]

    @property
    def read_count(self):
        """Values read."""
        return self._core.counts()[1]

    @property
    def overwritten_count(self):
        """Values lost, because a later one took their slot."""
        return self._core.counts()[2]

    @property
    def hole_count(self):
        """Numbers without a value: their writer died or skipped them."""
        return self._core.counts()[3]

    @property
    def lag(self):
        """Values that have been handed out and that it has not come to."""
        return self._core.counts()[5]


class Reader(_Following):
    """Follows a ring, and counts what it missed, by reason. `view.reader(start)` makes one.

    One thread at a time: who calls it while another thread waits in it gets Reentered. Its counters may be asked then,
    and are those of before the wait. In a forked child it raises Forked.
    """

    __slots__ = ()

    @property
    def passed_over_count(self):
        """Values that it went on without: their writer took too long, or it jumped ahead."""
        return self._core.counts()[4]

    @property
    def is_exact(self):
        """Of order="time": is it certain that all that is older, and not marked late, has come before?"""
        return self._core.counts()[6]

    def seek(self, start):
        """Goes elsewhere: "oldest", "newest", a sequence number, or a position. The counters go on."""
        self._core.seek(start_of(start))

    def lane_counts(self, lane):
        """Of one lane: (cursor, read, overwritten, holes, passed over)."""
        lanes = self._of.info.lanes
        return self._core.lane_counts(integer(lane, "a lane", 0, lanes - 1))


class Consumer(_Following):
    """A reader that the writers of a lossless ring wait for. `ring.consumer(name)` makes one.

    A value is done with when the next one, or batch, is asked for; with release="explicitly", when `release()` is
    called. Threads and fork: as `Reader`. `close()` leaves: the writers do not wait for it any more, unless it is
    durable.
    """

    __slots__ = ("_name",)

    def __init__(self, core, of, name):
        super().__init__(core, of)
        self._name = name

    @property
    def name(self):
        """Its name, or its group's."""
        return self._name

    def release(self, before=None):
        """All that it has got is done with, now; or what it has got before a place, and the rest stays as it is.

        For what is done with later than it was got, as when it is acknowledged from elsewhere: with
        release="explicitly". Nothing, if that was released before.

        before  a `position`, or for each lane the sequence number from which on it is not done

        Errors: InvalidArgument, if that is no position in this ring; of a group.
        """
        if before is None:
            self._core.release()
        else:
            self._core.release_before(position_of(before))

    @property
    def awaited_count(self):
        """Values that it has gone on without, and that may still come, late."""
        return self._core.counts()[6]

    @property
    def late_count(self):
        """Values that came late."""
        return self._core.counts()[7]

    @property
    def redelivered_count(self):
        """Values that another member of the group may have had."""
        return self._core.counts()[8]


class Follow:
    """Iterates over batches: each is what is there, one value at least, or at most `batch`. Waits where there is none.

    The iteration ends when nothing has come for `timeout` seconds. What was lost since the last value comes in an
    empty batch before that. `reader` is what it reads: its counters, `seek`, `position`.

    It is closed at the end of a `with` block, or when nobody has it any more; so is a reader that it has made itself.
    """

    __slots__ = ("reader", "_timeout", "_batch", "_owns", "_next", "_wait")

    def __init__(self, reader, timeout, batch, owns):
        self.reader, self._timeout, self._batch, self._owns = reader, timeout, _batch_size(batch), owns
        self._next, self._wait = reader._core.next_batch, reader._core.wait

    def __iter__(self):
        return self

    def __next__(self):
        while True:
            found = self._next(self._batch)
            if found is not None:
                return Batch._of(*found)
            if not self._wait(self._timeout):
                found = self._next(self._batch)  # a gap was reported at the end of the wait
                if found is not None:
                    return Batch._of(*found)
                raise StopIteration

    def close(self):
        """Ends it."""
        if self._owns:
            self.reader.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def _batch_size(most):
    number = integer(most, "the size of a batch", 1, _MOST_IN_BATCH)
    return number


def consumer_options(share, durable, start, release, hold, manner, order):
    """What the extension takes."""
    if isinstance(start, (list, tuple)):
        raise _invalid("consume", 'start="oldest", "newest" or a sequence number', start)
    return {
        "share": bool(share),
        "durable": bool(durable),
        "start": start_of(start),
        "release": release,
        "hold": hold,
        "manner": manner,
        "order": order,
    }
