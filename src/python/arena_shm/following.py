"""Following in asyncio."""

import asyncio

from ._integers import seconds
from .batch import Batch
from .waiting import WaitSet


async def follow_async(reader, timeout, batch, owns):
    """Yields a `Batch` each time; ends as `Follow` does.

    The loop waits for a descriptor, which a thread of the library makes readable: that thread sleeps in the kernel, and
    knows nothing of Python. Between two batches the loop gets its turn.
    """
    timeout = seconds(timeout, "follow")
    loop = asyncio.get_running_loop()
    waits = WaitSet()
    try:
        waits.add(reader)
        take = reader._core.next_batch
        while True:
            found = take(batch)
            if found is None and waits.wait(0):
                found = take(batch)
            if found is None:
                if await _readable(loop, waits, timeout):
                    continue
                found = take(batch)
                if found is None:
                    return
            yield Batch._of(*found)
            await asyncio.sleep(0)
    finally:
        waits.close()
        if owns:
            reader.close()


async def _readable(loop, waits, timeout):
    """Waits until the set has something, or the time is over: False. The descriptor may be readable without."""
    end = None if timeout is None else loop.time() + timeout
    fd = waits.fileno()
    while True:
        told = loop.create_future()
        loop.add_reader(fd, _tell, told)
        try:
            await asyncio.wait_for(told, None if end is None else max(end - loop.time(), 0))
        except asyncio.TimeoutError:
            return False
        finally:
            loop.remove_reader(fd)
        if waits.wait(0):
            return True


def _tell(told):
    if not told.done():
        told.set_result(None)
