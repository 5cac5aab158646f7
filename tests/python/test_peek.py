"""The slots themselves: what is live, and how long."""

import gc
import os

import numpy as np
import pytest
from conftest import TICK, ticks

import arena_shm


def test_what_is_live_and_what_is_not(name):
    with arena_shm.create(name, TICK, slots=4) as ring:
        ring.alloc((1, 1.0, b"a"))
        peek = ring.peek()
        record, field, part, all_of_them = peek[0], peek["ts_ns"], peek[:2], list(peek)
        item, scalar_copy, array_copy, number = record.item(), record.copy(), peek.copy(), peek["ts_ns"][0]
        of_a_void, through_the_ring, all_of_the_ring = np.copy(record), ring[0], list(ring)
        for i in range(2, 6):
            ring.alloc((i, float(i), b"b"))  # the last one into slot 0
        live = (
            record["ts_ns"],
            field[0],
            part[0]["ts_ns"],
            all_of_them[0]["ts_ns"],
            through_the_ring["ts_ns"],
            all_of_the_ring[0]["ts_ns"],
        )
        assert live == (5,) * 6
        assert (item[0], scalar_copy["ts_ns"], array_copy[0]["ts_ns"], number) == (1, 1, 1, 1)
        if np.__version__.startswith("1.24."):
            assert of_a_void["ts_ns"] == 5  # the documentation warns of it


def test_it_cannot_be_written(ring):
    ring.alloc((1, 1.0, b"a"))
    peek = ring.peek()
    for wrong in (
        lambda: peek.setflags(write=True),
        lambda: peek.__setitem__(0, (1, 2, b"")),
        lambda: peek["px"].fill(1),
        lambda: ring[0].__setitem__("px", 3),
        lambda: peek[:2].setflags(write=True),
    ):
        with pytest.raises(ValueError):
            wrong()
    assert ring.read(0).value["px"] == 1


def test_it_keeps_the_memory_whatever_is_closed(name):
    ring = arena_shm.create(name, TICK, slots=4)
    view = arena_shm.view(name)
    ring.alloc((7, 1.0, b"a"))
    record, peek, part = view[0], view.peek(), view.peek()["ts_ns"][1:]
    view.close()
    del view
    gc.collect()
    ring.alloc((8, 1.0, b"a"))
    ring.close()
    arena_shm.remove(name)
    del ring
    gc.collect()
    assert record["ts_ns"] == 7 and peek[0]["ts_ns"] == 7 and part[0] == 8


def test_slots_are_counted_as_in_python(ring):
    with ring.writer() as writer:
        writer.alloc_many(ticks(64))
    assert len(ring) == 64 and ring[-1]["ts_ns"] == 63 and len(list(ring)) == 64
    assert ring[10:12]["ts_ns"].tolist() == [10, 11] and ring["ts_ns"][5] == 5
    for wrong in (64, -65, 2**70):
        with pytest.raises(IndexError):
            ring[wrong]


def test_lanes_are_columns(name):
    with arena_shm.create(name, TICK, slots=5, writers="laned", seats=3) as ring:
        with ring.writer() as writer:
            seqs = writer.alloc_many(ticks(4))
        peek = ring.peek()
        assert peek.shape[1] == 3 and len(ring) == peek.size
        for seq in seqs.tolist():
            value = ring.read(seq).value
            assert peek[seq // 3 % peek.shape[0], seq % 3] == value and ring[seq] == value
        assert len(list(ring)) == len(ring) and ring[-1].dtype == TICK
        with pytest.raises(IndexError):
            ring[len(ring)]
        with pytest.raises(arena_shm.InvalidArgument):
            ring[-len(ring) - 1]


def test_in_a_forked_child_it_shows_zeros(ring):
    ring.alloc((7, 1.0, b"a"))
    peek, second, record = ring.peek(), arena_shm.view(ring.name).peek(), ring[0]
    pid = os.fork()
    if pid == 0:
        try:
            zeros = not peek["ts_ns"].any() and not second["ts_ns"].any() and record["ts_ns"] == 0
            os._exit(0 if zeros else 1)
        finally:
            os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert peek[0]["ts_ns"] == 7
