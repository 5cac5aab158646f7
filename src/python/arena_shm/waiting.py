"""Waiting for several at once."""

from . import _core
from .errors import _invalid

__all__ = ["WaitSet"]


class WaitSet:
    """A set of readers, consumers and writers, of any rings, that one can wait for together.

    Readers and consumers are ready when they have a value; writers of lossless rings when there is room. One that is
    closed leaves the set. One thread at a time, which is also that of those in it: who uses one of them while a thread
    waits in the set gets Reentered. Does not survive fork.
    """

    __slots__ = ("_core", "_members")

    def __init__(self, *members):
        self._core = _core.wait_set()
        self._members = {}
        for member in members:
            self.add(member)

    def add(self, member):
        """Adds a Reader, Consumer or Writer. Errors: InvalidArgument, if it is in a set already."""
        core = _core_of(member)
        self._core.add(core)
        self._members[id(core)] = member

    def remove(self, member):
        """Takes it out, if it is in this set."""
        core = _core_of(member)
        self._core.remove(core)
        self._members.pop(id(core), None)

    def wait(self, timeout=None):
        """Waits until one of them is ready, for at most `timeout` seconds (None: for ever; 0: looks once).

        Returns: a list of those that are; empty if the time is over. After a sleep, only the one that ended it was
        looked at: others may be ready, too. One system call sleeps for all of up to 128 rings.
        """
        return [self._members[id(core)] for core in self._core.wait(timeout)]

    def fileno(self):
        """A descriptor, owned by the set, which select, poll and event loops find readable when there may be something.

        To use it: call `wait(0)` and take all values, until that returns nothing; then poll. It is readable at least
        ten times a second. The first call starts a thread of the library, which needs no interpreter lock.
        """
        return self._core.fd()

    def close(self):
        """Ends it; the members go on."""
        self._core.close()
        self._members.clear()

    @property
    def closed(self):
        """Has it been closed?"""
        return self._core.closed

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def __len__(self):
        self._members = {key: member for key, member in self._members.items() if not member.closed}
        return len(self._members)


def _core_of(member):
    core = getattr(member, "_core", None)
    if not isinstance(core, (_core.Reader, _core.Consumer, _core.Writer)):
        raise _invalid("use a WaitSet", "a Reader, a Consumer or a Writer", member, "", "invalid_type")
    return core
