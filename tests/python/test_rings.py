"""Making, opening, appending, reading."""

import pickle
import threading

import numpy as np
import pytest
from conftest import TICK, ticks

import arena_shm


def test_values_come_back_as_they_were_given(ring):
    assert ring.alloc((1, 101.25, b"ES")) == 0
    assert ring.alloc({"sym": "CL", "ts_ns": 2, "px": 77}) == 1
    assert ring.alloc(ticks(3)[2]) == 2
    assert ring.alloc(ticks(3)[1:2].reshape(())) == 3
    assert [ring.read(seq).value.item() for seq in range(4)] == [
        (1, 101.25, b"ES"),
        (2, 77.0, b"CL"),
        (2, 0.5, b"ES"),
        (1, 0.25, b"ES"),
    ]
    entry = ring.latest()
    assert (entry.seq, entry.time, entry.late, entry.redelivered) == (3, 0, False, False)
    assert entry.value["px"] == 0.25
    assert (ring.head, ring.count, len(ring)) == (4, 4, 64)


def test_a_value_that_was_read_is_a_copy(name):
    with arena_shm.create(name, TICK, slots=1) as ring:
        ring.alloc((1, 1.0, b"a"))
        first = ring.read(0).value
        latest = ring.latest().value
        entry = ring.reader().next()
        ring.alloc((2, 2.0, b"b"))
        assert first["ts_ns"] == latest["ts_ns"] == entry.value["ts_ns"] == 1


def test_read_says_why_there_is_no_value(name):
    with arena_shm.create(name, TICK, slots=4) as ring:
        for i in range(6):
            ring.alloc((i, 0, b""))
        for seq, status in ((0, "overwritten"), (6, "not_yet"), (2**63, "not_yet"), (2**64 - 1, "not_yet")):
            with pytest.raises(arena_shm.NotAvailable) as caught:
                ring.read(seq)
            assert caught.value.status == status
            assert isinstance(caught.value, LookupError)
            assert ring.get(seq) is None
        assert ring.get(5).value["ts_ns"] == 5
        assert ring.get(0, "none") == "none"
        for wrong in (-1, 2**64, 1.5, "1", None):
            with pytest.raises(arena_shm.InvalidArgument):
                ring.read(wrong)


def test_latest_of_an_empty_ring_is_none(ring):
    assert ring.latest() is None


@pytest.mark.parametrize("writers", ["shared", "exclusive", "laned"])
def test_alloc_many_gives_the_number_of_each_value(name, writers):
    with arena_shm.create(name, TICK, slots=32, writers=writers, seats=3) as ring:
        with ring.writer("first") as one:
            first = one.alloc_many(ticks(100))
            with pytest.raises(arena_shm.TableFull) if writers == "exclusive" else ring.writer() as other:
                if writers == "exclusive":
                    ring.writer()
                other.alloc((500, 0, b""))
            second = one.alloc_many(ticks(20, 100))
        assert first.dtype == second.dtype == np.uint64
        assert (len(first), len(second)) == (100, 20)
        for seq, value in zip(second, ticks(20, 100)):
            assert ring.read(seq).value == value
        assert set(first).isdisjoint(second)
        step = 3 if writers == "laned" else 1
        assert (np.diff(first) == step).all()


def test_alloc_many_takes_lists_parts_and_shapes(ring):
    with ring.writer() as writer:
        assert list(writer.alloc_many([(1, 2.0, b"x"), (2, 3.0, b"y")])) == [0, 1]
        assert writer.alloc_many(ticks(4).reshape(2, 2)).tolist() == [[2, 3], [4, 5]]
        assert list(writer.alloc_many(ticks(9)[::3])) == [6, 7, 8]
        assert list(writer.alloc_many(ticks(0))) == []
        assert [ring.read(seq).value["ts_ns"] for seq in (6, 7, 8)] == [0, 3, 6]
        for wrong in (np.zeros(3), np.zeros(2, [("ts_ns", "u8")]), ["x"], 3, None):
            with pytest.raises(arena_shm.Error):
                writer.alloc_many(wrong)
        assert ring.head == 9


def test_a_large_batch_is_appended_without_the_lock(name):
    with arena_shm.create(name, TICK, slots=100_000) as ring, ring.writer() as writer:
        seqs = writer.alloc_many(ticks(250_000))
        assert (seqs == np.arange(250_000)).all()
        assert ring.latest().value["ts_ns"] == 249_999


def test_a_writer_tells_its_time_and_its_seat(name):
    with arena_shm.create(name, TICK, slots=8, time=True) as ring, ring.writer() as writer:
        assert writer.time == 0
        writer.alloc((1, 0, b""))
        entry = ring.latest()
        assert writer.time == entry.time > 0
        when = ring.timescale.datetime64(entry.time)
        assert abs(when - np.datetime64("now", "ns")) < np.timedelta64(2, "s")
        assert abs(ring.timescale.time_of(when) - entry.time) < 100_000
        batch = ring.reader().next_batch()
        assert ring.timescale.datetime64(batch.time).dtype == np.dtype("M8[ns]")
        assert isinstance(writer.seat, int)


def test_a_ring_without_times_has_no_timescale(ring):
    with pytest.raises(arena_shm.InvalidArgument):
        ring.timescale


def test_open_or_create_takes_what_is_there(name):
    with arena_shm.open_or_create(name, TICK, slots=8) as ring:
        ring.alloc((7, 0, b""))
        with arena_shm.open_or_create(name, TICK, slots=8) as again:
            assert again.latest().value["ts_ns"] == 7
        with pytest.raises(arena_shm.IncompatibleOptions):
            arena_shm.open_or_create(name, TICK, slots=9)
        with pytest.raises(arena_shm.IncompatibleType):
            arena_shm.open_or_create(name, [("ts_ns", "u8"), ("px", "f8"), ("sym", "S7"), ("x", "S1")], slots=8)


def test_info_has_all_facts(name):
    with arena_shm.create(
        name, TICK, slots=8, writers="laned", seats=4, time=True, full="wait", consumers=3, patience=2.5
    ) as ring:
        info = ring.info
        assert (info.name, info.size_bytes, info.align_bytes, info.lanes, info.seats) == (name, 24, 8, 4, 4)
        assert (info.slots, info.writers, info.full, info.consumers, info.patience) == (32, "laned", "wait", 3, 2.5)
        assert info.clock != "none" and len(info.epoch) == 16 and info.stride_bytes == 40
        assert abs(info.created - np.datetime64("now", "ns")) < np.timedelta64(10, "s")
        assert '"names":["ts_ns","px","sym"]' in info.schema_text


def test_remove_takes_the_name_and_leaves_the_ring(ring, name):
    reader = arena_shm.view(name).reader()
    assert arena_shm.remove(name)
    assert not arena_shm.remove(name)
    assert ring.retired
    ring.alloc((1, 2, b"x"))
    assert reader.next().value["ts_ns"] == 1
    with pytest.raises(arena_shm.NotFound):
        arena_shm.open(name)


def test_what_is_closed_says_so(ring, name):
    view, reader, writer = arena_shm.view(name), ring.reader(), ring.writer()
    peek, batches = view.peek(), view.follow(timeout=0)
    ring.alloc((5, 0, b"z"))
    for one in (view, reader, writer, ring):
        assert not one.closed
        one.close()
        one.close()
        assert one.closed and "closed" in repr(one)
    assert peek[0]["ts_ns"] == 5
    assert len(next(batches)) == 1
    for call in (
        lambda: ring.alloc((1, 2, b"")),
        lambda: view.read(0),
        view.latest,
        view.peek,
        lambda: view[0],
        reader.next,
        reader.next_batch,
        reader.wait,
        lambda: reader.read_count,
        lambda: writer.alloc(None),
        lambda: writer.alloc_many(ticks(1)),
        lambda: view.head,
        lambda: view.reader(),
        ring.writer,
    ):
        with pytest.raises(arena_shm.Closed) as caught:
            call()
        assert isinstance(caught.value, ValueError) and caught.value.name == name


def test_threads_share_a_ring(name):
    with arena_shm.create(name, TICK, slots=4096) as ring:

        def append(thread):
            for i in range(500):
                ring.alloc((i, thread, b"t"))

        threads = [threading.Thread(target=append, args=(thread,)) for thread in range(4)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
        values = ring.reader().next_batch()
        assert len(values) == 2000
        for thread in range(4):
            assert (values["ts_ns"][values["px"] == thread] == np.arange(500)).all()


def test_rings_are_pickled_by_name(ring, name):
    ring.alloc((3, 0, b""))
    for one in (ring, arena_shm.view(name)):
        again = pickle.loads(pickle.dumps(one))
        assert type(again) is type(one) and again.latest().value["ts_ns"] == 3
    for one in (ring.reader(), ring.writer()):
        with pytest.raises(TypeError):
            pickle.dumps(one)
