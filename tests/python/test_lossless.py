"""Consumers, groups, and writers that wait for them."""

import contextlib
import threading

import pytest
from conftest import TICK, run, ticks

import arena_shm


@contextlib.contextmanager
def another_thread():
    """Of a process that has only one, a writer is told that it would wait for itself."""
    over = threading.Event()
    thread = threading.Thread(target=over.wait)
    thread.start()
    yield
    over.set()
    thread.join()


def test_a_consumer_gets_every_value(lossless):
    with lossless.consumer("all") as consumer, lossless.writer() as writer:
        assert consumer.name == "all"
        for first in range(0, 40, 8):
            writer.alloc_many(ticks(8, first))
            assert writer.try_alloc((1, 2, b"")) is None
            batch = consumer.next_batch()
            assert (batch == ticks(8, first)).all()
            assert consumer.next() is None
        assert (consumer.read_count, consumer.overwritten_count, consumer.lag) == (40, 0, 0)
        assert (consumer.hole_count, consumer.awaited_count, consumer.late_count, consumer.redelivered_count) == (
            0,
        ) * 4


def test_a_writer_that_finds_no_room_says_who_is_in_the_way(lossless):
    with lossless.consumer("slow") as consumer, lossless.writer() as writer:
        writer.alloc_many(ticks(8))
        (one,) = writer.blocked_by()
        assert (one.name, one.kind, one.life, one.in_the_way, one.lag) == ("slow", "alone", "alive", True, 8)
        with another_thread(), pytest.raises(arena_shm.TimedOut, match="consumer 'slow'") as caught:
            writer.alloc_for(0.01, (1, 2, b""))
        assert isinstance(caught.value, TimeoutError) and "within 0.01 s" in caught.value.expected
        for _ in range(8):
            consumer.next()
        consumer.wait(0)
        assert writer.alloc_for(10, (1, 2, b"")) == 8
        assert writer.blocked_by() == []
        assert [one.name for one in lossless.consumers()] == ["slow"]
        with pytest.raises(arena_shm.InvalidArgument):
            writer.alloc_for("soon", (1, 2, b""))


def test_a_process_that_would_wait_for_itself_is_told(lossless):
    assert (
        run(
            """
ring = arena_shm.open(sys.argv[1])
consumer, writer = ring.consumer("own"), ring.writer()
for alloc in (ring.alloc, writer.alloc, lambda value: writer.alloc_many([value]),
              lambda value: writer.alloc_for(9, value)):
    try:
        for _ in range(9): alloc((1, 2, b""))
    except arena_shm.WouldDeadlock as error:
        print(error.code)
""",
            lossless.name,
        )
        == (0, "would_deadlock\n" * 4)
    )


def test_release_explicitly(lossless):
    with lossless.consumer("own", release="explicitly") as consumer, lossless.writer() as writer:
        writer.alloc_many(ticks(8))
        assert len(consumer.next_batch()) == 8 and consumer.next() is None
        assert writer.try_alloc((1, 2, b"")) is None
        consumer.release()
        assert writer.try_alloc((1, 2, b"")) == 8


def test_releases_what_is_before_a_place(lossless):
    with lossless.consumer("own", release="explicitly") as consumer, lossless.writer() as writer:
        writer.alloc_many(ticks(8))
        assert len(consumer.next_batch(3)) == 3
        behind_three = consumer.position
        assert behind_three == [3]
        assert len(consumer.next_batch()) == 5
        consumer.release(behind_three)
        assert [writer.try_alloc((n, 2, b"")) for n in range(4)] == [8, 9, 10, None]
        consumer.release([2])
        assert writer.try_alloc((1, 2, b"")) is None
        for wrong in [[1, 2], [], [-1]]:
            with pytest.raises(arena_shm.InvalidArgument):
                consumer.release(wrong)
        for wrong in [["1"], "1", 2]:
            with pytest.raises(arena_shm.InvalidType):
                consumer.release(wrong)


def test_a_durable_consumer_comes_back_to_its_place(lossless):
    with lossless.writer() as writer:
        with lossless.consumer("log", durable=True) as consumer:
            writer.alloc_many(ticks(5))
            for _ in range(3):
                consumer.next()
            consumer.release()
        (one,) = lossless.consumers()
        assert (one.life, one.durable) == ("away", True)
        with lossless.consumer("log", durable=True) as consumer:
            assert consumer.next().seq == 3
        lossless.remove_consumer("log")
        assert lossless.consumers() == []
        with pytest.raises(arena_shm.NotFound):
            lossless.remove_consumer("log")


def test_members_of_a_group_share_the_values(lossless):
    with lossless.consumer("jobs", share=True) as one, lossless.consumer("jobs", share=True) as other:
        lossless.alloc((1, 0, b""))
        lossless.alloc((2, 0, b""))
        first, second = one.next(), other.next()
        assert {first.seq, second.seq} == {0, 1} and one.next() is None
        kinds = sorted(info.kind for info in lossless.consumers())
        assert kinds == ["group", "member", "member"]
        lossless.alloc((3, 0, b""))
        assert other.next().seq == 2
        other.close()
        again = [batch for batch in one.batches(timeout=1) for batch in batch.seq[batch.redelivered].tolist()]
        assert again == [2] and one.redelivered_count == 1


def test_an_evicted_consumer_is_told_once(lossless):
    with lossless.consumer("slow") as consumer, lossless.writer() as writer:
        writer.alloc_many(ticks(8))
        consumer.next()
        lossless.evict_consumer("slow")
        writer.alloc_many(ticks(8, 8))
        with pytest.raises(arena_shm.Evicted):
            consumer.next()
        batch = consumer.next_batch()
        assert batch.seq.tolist() == list(range(8, 16)) and batch.gaps[0].cause == "overwritten"
        with pytest.raises(arena_shm.NotFound):
            lossless.evict_consumer("nobody")


def test_names_are_taken_by_one(lossless, names):
    lossless.consumer("a").close()
    with lossless.consumer("a"):
        with pytest.raises(arena_shm.AlreadyExists):
            lossless.consumer("a")
    for wrong in ("", "a" * 1000, "a\0b"):
        with pytest.raises(arena_shm.Error):
            lossless.consumer(wrong)
    for wrong in ({"release": "later"}, {"start": [1]}, {"start": "first"}, {"share": True, "order": "time"}):
        with pytest.raises(arena_shm.InvalidArgument):
            lossless.consumer("b", **wrong)
    with arena_shm.create(names(), TICK, slots=8) as other, pytest.raises(arena_shm.InvalidArgument):
        other.consumer("a")


def test_a_batch_is_done_with_when_the_next_one_is_asked_for(lossless):
    with lossless.consumer("a") as consumer, lossless.writer() as writer:
        writer.alloc_many(ticks(8))
        batches = consumer.batches(timeout=0, batch=4)
        next(batches)
        assert writer.try_alloc((1, 2, b"")) is None
        next(batches)
        assert writer.try_alloc((1, 2, b"")) == 8
