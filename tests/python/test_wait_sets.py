"""Sets, names, and asyncio."""

import asyncio
import select
import threading
import time

import pytest
from conftest import TICK, ticks
from test_waiting import eventually, in_thread, is_inside

import arena_shm


@pytest.fixture
def two(names):
    return [arena_shm.create(names(), TICK, slots=64) for _ in range(2)]


def test_it_says_who_is_ready(two):
    first, second = (ring.reader() for ring in two)
    with arena_shm.WaitSet(first, second) as waits:
        assert len(waits) == 2 and waits.wait(0) == [] and waits.wait(0.01) == []
        two[1].alloc((1, 2, b""))
        assert waits.wait(5) == [second] and second.next().seq == 0
        two[0].alloc((1, 2, b""))
        two[1].alloc((1, 2, b""))
        assert set(waits.wait(0)) == {first, second}
        waits.remove(first)
        assert waits.wait(0) == [second]
        first.next(), second.next()
        with pytest.raises(arena_shm.InvalidArgument):
            waits.add(second)
        with pytest.raises(arena_shm.InvalidArgument):
            arena_shm.WaitSet(second)
        for wrong in (two[0], None, 3, waits):
            with pytest.raises(arena_shm.InvalidType):
                waits.add(wrong)
    with pytest.raises(arena_shm.Closed):
        waits.wait(0)


def test_writers_are_ready_when_there_is_room(lossless):
    with lossless.consumer("a") as consumer, lossless.writer() as writer:
        waits = arena_shm.WaitSet(writer)
        assert waits.wait(0) == [writer]
        writer.alloc_many(ticks(8))
        assert waits.wait(0) == []
        waits.add(consumer)
        assert waits.wait(0) == [consumer]
        consumer.next_batch(), consumer.next_batch()
        assert writer in waits.wait(5)


def test_what_is_closed_leaves_the_set(two):
    first, second = (ring.reader() for ring in two)
    waits = arena_shm.WaitSet(first, second)
    waiter = in_thread(lambda: waits.wait(20))
    assert eventually(lambda: is_inside(first))
    with pytest.raises(arena_shm.Reentered):
        second.next()
    first.close()
    two[0].alloc((1, 2, b""))
    two[1].alloc((1, 2, b""))
    assert waiter.result() == [second]
    assert len(waits) == 1
    waits.remove(first)
    second.close()
    assert waits.wait(0) == []
    assert len(waits) == 0


def test_a_set_that_is_closed_ends_its_wait(two):
    reader = two[0].reader()
    waits = arena_shm.WaitSet(reader)
    waiter = in_thread(waits.wait)
    assert eventually(lambda: is_inside(reader))
    waits.close()
    assert isinstance(waiter.result(), arena_shm.Closed)
    two[0].alloc((1, 2, b""))
    assert reader.next().seq == 0
    arena_shm.WaitSet(reader)


def test_its_descriptor_can_be_polled(two):
    reader = two[0].reader()
    waits = arena_shm.WaitSet(reader)
    poll = select.poll()
    poll.register(waits, select.POLLIN)
    for i in range(20):
        assert waits.wait(0) == []
        timer = threading.Timer(0.001, two[0].alloc, ((i, 2, b""),))
        timer.start()
        while not waits.wait(0):
            assert poll.poll(5000)
        assert reader.next().seq == i


def test_asyncio_follows_beside_others(two):
    async def follow(ring, wanted):
        got = []
        async for batch in ring.follow_async(batch=8):
            got += batch["ts_ns"].tolist()
            assert batch.seq.size == len(batch)
            if len(got) >= wanted:
                return got

    async def tick():
        turns = 0
        while True:
            await asyncio.sleep(0.001)
            turns += 1
            counts.append(turns)

    async def main():
        beside = asyncio.ensure_future(tick())
        writers = [threading.Thread(target=write, args=(ring,)) for ring in two]
        for one in writers:
            one.start()
        got = await asyncio.wait_for(asyncio.gather(follow(two[0], 50), follow(two[1], 50)), 30)
        beside.cancel()
        for one in writers:
            one.join()
        return got

    def write(ring):
        for i in range(50):
            ring.alloc((i, 0, b""))
            time.sleep(0.001)

    counts = []
    assert asyncio.run(main()) == [list(range(50))] * 2
    assert len(counts) > 5


def test_asyncio_gets_its_turn_between_batches(two):
    with two[0].writer() as writer:
        writer.alloc_many(ticks(64))

    async def main():
        seen = []
        asyncio.get_running_loop().call_soon(seen.append, "turn")
        batches = two[0].follow_async(batch=1)
        first = await batches.__anext__()
        second = await batches.__anext__()
        await batches.aclose()
        return seen, first.seq[0], second.seq[0]

    assert asyncio.run(main()) == (["turn"], 0, 1)


def test_asyncio_ends_and_is_cancelled(two, lossless):
    async def main():
        assert [len(batch) async for batch in two[0].follow_async(timeout=0.02)] == []
        two[0].alloc((1, 2, b""))
        assert [len(batch) async for batch in two[0].follow_async(timeout=0)] == [1]
        task = asyncio.ensure_future(two[1].follow_async().__anext__())
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        with lossless.consumer("a") as consumer:
            lossless.alloc((7, 8, b""))
            assert [batch["ts_ns"][0] async for batch in consumer.batches_async(timeout=0.01)] == [7]
            assert not consumer.closed

    asyncio.run(main())


def test_a_name_is_followed_from_ring_to_ring(name):
    restarts = []
    with arena_shm.Follower(name, on_restart=restarts.append) as follower:
        assert list(follower.batches(timeout=0)) == [] and follower.view is None
        with arena_shm.create(name, TICK, slots=8) as ring:
            ring.alloc((1, 0, b""))
            batches = follower.batches(timeout=10)
            assert next(batches)["ts_ns"].tolist() == [1]
            ring.alloc((2, 0, b""))
            arena_shm.remove(name)
        with arena_shm.create(name, "f8", slots=4) as ring:
            with ring.writer() as writer:
                writer.alloc_many([0.5] * 6)
            assert next(batches)["ts_ns"].tolist() == [2]
            batch = next(batches)
            assert batch.tolist() == [0.5] * 4
            assert follower.view.dtype == "f8" and restarts == [follower.view]
            assert follower.counts() == (6, 2, 0, 0)  # of one made anew, what was overwritten counts


def test_a_follower_that_is_closed_stays_so(name):
    with arena_shm.create(name, "u8", slots=8) as ring:
        ring.alloc(1)
        follower = arena_shm.Follower(name)
        assert follower.next_batch().tolist() == [1]
        follower.close()
        for use in (follower.next_batch, lambda: next(follower.batches(timeout=0))):
            with pytest.raises(arena_shm.Closed):
                use()


def test_a_followers_wait_for_a_name_ends_when_it_is_closed(name):
    follower = arena_shm.Follower(name)
    assert follower.next_batch() is None
    ended = []

    def follow():
        try:
            list(follower.batches())
        except arena_shm.Closed as closed:
            ended.append(closed)

    thread = threading.Thread(target=follow)
    thread.start()
    follower.close()
    thread.join()
    assert len(ended) == 1


def test_a_follower_looks_at_what_it_is_given(name):
    with pytest.raises(arena_shm.InvalidName):
        arena_shm.Follower("bad/name")
    for timeout in (float("nan"), "x"):
        with pytest.raises(arena_shm.InvalidArgument):
            next(arena_shm.Follower(name).batches(timeout=timeout))
