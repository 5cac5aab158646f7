"""Readers, batches, gaps, positions."""

import pickle

import numpy as np
import pytest
from conftest import TICK, ticks

import arena_shm


def test_a_batch_is_a_structured_array_with_its_numbers(ring):
    with ring.writer() as writer:
        writer.alloc_many(ticks(10))
    batch = ring.reader().next_batch()
    assert isinstance(batch, np.ndarray) and batch.dtype == TICK and (batch == ticks(10)).all()
    assert batch.seq.dtype == np.uint64 and batch.seq.tolist() == list(range(10))
    assert batch.time.tolist() == [0] * 10 and not batch.late.any() and not batch.redelivered.any()
    assert batch.gaps == []
    again = pickle.loads(pickle.dumps(batch))
    assert (again == batch).all() and again.seq.tolist() == list(range(10))
    assert batch["px"].mean() == ticks(10)["px"].mean()


def test_a_part_of_a_batch_has_no_numbers_of_its_own(ring):
    with ring.writer() as writer:
        writer.alloc_many(ticks(10))
    batch = ring.reader().next_batch()
    for part in (batch[2:5], batch["px"], batch[batch["px"] > 1], batch["px"] * 2, batch.reshape(2, 5)):
        with pytest.raises(arena_shm.InvalidArgument, match="take the same part of batch.seq"):
            part.seq
    assert batch.seq[2:5].tolist() == [2, 3, 4]


def test_what_a_batch_is_reduced_to_is_a_number(ring):
    with ring.writer() as writer:
        writer.alloc_many(ticks(10))
    px = ring.reader().next_batch()["px"]
    assert type(px.max()) is np.float64 and type(np.add.reduce(px)) is np.float64
    assert type(px.mean()) is np.float64 and type(np.median(px)) is np.float64
    assert type(px * 2) is arena_shm.Batch


def test_a_batch_keeps_its_values(name):
    with arena_shm.create(name, TICK, slots=8) as ring, ring.writer() as writer:
        reader = ring.reader()
        kept = []
        for round_ in range(20):
            writer.alloc_many(ticks(8, 8 * round_))
            kept.append(reader.next_batch(8 if round_ % 2 else 100))
        for round_, batch in enumerate(kept):
            assert (batch == ticks(8, 8 * round_)).all(), round_
            assert batch.seq.tolist() == list(range(8 * round_, 8 * round_ + 8))
        assert len({batch.ctypes.data for batch in kept}) == 20


def test_a_few_values_do_not_keep_the_room_of_many(ring):
    ring.alloc((1, 2, b""))
    batch = ring.reader().next_batch(4096)
    root = batch
    while root.base is not None:
        root = root.base
    assert root.nbytes == TICK.itemsize


def test_losses_are_told_with_their_reason(name):
    with arena_shm.create(name, TICK, slots=8) as ring, ring.writer() as writer:
        reader = ring.reader()
        writer.alloc_many(ticks(20))
        batch = reader.next_batch()
        assert batch.gaps == [(0, 11, "overwritten", 1)]
        assert batch.gaps[0].count == 12 and batch.gaps[0].cause == "overwritten"
        assert batch.seq.tolist() == list(range(12, 20))
        assert (reader.read_count, reader.overwritten_count, reader.hole_count, reader.passed_over_count) == (
            8,
            12,
            0,
            0,
        )
        assert (reader.cursor, reader.lag, reader.position) == (20, 0, [20])
        assert reader.next_batch() is None and reader.gaps() == []
        writer.alloc_many(ticks(20))
        assert reader.next().seq == 32
        assert reader.gaps() == [(20, 31, "overwritten", 1)]


def test_starts_and_seeks(name):
    with arena_shm.create(name, TICK, slots=16) as ring, ring.writer() as writer:
        writer.alloc_many(ticks(20))
        assert ring.reader().next().seq == 4
        assert ring.reader("newest").next() is None
        assert ring.reader(7).next().seq == 7
        assert ring.reader(np.uint64(7)).next().seq == 7
        reader = ring.reader([9])
        assert reader.next().seq == 9
        place = reader.position
        reader.seek("newest")
        assert reader.next() is None
        reader.seek(place)
        assert reader.next().seq == 10
        reader.seek(15)
        assert reader.next().seq == 15
        for wrong in ("first", -1, 2**64, 1.5, None, [1, 2], [], ["x"], 2**63, b"oldest"):
            with pytest.raises(arena_shm.InvalidArgument):
                ring.reader(wrong)
            with pytest.raises(arena_shm.InvalidArgument):
                reader.seek(wrong)
        assert reader.next().seq == 16


@pytest.mark.parametrize(
    "options", [{"manner": "fast"}, {"order": 3}, {"hold": "long"}, {"hold": float("nan")}, {"order": "time"}]
)
def test_wrong_options_of_a_reader_are_refused(ring, options):
    with pytest.raises(arena_shm.InvalidArgument):
        ring.reader(**options)


def test_lanes_are_read_in_order_of_time(name):
    with arena_shm.create(name, TICK, slots=64, writers="laned", seats=3, time=True) as ring:
        with ring.writer() as one, ring.writer() as other:
            for i in range(20):
                (one if i % 3 else other).alloc((i, 0, b""))
            reader = ring.reader(order="time", hold=None)
            got = []
            while len(got) < 20 and reader.wait(5):
                batch = reader.next_batch(7)
                got += [] if batch is None else batch["ts_ns"].tolist()
            assert got == list(range(20))
            assert reader.is_exact in (True, False)
            assert sum(reader.lane_counts(lane)[1] for lane in range(3)) == 20
            for wrong in (-1, 3, "x"):
                with pytest.raises(arena_shm.InvalidArgument):
                    reader.lane_counts(wrong)


def test_follow_ends_when_nothing_comes(ring, name):
    with ring.writer() as writer:
        writer.alloc_many(ticks(10))
        sizes = [len(batch) for batch in arena_shm.view(name).follow(timeout=0, batch=4)]
        assert sizes == [4, 4, 2]
        reader = ring.reader()
        assert sum(len(batch) for batch in reader.batches(timeout=0)) == 10
        writer.alloc_many(ticks(3))
        assert sum(len(batch) for batch in reader.batches(timeout=0)) == 3
        with ring.follow(timeout=0.01) as follow:
            assert next(follow).seq[0] == 0
        with pytest.raises(arena_shm.Closed):
            next(follow)


def test_gaps_without_a_value_come_in_an_empty_batch(name):
    with arena_shm.create(name, TICK, slots=4) as ring, ring.writer() as writer:
        reader = ring.reader()
        writer.alloc_many(ticks(4))
        writer.alloc_many(ticks(4))
        reader.seek("oldest")
        reader.seek(0)
        batches = list(reader.batches(timeout=0, batch=100))
        assert [gap for batch in batches for gap in batch.gaps] == [(0, 3, "overwritten", 1)]


@pytest.mark.parametrize("size", [0, -1, 2**24 + 1, 1.5, "x", None])
def test_wrong_sizes_of_batches_are_refused(ring, size):
    for call in (
        ring.reader().next_batch,
        lambda size: ring.follow(batch=size),
        lambda size: ring.reader().batches(None, size),
    ):
        with pytest.raises(arena_shm.InvalidArgument):
            call(size)


def test_large_records(name):
    with arena_shm.create(name, [("seq", "u8"), ("rest", "u1", (20_000,))], slots=8) as ring:
        value = np.zeros((), ring.dtype)
        value["rest"] = 7
        for i in range(5):
            value["seq"] = i
            ring.alloc(value)
        assert ring.latest().value["rest"].sum() == 140_000
        assert ring.read(2).value["seq"] == 2
        assert ring.reader().next_batch()["rest"].sum() == 5 * 140_000
        assert ring.reader(3).next().value["seq"] == 3


def test_pandas_takes_a_batch(ring):
    pandas = pytest.importorskip("pandas")
    with ring.writer() as writer:
        writer.alloc_many(ticks(10))
    frame = pandas.DataFrame(ring.reader().next_batch())
    assert frame["ts_ns"].tolist() == list(range(10))
