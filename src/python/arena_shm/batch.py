"""What reading gives: `Entry`, `Batch`, `Gap`."""

from collections import namedtuple

import numpy as np

from .errors import _invalid

__all__ = ["Batch", "Entry", "Gap"]

Entry = namedtuple("Entry", "seq value time late redelivered")
Entry.__doc__ = """A value, and what came with it.

seq          its sequence number
value        a numpy scalar of its own: value["px"], or value.item() for a tuple
time         ticks of the ring's clock (view.timescale); 0 in a ring without times
late         older than what came before it in order="time"; or a consumer had gone on without it
redelivered  of a member of a group: another one may have had it, which has died, left, or was evicted
"""


class Gap(namedtuple("Gap", "first last cause step")):
    """Values that a reader did not get: the sequence numbers first, first + step, ..., last.

    cause is "overwritten", "hole" (its writer died or skipped it) or "passed over"; step is the number of lanes.
    """

    __slots__ = ()

    @property
    def count(self):
        """How many values."""
        return (self.last - self.first) // self.step + 1


class Batch(np.ndarray):
    """Several values as a structured array, which is the reader's own copy: none of them is torn.

    It is a numpy array in all respects. Beside the values there are, each an array of as many elements,

    seq          uint64, the sequence numbers
    time         uint64, ticks of the ring's clock (view.timescale turns them into datetime64); zeros without times
    late         bool, see `Entry`
    redelivered  bool, see `Entry`

    and `gaps`, a list of `Gap`: what was lost since the batch before. Parts of a batch have none of these: take the
    same part of `batch.seq`. A batch may be empty if it has gaps.
    """

    _arrivals = None
    gaps = ()

    @classmethod
    def _of(cls, values, arrivals, gaps):
        self = values.view(cls)
        self._arrivals = arrivals
        self.gaps = [Gap._make(gap) for gap in gaps] if gaps else []
        return self

    def _column(self, name):
        if self._arrivals is None or self.shape != self._arrivals.shape:
            raise _invalid(
                f"take the {name} of a batch",
                "the batch itself",
                "a part of one, or what was computed from it",
                f"take the same part of batch.{name}",
            )
        return self._arrivals[name]

    @property
    def seq(self):
        """The sequence numbers, uint64."""
        return self._column("seq")

    @property
    def time(self):
        """Ticks of the ring's clock, uint64."""
        return self._column("time")

    @property
    def late(self):
        """Which of them came late, bool."""
        return self._column("late")

    @property
    def redelivered(self):
        """Which of them another member may have had, bool."""
        return self._column("redelivered")

    def __array_wrap__(self, array, context=None, return_scalar=False):
        """What a batch was reduced to is a number, as of any other array."""
        return array[()] if array.shape == () else array.view(type(self))

    def __reduce__(self):
        if self._arrivals is None:
            return super().__reduce__()
        return _batch, (np.asarray(self), np.asarray(self._arrivals), list(map(tuple, self.gaps)))


def _batch(values, arrivals, gaps):
    return Batch._of(values, arrivals, gaps)
