"""Following a name rather than a ring: what is there now, and whatever takes its place."""

import time

from ._integers import seconds
from .errors import Closed, NotFound
from .rings import view

__all__ = ["Follower"]

_BETWEEN_LOOKS = 0.02  # seconds


class Follower:
    """Follows the ring that has a name, which need not be there yet; when it is removed and made anew, the new one.

    Of the old one it reads what is left, and what comes as long as somebody holds a seat in it. Sequence numbers begin
    anew then: `on_restart(view)` is called before the first value of the new one. The new one may have another dtype.
    One thread at a time.
    """

    def __init__(self, name, start="oldest", *, on_restart=None, **options):
        self.name = name
        self.on_restart = on_restart
        self._start, self._options = start, options
        self._sources = []  # (view, reader), the newest last
        self._looked = 0.0
        self._gone = [0, 0, 0, 0]
        self._closed = False
        self._look()

    @property
    def view(self):
        """The ring that has the name, or had it last; None: there has been none yet."""
        return self._sources[-1][0] if self._sources else None

    def counts(self):
        """(read, overwritten, holes, passed over), of all rings that it has followed."""
        sums = list(self._gone)
        for _, reader in self._sources:
            for i, count in enumerate(reader._core.counts()[1:5]):
                sums[i] += count
        return tuple(sums)

    def next_batch(self, most=4096):
        """As Reader.next_batch, of one of the rings; None also where there is no ring yet. Errors: Closed."""
        self._require_open()
        found = self._take(most)
        return self._take(most) if found is None and self._look() else found

    def _require_open(self):
        if self._closed:
            error = Closed(f"cannot follow '{self.name}': expected a Follower that is open, found one that was closed")
            error.name, error.doing, error.found = self.name, "follow", "closed"
            raise error

    def _take(self, most):
        for source in list(self._sources):
            view, reader = source
            is_over = source is not self._sources[-1] and not view.has_writers
            batch = reader.next_batch(most)
            if batch is not None:
                return batch
            if is_over and reader.lag == 0:
                for i, count in enumerate(reader._core.counts()[1:5]):
                    self._gone[i] += count
                self._sources.remove(source)
        return None

    def batches(self, timeout=None, batch=4096):
        """Iterates over batches; ends when nothing has come for `timeout` seconds (None: never). Errors: Closed."""
        timeout = seconds(timeout, "follow a name")
        end = None
        while True:
            found = self.next_batch(batch)
            if found is not None:
                end = None
                yield found
                continue
            now = time.monotonic()
            if timeout is not None:
                end = now + timeout if end is None else end
                if now >= end:
                    return
            left = _BETWEEN_LOOKS if end is None else min(_BETWEEN_LOOKS, end - now)
            if self._sources:
                self._sources[-1][1].wait(left)
            else:
                time.sleep(left)

    def _look(self):
        """At the name, at most once in 20 ms. True: there is another ring now."""
        now = time.monotonic()
        if now - self._looked < _BETWEEN_LOOKS:
            return False
        self._looked = now
        if self._sources and not self._sources[-1][0].retired:
            return False
        try:
            found = view(self.name)
        except NotFound:
            return False
        if self._sources and found.info.epoch == self._sources[-1][0].info.epoch:
            return False
        is_first = not self._sources  # of one made anew nothing is left out: what was overwritten counts
        self._sources.append((found, found.reader(self._start if is_first else 0, **self._options)))
        if not is_first and self.on_restart is not None:
            self.on_restart(found)
        return True

    def close(self):
        """Ends it. Who waits in another thread gets Closed soon."""
        self._closed = True
        for _, reader in self._sources:
            reader.close()
        self._sources.clear()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
