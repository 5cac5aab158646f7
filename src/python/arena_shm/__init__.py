"""A ring of the last N records in named shared memory, for the processes of one Linux host.

    import arena_shm, numpy as np

    tick = np.dtype([("ts_ns", "u8"), ("px", "f8"), ("sym", "S8")])
    ring = arena_shm.create("ticks", tick, slots=65536)
    seq = ring.alloc((1, 101.25, b"ES"))                       # or a dict, a dataclass, a numpy record
    with ring.writer() as writer:
        seqs = writer.alloc_many(np.zeros(100, tick))          # without a lock
    for batch in arena_shm.view("ticks").follow(timeout=1.0):  # usually in another process
        print(len(batch), batch["px"].sum(), batch.gaps)
    arena_shm.remove("ticks")

Any number of processes write and read it, in C++, C, Go and Python. Any of them may be killed at any instruction: no
reader gets a torn value, and each value that it missed is counted, with the reason.

Start with `create`, `open` and `view`. What they return is a `Ring` or a `View`; these make a `Writer`, a `Reader`, a
`Consumer`. Exceptions are in `arena_shm.errors`, and here. Times are in seconds, sizes in bytes, lengths in elements.
"""

from . import _core

if not _core.is_main_interpreter():
    raise ImportError("arena_shm: works in the main interpreter only, for numpy and its own types are shared by all")

from .batch import Batch, Entry, Gap  # noqa: E402
from .errors import *  # noqa: E402, F403
from .errors import __all__ as _errors  # noqa: E402
from .follower import Follower  # noqa: E402
from .reading import Consumer, Follow, Reader  # noqa: E402
from .rings import Ring, Writer, create, open, open_or_create, remove, view  # noqa: E402, A004
from .schema import Field, Schema  # noqa: E402
from .views import ConsumerInfo, Info, Timescale, View  # noqa: E402
from .waiting import WaitSet  # noqa: E402

__version__ = _core.version

__all__ = [
    "Batch",
    "Consumer",
    "ConsumerInfo",
    "Entry",
    "Field",
    "Follow",
    "Follower",
    "Gap",
    "Info",
    "Reader",
    "Ring",
    "Schema",
    "Timescale",
    "View",
    "WaitSet",
    "Writer",
    "create",
    "open",
    "open_or_create",
    "remove",
    "view",
    *_errors,
]
