#!/usr/bin/env python3
"""Random expressions over random records: the filter and Python's eval have to agree on every one.

    against_python.py MATCHES       the program arena-filter-matches; ARENA_SHM_LONG=1: twenty times as many

Python's integers are exact, and it compares them with floating-point numbers by their values. What differs is written
as Python says it: what is beyond 128 bits or divided by zero is no value, and no comparison with it holds; a constant
beside an f32 field is rounded.
"""
import math
import os
import random
import struct
import subprocess
import sys
import tempfile

FIELDS = "u64 a, i64 b, f64 x, f32 y, i32[3] v, u16 w, i8 c, s4 s, s3 t, bool p, u32 late_us, u8 k"
CORNERS = [0, 1, -1, 2, 127, 128, 255, 2**31, -2**31, 2**32, 2**53, 2**53 + 1, -2**53 - 1, 2**63 - 1, -2**63, 2**64 - 1]
REALS = [0.0, -0.0, 0.1, 0.5, -2.5, 1e300, -1e300, 2.0**53, 2.0**63, 2.0**64, math.nan, math.inf, -math.inf, 5e-324]
TEXTS = ["", "E", "ES", "ESZ", "ab", "\x7f", "é"]


class NoValue(Exception):
    pass


def limited(value):
    if isinstance(value, int) and not -2**127 <= value < 2**127:
        raise NoValue
    return value


def real(value):
    return float(value) if isinstance(value, int) else value


def divided(a, b):
    if b == 0:
        raise NoValue
    if isinstance(a, int) and isinstance(b, int):
        return limited(a // b) if a % b == 0 else a / b
    return real(a) / real(b)


def left(a, b):
    if b == 0:
        raise NoValue
    if isinstance(a, int) and isinstance(b, int):
        return a % b
    if math.isinf(real(a)):
        return math.nan
    return real(a) % real(b)


def product(a, b):
    return limited(a * b) if isinstance(a, int) and isinstance(b, int) else real(a) * real(b)


def added(a, b):
    return limited(a + b) if isinstance(a, int) and isinstance(b, int) else real(a) + real(b)


def taken(a, b):
    return limited(a - b) if isinstance(a, int) and isinstance(b, int) else real(a) - real(b)


def holds(compare):
    try:
        return compare()
    except NoValue:
        return False


def narrow(value):
    return struct.unpack("<f", struct.pack("<f", value))[0]


HELPERS = {name: globals()[name] for name in ("divided", "left", "product", "added", "taken", "limited", "holds")}
CALLS = {"+": "added", "-": "taken", "*": "product", "/": "divided", "%": "left"}


class Maker:
    """Makes pairs: an expression of the filter, and the same for eval."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def pick(self, *some):
        return self.random.choice(some)

    def integer(self):
        return self.random.choice([*CORNERS, self.random.randint(-10, 10), self.random.randint(-2**63, 2**64 - 1)])

    def field(self):
        name, python = self.pick(*((n, n) for n in "abxywck"), *((f"v[{i}]", f"v[{i}]") for i in range(3)),
                                 ("_seq", "seq"), ("_time_ns", "seq"), ("late_us", "late_us"))
        return name, python

    def constant(self):
        """A constant is never negative by itself: -1 is a sign in front of 1."""
        if self.random.random() < 0.6:
            value = abs(self.integer())
            return (f"{value:#x}" if self.random.random() < 0.2 else str(value)), str(value), value
        value = abs(self.random.choice([*REALS, self.random.uniform(0, 300)]))
        if math.isnan(value) or math.isinf(value):
            return str(value), f"float('{value}')", value
        text = repr(value)
        return text, text, value

    def number(self, depth):
        """Python's has parentheses everywhere; the filter's only where they are needed, or for fun: (text, python, its
        precedence)."""
        choice = self.random.random()
        if depth == 0 or choice < 0.3:
            if self.random.random() < 0.6:
                return (*self.field(), 3)
            return (*self.constant()[:2], 3)
        if choice < 0.4:
            text, python = self.wrapped(self.number(depth - 1), 3)
            return f"-{self.space()}{text}", f"limited(-({python}))", 3
        if choice < 0.45:
            text, python, _ = self.number(depth - 1)
            return f"abs({text})", f"limited(abs({python}))", 3
        operator = self.pick(*"+-*/%")
        level = 1 if operator in "+-" else 2
        a, python_a = self.wrapped(self.number(depth - 1), level)
        b, python_b = self.wrapped(self.number(depth - 1), level + 1)
        return f"{a}{self.space()}{operator}{self.space()}{b}", f"{CALLS[operator]}({python_a}, {python_b})", level

    def wrapped(self, part, least):
        text, python, level = part
        return (f"({text})" if level < least or self.random.random() < 0.1 else text), python

    def space(self):
        return self.pick("", " ", " ", "  ")

    def comparison(self):
        relation = self.pick("==", "!=", "<", "<=", ">", ">=")
        kind = self.random.random()
        if kind < 0.3:  # what has instructions of its own
            name, python = self.field()
            text, constant, value = self.constant()
            if self.random.random() < 0.3:
                text, constant, value = f"-{text}", f"(-{constant})", -value
            if name == "y" and isinstance(value, float) and abs(value) <= 3.4e38:
                constant = repr(narrow(value)) if math.isfinite(value) else constant
            sides = [(name, python), (text, constant)]
        elif kind < 0.45:
            sides = [self.text(), self.pick(("s", "s"), ("t", "t"))]
            if relation in ("==", "!=") and len(sides[0][1]) > 3 and sides[0][0] not in "st":
                sides[0] = ("'ES'", "b'ES'")
        elif kind < 0.5:
            span, ns = self.pick(("1us", 1000), ("5ms", 5_000_000), ("1.5us", 1500), ("999ns", 999),
                                 ("1h", 3600 * 10**9))
            sides = [("late_us", "late_us * 1000"), (span, str(ns))]
        elif kind < 0.55:
            bits = self.random.choice([1, 2, 4, 6, 255, 2**40, 0])
            name = self.pick(*"abwck")
            return f"has({name}, {bits})", f"(({name} & {bits}) == {bits})"
        else:
            sides = [self.number(3)[:2], self.number(3)[:2]]
            if sides[0][0] == "y" or sides[1][0] == "y":  # beside a constant it may be rounded: see above
                sides = [(f"({t} + 0)" if t == "y" else t, f"added({p}, 0)" if t == "y" else p) for t, p in sides]
        if self.random.random() < 0.5:
            sides.reverse()
        (a, python_a), (b, python_b) = sides
        space = self.space()
        return f"{a}{space}{relation}{space}{b}", f"holds(lambda: {python_a} {relation} {python_b})"

    def text(self):
        if self.random.random() < 0.2:
            return self.pick(("s", "s"), ("t", "t"))
        value = self.random.choice(TEXTS)
        escaped = "".join(c if c.isalnum() else f"\\x{ord(c):02x}" for c in value)
        quote = self.pick("'", '"')
        return f"{quote}{escaped}{quote}", repr(value.encode())

    def condition(self, depth):
        """(text, python, its precedence): 0 is ||, 1 is &&, 2 is ==, 3 is !."""
        choice = self.random.random()
        if depth == 0 or choice < 0.3:
            if self.random.random() < 0.1:
                return (*self.pick(("p", "p"), ("true", "True"), ("false", "False")), 3)
            return (*self.comparison(), 2)
        if choice < 0.45:
            text, python = self.wrapped(self.condition(depth - 1), 3)
            return f"{self.pick('!', '! ', 'not ')}{text}", f"(not {python})", 3
        if choice < 0.5:
            a, python_a = self.wrapped(self.condition(depth - 1), 3)
            b, python_b = self.wrapped(self.condition(depth - 1), 3)
            relation = self.pick("==", "!=")
            return f"{a} {relation} {b}", f"({python_a} {relation} {python_b})", 2
        level = self.pick(0, 1)
        parts = [self.wrapped(self.condition(depth - 1), level) for _ in range(self.random.randint(2, 4))]
        sign, word = (("||", "or"), ("&&", "and"))[level]
        text = parts[0][0]
        for part in parts[1:]:
            text += self.pick(f" {sign} ", sign, f" {word} ") + part[0]
        return text, "(" + f" {word} ".join(python for _, python in parts) + ")", level

    def record(self):
        integer = lambda bits, signed: self.wrap(self.integer(), bits, signed)
        number = lambda: self.random.choice([*REALS, self.random.uniform(-300, 300), float(self.random.randint(-9, 9))])
        y = number()
        values = {"a": integer(64, False), "b": integer(64, True), "x": number(),
                  "y": narrow(y) if not math.isfinite(y) or abs(y) < 3e38 else 1.5,
                  "v": [integer(32, True) for _ in range(3)], "w": integer(16, False), "c": integer(8, True),
                  "s": self.random.choice(TEXTS).encode()[:4], "t": self.random.choice(TEXTS).encode()[:3],
                  "p": self.random.random() < 0.5, "late_us": self.random.choice([0, 1, 2, 5000, 4999, 2**32 - 1]),
                  "k": integer(8, False)}
        return values

    @staticmethod
    def wrap(value, bits, signed):
        value %= 2**bits
        return value - 2**bits if signed and value >= 2**(bits - 1) else value


def packed(record):
    """As C lays FIELDS out: 51 bytes are before late_us, which is aligned to 4, and the record is aligned to 8."""
    return struct.pack("<QqdfiiiHb4s3s?xIB7x", record["a"], record["b"], record["x"], record["y"], *record["v"],
                       record["w"], record["c"], record["s"], record["t"], record["p"], record["late_us"], record["k"])


def main():
    program = sys.argv[1]
    rounds = 4000 * (20 if os.environ.get("ARENA_SHM_LONG") == "1" else 1)
    seed = int(os.environ.get("ARENA_SHM_SEED", "20"))
    maker = Maker(seed)
    records = [maker.record() for _ in range(60)]
    pairs = [maker.condition(maker.random.randint(0, 3))[:2] for _ in range(rounds)]
    with tempfile.NamedTemporaryFile() as file:
        file.write(b"".join(map(packed, records)))
        file.flush()
        run = subprocess.run([program, FIELDS, file.name], input="".join(text + "\n" for text, _ in pairs),
                             capture_output=True, text=True, timeout=280, check=True)
    answers = run.stdout.splitlines()
    assert len(answers) == len(pairs), (len(answers), run.stderr)
    true = false = refused = 0
    for (text, python), answer in zip(pairs, answers):
        if answer.startswith("!"):
            assert "division by zero" in answer or "within 128 bits" in answer, f"refused: {text}\n{answer}"
            refused += 1
            continue
        code = compile(python, "<filter>", "eval")
        for index, record in enumerate(records):
            expected = bool(eval(code, {**HELPERS, **record, "seq": 1000 + index}))
            assert expected == (answer[index] == "1"), f"seed {seed}: {text}\n{python}\n{record}: Python has {expected}"
            true += expected
            false += not expected
    assert refused < rounds / 5 and min(true, false) > (true + false) / 10, (refused, true, false)
    print(f"{rounds} expressions over {len(records)} records: {true} times true, {false} times false, "
          f"{refused} refused")


if __name__ == "__main__":
    main()
