"""Records: dtypes, dataclasses, schemas, and what is refused."""

import dataclasses
import enum
import json

import numpy as np
import pytest

import arena_shm


class Side(enum.IntEnum):
    BUY = 0
    SELL = -1


@dataclasses.dataclass
class Order:
    ts: np.uint64 = dataclasses.field(metadata={"unit": "us", "time": True})
    px: np.float32 = dataclasses.field(metadata={"unit": "USD"})
    side: Side = dataclasses.field(metadata={"dtype": "i1"})
    sym: bytes = dataclasses.field(metadata={"dtype": "S5"})
    size: int = 1
    ok: bool = True


def test_a_dataclass_is_laid_out_as_in_c(name):
    with arena_shm.create(name, Order, slots=4, record_name="Order") as ring:
        assert ring.dtype.itemsize == 40 and ring.dtype.fields["size"][1] == 24
        ring.alloc(Order(5, 1.5, Side.SELL, b"ES"))
        assert ring.latest().value.item() == (5, 1.5, -1, b"ES", 1, True)
        schema = arena_shm.view(name).schema
        assert schema.time_field == "ts" and schema.record_name == "Order"
        assert schema.fields["ts"].unit == "us" and schema.fields["px"].unit == "USD"
        assert schema.fields["side"].enum == {"BUY": 0, "SELL": -1}
        assert schema.dtype == ring.dtype


@dataclasses.dataclass
class Later:
    at: "np.uint64"
    order: "Order"


def test_annotations_may_be_text_and_nested(name):
    with arena_shm.create(name, Later, slots=4) as ring:
        ring.alloc(Later(1, Order(5, 1.5, Side.SELL, b"ES")))
        assert ring.latest().value.item() == (1, (5, 1.5, -1, b"ES", 1, True))
        assert arena_shm.view(name).dtype.names[:3] == ("at", "order.ts", "order.px")
        assert arena_shm.view(name).schema.fields["order.px"].unit == "USD"


def test_padding_survives(name):
    padded = np.dtype({"names": ["a", "b"], "formats": ["u1", "<u4"], "offsets": [3, 8], "itemsize": 20})
    with arena_shm.create(name, padded, slots=4) as ring, ring.writer() as writer:
        assert arena_shm.view(name).dtype == padded
        values = np.zeros(3, padded)
        values["a"], values["b"] = [1, 2, 3], [4, 5, 6]
        writer.alloc_many(values)
        batch = ring.reader().next_batch()
        assert batch.dtype == padded and (batch == values).all()


UNUSUAL = np.dtype(
    [
        ("when", "M8[us]"),
        ("d", "m8[ns]"),
        ("c", "c16"),
        ("u", "U3"),
        ("h", "f2"),
        ("v", "V5"),
        ("m", "c8", (2,)),
        ("b", "?"),
        ("arr", "i2", (2, 3)),
        ("s", "S2", (2,)),
    ]
)


def test_types_of_numpy_survive(name):
    value = (
        np.datetime64(5, "us"),
        np.timedelta64(3, "ns"),
        1 + 2j,
        "äb",
        0.5,
        b"hello",
        [1j, 2],
        True,
        [[1, 2, 3], [4, 5, 6]],
        [b"x", b"yz"],
    )
    with arena_shm.create(name, UNUSUAL, slots=4) as ring:
        ring.alloc(value)
        view = arena_shm.view(name)
        assert view.dtype == UNUSUAL
        assert view.schema.time_field == "when" and view.schema.fields["when"].unit == "us"
        told = json.loads(view.info.schema_text)
        assert told["formats"] == [
            "<i8",
            "<i8",
            "(2,)<f8",
            "(3,)<u4",
            "<u2",
            "(5,)u1",
            "(2,2)<f4",
            "?",
            "(2,3)<i2",
            "(2,)S2",
        ]
        got = view.latest().value
        assert got["when"] == np.datetime64(5, "us") and got["u"] == "äb" and got["h"] == 0.5
        assert got["arr"].tolist() == [[1, 2, 3], [4, 5, 6]] and got["m"].tolist() == [1j, 2]


NESTED = np.dtype([("pos", [("x", "f4"), ("y", "f4")]), ("legs", [("px", "f8"), ("n", "i4")], (2,))])


def test_nested_records_are_laid_flat(name):
    with arena_shm.create(name, NESTED, slots=4, units={"legs[1].px": "USD"}) as ring:
        ring.alloc(((1, 2), [(3, 4), (5, 6)]))
        ring.alloc({"pos": {"x": 7, "y": 8}, "legs": [{"px": 1, "n": 2}, (3, 4)]})
        assert ring.latest().value["pos"].item() == (7.0, 8.0)
        assert ring.latest().value["legs"].tolist() == [(1.0, 2), (3.0, 4)]
        view = arena_shm.view(name)
        assert view.dtype.names == ("pos.x", "pos.y", "legs[0].px", "legs[0].n", "legs[1].px", "legs[1].n")
        assert view.read(0).value["legs[1].px"] == 5
        assert view.schema.fields["legs[1].px"].unit == "USD"
        again = arena_shm.view(name, NESTED)
        assert again.dtype == NESTED and again.read(0).value["legs"][1]["px"] == 5
        with pytest.raises(arena_shm.InvalidArgument, match="'z'"):
            ring.alloc({"pos": {"x": 7, "z": 8}, "legs": [(1, 2), (3, 4)]})
        with pytest.raises(arena_shm.InvalidArgument):
            ring.alloc(((1, 2), [(3, 4)]))


@pytest.mark.parametrize(
    "dtype, value",
    [
        ("f8", 1.5),
        ("i4", -3),
        ("u8", 2**64 - 1),
        ("?", True),
        ("f2", 0.5),
        ("c16", 1 - 2j),
        ("U4", "abcd"),
        ("M8[ns]", np.datetime64(5, "ns")),
    ],
)
def test_a_ring_of_numbers(name, dtype, value):
    with arena_shm.create(name, dtype, slots=4) as ring, ring.writer() as writer:
        ring.alloc(value)
        writer.alloc_many(np.full(2, value, dtype))
        view = arena_shm.view(name)
        assert view.dtype == np.dtype(dtype) and view.latest().value == value
        assert view.reader().next_batch().tolist() == np.full(3, value, dtype).tolist()


def test_bytes_without_a_schema(names):
    name = names()
    with arena_shm.create(name, "V7", slots=4) as ring:
        ring.alloc(np.frombuffer(b"1234567", "V7")[0])
        assert arena_shm.view(name).latest().value.tobytes() == b"1234567"
        own = np.dtype([("a", "S3"), ("b", "S4")])
        assert arena_shm.view(name, own).latest().value.item() == (b"123", b"4567")


@pytest.mark.parametrize(
    "dtype, path, why",
    [
        ([("a", "u4"), ("note", "O")], "'note'", "pointer to a Python object"),
        ([("a", [("b", [("deep", "O")])], (2,))], r"'a\[0\].b.deep'", "pointer to a Python object"),
        ([("a", ">u4")], "'a'", "big-endian"),
        ([("t", ">M8[ns]")], "'t'", "big-endian"),
        (">f8", "of its own", "big-endian"),
        ("O", "of its own", "pointer"),
        ([("a", "S0")], "'a'", "no bytes"),
        ([("a", "f16")], "'a'", "differs between machines"),
    ],
)
def test_fields_that_nobody_else_could_read_are_refused(name, dtype, path, why):
    with pytest.raises(arena_shm.InvalidType, match=path) as caught:
        arena_shm.create(name, dtype, slots=4)
    assert why in caught.value.found and isinstance(caught.value, TypeError) and caught.value.remedy
    with pytest.raises(arena_shm.NotFound):
        arena_shm.view(name)


@pytest.mark.parametrize(
    "dtype", [int("5"), "no such type", [("a",)], object(), [("", "u4"), ("_seq", "u4")], [], np.dtype(("u4", (3,)))]
)
def test_what_is_no_record_is_refused(name, dtype):
    with pytest.raises(arena_shm.InvalidArgument):
        arena_shm.create(name, dtype, slots=4)


@pytest.mark.parametrize(
    "value",
    [
        (1, 2.0),
        (1, 2.0, b"x", 4),
        (-1, 2.0, b"x"),
        (2**64, 2.0, b"x"),
        (1.5, 2.0, b"x"),
        (1, "2", b"x"),
        (1, 2, b"123456789"),
        (1, 2.0, "ÄÄÄÄÄ"),
        (1, 2.0, 3),
        (None, 2.0, b"x"),
        None,
        5,
        "text",
        b"x" * 24,
        {"ts_ns": 1, "px": 2},
        [1, 2],
        {"ts_ns": 1, "px": 2, "sym": b"", "more": 1},
        np.zeros(2, [("a", "u4")]),
        np.zeros(24, "u1"),
        object(),
        Side.BUY,
    ],
)
def test_a_wrong_value_is_refused_and_nothing_appended(ring, value):
    with ring.writer() as writer:
        for alloc in (ring.alloc, writer.alloc, writer.try_alloc):
            with pytest.raises(arena_shm.Error) as caught:
                alloc(value)
            assert caught.value.expected and caught.value.found
    assert ring.head == 0


def test_numbers_of_all_kinds_are_taken(ring):
    ring.alloc((np.int8(3), np.float32(0.5), np.bytes_(b"x")))
    ring.alloc((True, 7, "ä"))
    ring.alloc([4, np.int64(5), b""])
    assert [ring.read(i).value.item() for i in range(3)] == [(3, 0.5, b"x"), (1, 7.0, "ä".encode()), (4, 5.0, b"")]


def test_code_that_runs_while_a_record_is_made_may_do_anything(ring):
    class Evil:
        def __index__(self):
            ring.close()
            return 1

    class Raises:
        def __float__(self):
            raise KeyError("mine")

    with pytest.raises(arena_shm.Error):
        ring.alloc((1, Raises(), b""))
    with pytest.raises(arena_shm.Closed):
        ring.alloc((Evil(), 1.0, b""))


@pytest.mark.parametrize(
    "text",
    [
        '{"names":["a"],"formats":["O"],"offsets":[0],"itemsize":8}',
        "[" * 100_000,
        "{",
        "null",
        '{"names":1}',
        '{"names":["a","b"],"formats":["<u8","<u8"],"offsets":[0,4],"itemsize":12}',
        '{"names":["a"],"formats":[">u8"],"offsets":[0],"itemsize":8}',
        '{"names":["a"],"formats":["<u8"],"offsets":[1],"itemsize":8}',
    ],
)
def test_a_hostile_schema_is_refused(text):
    from arena_shm import schema

    info = {"name": "x", "record_name": "", "schema_text": text, "size_bytes": 8, "align_bytes": 8}
    with pytest.raises(arena_shm.Unsupported):
        schema.of_info(info)
    assert schema.of_info(info, np.dtype("V8")).dtype == np.dtype("V8")


@pytest.mark.parametrize("note", ["O", "<M8[0ns]", "<U99", "|V8", "f8", 5, "<c16", "<f2", "<M8[generic]", ">M8[ns]"])
def test_a_hostile_note_changes_nothing(note):
    from arena_shm import schema

    text = json.dumps(
        {
            "names": ["a"],
            "formats": ["<i8"],
            "offsets": [0],
            "itemsize": 8,
            "metadata": {"fields": {"a": {"numpy": note}}},
        }
    )
    assert schema.of_text(text, 8).dtype == np.dtype([("a", "i8")])


@pytest.mark.parametrize(
    "dtype, good, bad",
    [
        (("b", "i1", (3,)), [1, -128, 127], [[1, 2, 300], [1, 2, -129], [1.5, 2, 3], [1, 2]]),
        (("b", "u2", (2, 2)), [[1, 2], [3, 65535]], [[[1, 2], [3, 65536]], [[1, 2], [3, -1]], [1, 2, 3]]),
        (("b", "S2", (2,)), [b"ab", b"d"], [[b"abc", b"d"], [b"a", b"bcd"]]),
        (("b", "U1", (2,)), ["a", "b"], [["a", "bc"]]),
    ],
)
def test_elements_of_an_array_are_not_cut(name, dtype, good, bad):
    with arena_shm.create(name, np.dtype([dtype]), slots=4) as ring:
        assert ring.latest() is None
        ring.alloc((good,))
        assert ring.latest().value["b"].tolist() == good
        ring.alloc({"b": good})
        for values in bad:
            for record in ((values,), {"b": values}):
                with pytest.raises(arena_shm.InvalidArgument):
                    ring.alloc(record)
        assert ring.head == 2
