"""Bad input: the error that it gets, with all its parts."""

import os
import pathlib
import struct

import numpy as np
import pytest
from conftest import TICK, run

import arena_shm


def test_each_code_of_the_library_has_a_class():
    text = pathlib.Path(__file__).parents[2].joinpath("include/arena_shm/error.hpp").read_text()
    block = text[text.index("enum class Code {") : text.index("};")]
    codes = [line.split(",")[0].strip() for line in block.splitlines()[1:] if "," in line]
    assert len(codes) == 24
    for code in codes:
        error = arena_shm.errors._make(code, "what", "name", "doing", "expected", "found", "remedy", 5)
        assert type(error).code == code and isinstance(error, arena_shm.Error) and type(error) is not arena_shm.Error
        assert (error.name, error.doing, error.expected, error.found, error.remedy, error.system_error) == (
            "name",
            "doing",
            "expected",
            "found",
            "remedy",
            5,
        )
        assert str(error) == "what"
        assert getattr(arena_shm, type(error).__name__) is type(error)
        assert type(error).__doc__ and type(error).__name__ in arena_shm.__all__


def test_errors_are_also_those_of_python(ring, name):
    for call, builtin, number in (
        (lambda: arena_shm.view("arena-test.not-there"), FileNotFoundError, 2),
        (lambda: arena_shm.create(name, TICK, slots=4), FileExistsError, 17),
        (lambda: arena_shm.open("a/b"), ValueError, None),
        (lambda: arena_shm.open(""), ValueError, None),
    ):
        with pytest.raises(builtin) as caught:
            call()
        error = caught.value
        assert isinstance(error, arena_shm.Error) and error.expected + error.found and error.remedy
        if number:
            assert error.errno == number
    assert arena_shm.NotFound.__mro__[1] is arena_shm.Error


@pytest.mark.parametrize("slots", [0, -1, 2**63, 2**64, float("nan"), 1.5, "8", None, [8], 2**62, 10**30])
def test_slots_that_cannot_be(name, slots):
    with pytest.raises((arena_shm.InvalidArgument, arena_shm.NoSpace)):
        arena_shm.create(name, TICK, slots=slots)
    with pytest.raises(arena_shm.NotFound):
        arena_shm.open(name)


@pytest.mark.parametrize(
    "options",
    [
        {"writers": "many"},
        {"writers": 1},
        {"seats": 0},
        {"seats": 5000},
        {"seats": "x"},
        {"mode": -1},
        {"mode": 2**20},
        {"full": "maybe"},
        {"consumers": 0, "full": "wait"},
        {"consumers": 1000},
        {"patience": "long"},
        {"unknown": 1},
        {"patience": float("nan")},
        {"patience": -1, "full": "wait"},
        {"patience": 0, "full": "wait"},
        {"patience": 1e-12, "full": "wait"},
        {"units": {"nothing": "m"}},
        {"enums": {"px": {"A": "x"}}},
        {"time_field": "nothing"},
        {"units": 3},
        {"enums": {"px": 3}},
        {"enums": {"px": {"A": 1}}},
        {"enums": {"ts_ns": {"A": -1}}},
        {"time_field": "px"},
        {"record_name": "x" * 400},
        {"record_name": 3},
        {"record_name": "\ud800"},
        {"units": {"px": 3}},
    ],
)
def test_options_that_cannot_be(name, options):
    with pytest.raises(arena_shm.InvalidArgument):
        arena_shm.create(name, TICK, slots=4, **options)
    with pytest.raises(arena_shm.NotFound):
        arena_shm.open(name)


def test_a_name_that_is_not_there_is_told_as_python_does(name):
    with pytest.raises(FileNotFoundError, match="found no arena of that name") as caught:
        arena_shm.open(name)
    assert caught.value.filename == name


@pytest.mark.parametrize(
    "wrong", [None, 3, b"name", ["x"], "a\0b", "\ud800", "x" * 300, ".hidden", "with space", "/", "ä"]
)
def test_names_that_cannot_be(wrong):
    for call in (
        arena_shm.open,
        arena_shm.view,
        arena_shm.remove,
        lambda name: arena_shm.create(name, TICK, slots=4),
        lambda name: arena_shm.open_or_create(name, TICK, slots=4),
    ):
        with pytest.raises((arena_shm.InvalidArgument, arena_shm.InvalidName)):
            call(wrong)


def test_a_wrong_dtype_is_refused_with_both_sides(ring, name):
    with pytest.raises(arena_shm.IncompatibleType) as caught:
        arena_shm.view(name, [("ts_ns", "u8"), ("price", "f8"), ("sym", "S8")])
    assert isinstance(caught.value, TypeError) and "price" in caught.value.expected and "px" in caught.value.found
    with pytest.raises(arena_shm.IncompatibleType, match="32 bytes"):
        arena_shm.open(name, "V32")
    with pytest.raises(arena_shm.InvalidType):
        arena_shm.open(name, "O")
    with pytest.raises(arena_shm.InvalidType):
        arena_shm.open(name, object())
    assert arena_shm.view(name, TICK).dtype == TICK


AS_NOBODY = """
import os
os.setgid(65534); os.setuid(65534)
try:
    print(arena_shm.view(sys.argv[1]).reader().next().seq)
    arena_shm.open(sys.argv[1])
except PermissionError as error:
    print(type(error).__name__, error.errno, error.remedy != "")
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="becomes somebody else, as only root can")
@pytest.mark.parametrize("mode, told", [(0o640, ""), (0o644, "0\n")])
def test_no_permission(name, mode, told):
    with arena_shm.create(name, TICK, slots=4, mode=mode) as ring:
        ring.alloc((1, 2, b"x"))
        assert run(AS_NOBODY, name) == (0, told + "PermissionDenied 13 True\n")


def test_no_memory_for_a_ring(name):
    with pytest.raises(OSError) as caught:
        arena_shm.create(name, TICK, slots=2**40)
    assert isinstance(caught.value, arena_shm.NoSpace) and caught.value.errno == 28
    with pytest.raises(arena_shm.InvalidArgument, match="2.47 bytes"):
        arena_shm.create(name, TICK, slots=2**50)
    assert (
        run(
            """
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
try: arena_shm.create(sys.argv[1], "f8", slots=10**6)
except arena_shm.FileSizeLimit as error: print(error.errno)
""",
            name,
        )
        == (0, "27\n")
    )


def test_no_memory_for_a_batch(ring, name):
    assert (
        run(
            """
import resource
ring = arena_shm.open(sys.argv[1])
ring.alloc((1, 2, b""))
reader = ring.reader()
used = int(open("/proc/self/statm").read().split()[0]) * 4096
resource.setrlimit(resource.RLIMIT_AS, (used + 2**26, used + 2**26))
try: reader.next_batch(2**24)
except MemoryError: print("no memory", len(reader.next_batch(4)))
""",
            name,
        )
        == (0, "no memory 1\n")
    )


def test_a_file_that_is_no_ring(name):
    path = pathlib.Path("/dev/shm", name)
    for content in (b"", b"x", b"\0" * 100_000, os.urandom(8192)):
        path.write_bytes(content)
        with pytest.raises((arena_shm.NotAnArena, arena_shm.Truncated, arena_shm.Corrupt)):
            arena_shm.view(name)


def test_a_corrupt_segment(ring, name):
    ring.alloc((1, 2, b"x"))
    path = pathlib.Path("/dev/shm", name)
    whole = path.read_bytes()
    path.unlink()
    generator = np.random.default_rng(1)
    refused = 0
    for _ in range(300):
        damaged = bytearray(whole)
        for _ in range(generator.integers(1, 8)):
            at = int(generator.integers(0, 8192)) // 4 * 4
            damaged[at : at + 4] = struct.pack(
                "<I", int(generator.choice([0, 1, 0xFFFFFFFF, generator.integers(2**32)]))
            )
        path.write_bytes(damaged)
        try:
            with arena_shm.open(name) as other:
                other.latest(), other.get(0), other.peek()[0], other.reader().next_batch(), other.alloc(
                    other.peek()[0].copy()
                )
        except arena_shm.Error:
            refused += 1
        path.unlink()
    assert refused > 50


def test_a_ring_that_is_removed_under_a_reader(ring, name):
    reader = arena_shm.view(name).reader()
    arena_shm.remove(name)
    ring.alloc((1, 2, b"x"))
    assert reader.next().seq == 0 and reader.wait(0) is False
    with arena_shm.create(name, "f8", slots=4) as other:
        other.alloc(1.5)
        assert reader.next() is None
        ring.alloc((2, 3, b"y"))
        assert reader.next().value["ts_ns"] == 2


def test_parts_of_the_extension_cannot_be_made_by_hand():
    kinds = [one for one in vars(arena_shm._core).values() if isinstance(one, type)]
    assert len(kinds) == 9
    for kind in kinds:
        for make in (kind, lambda kind=kind: kind.__new__(kind), lambda kind=kind: object.__new__(kind)):
            with pytest.raises(TypeError):
                make()
        with pytest.raises(TypeError):
            kind.__base__.__new__(kind)
    with pytest.raises(AttributeError):
        arena_shm.Ring.__new__(arena_shm.Ring).alloc(1)
    with pytest.raises(TypeError):
        arena_shm._core.Ring.alloc(3, 4)


def test_the_version_is_the_projects():
    text = pathlib.Path(__file__).parents[2].joinpath("include/arena_shm/version.h").read_text()
    assert f'VERSION_STRING "{arena_shm.__version__}"' in text
