"""Makes a C++ program that prints, as JSON, what the library's headers say of a segment's bytes.

    make_facts.py INCLUDE_DIR OUTPUT.cpp

Fields, constants and enumerators are found in the text of the headers, so that a new one is not forgotten; their
numbers come from the compiler.
"""

import itertools
import pathlib
import re
import sys

HEADERS = ["layout", "stamp", "held", "mutex", "consumer_table", "clock", "fnv1a"]
ENUM_HEADERS = ["core/stamp", "core/consumer_table", "info"]
NO_BYTES = {"ClaimWords"}  # references to words of a Seat

# What the page calls it, and the same in C++.
FORMULAS = {
    "done(n)": "done(n)",
    "busy(n)": "busy(n)",
    "idle(n)": "idle(n)",
    "claiming(n)": "claiming(n)",
    "writing(n)": "writing(n)",
    "lane_bytes(size, lanes)": "lane_bytes(laned(size, lanes))",
    "seq_of(n, k, lanes)": "lane_of(k, lanes).seq_of(n)",
    "door(seat, session)": "door_position(static_cast<std::uint32_t>(seat), session)",
    "lease(seat, session)": "lease_position(static_cast<std::uint32_t>(seat), session)",
    "name_door(hash)": "name_door_position(hash)",
    "owned(seat, session)": "mutex_owned_by(static_cast<std::uint32_t>(seat + 1), session)",
    "reserved(seat, number)": "mutex_reserved_for(static_cast<std::uint32_t>(seat + 1), number)",
    "consumer_bytes(lanes)": "consumer_bytes(lanes)",
    "state(a, b, j, e)": "state_of(a, b, j, e)",
    "membership(line, epoch)": "membership(static_cast<std::uint32_t>(line), epoch << kEpochShift)",
    "held(s, c)": "held(s, c)",
    "evicted(word)": "evicted(word)",
}
SAMPLES = {
    "n": [0, 1, 5, (1 << 59) - 1],
    "s": [0, 1, 5, (1 << 59) - 1],
    "c": [1, 15],
    "k": [0, 3],
    "size": [12 << 12, 20 << 14],
    "lanes": [1, 4, 5, 53],
    "seat": [0, 1, 4095],
    "session": [1, 2, (1 << 48) - 1],
    "number": [0, 1, (1 << 48) - 1],
    "hash": [0, 1 << 31, (1 << 64) - 1],
    "a": [0, 1, 3],
    "b": [0, 1, 2],
    "j": [0, 1, 1 << 19],
    "e": [1, 7, (1 << 40) - 1],
    "epoch": [1, 7, (1 << 40) - 1],
    "line": [0, 1, 255],
    "word": [0, 16, 31, (1 << 64) - 1],
}

PROGRAM = """#include <cstddef>
#include <cstdint>
#include <iostream>

#include "arena_shm/core/clock.hpp"
#include "arena_shm/core/consumer_table.hpp"
#include "arena_shm/core/fnv1a.hpp"
#include "arena_shm/core/held.hpp"
#include "arena_shm/core/layout.hpp"
#include "arena_shm/core/mutex.hpp"
#include "arena_shm/core/ring.hpp"
#include "arena_shm/core/stamp.hpp"

namespace {

using namespace arena_shm;
using namespace arena_shm::core;

[[maybe_unused]] Header laned(std::uint64_t size, std::uint64_t lanes) {
  Header header{};
  header.flags = kFlagLaned;
  header.seat_count = static_cast<std::uint32_t>(lanes);
  header.slots.size_bytes = size;
  return header;
}

[[maybe_unused]] Ring lane_of(std::uint64_t k, std::uint64_t lanes) {
  Ring ring;
  ring.first_seat = static_cast<std::uint32_t>(k);
  ring.lane_count = static_cast<std::uint32_t>(lanes);
  return ring;
}

[[maybe_unused]] std::uint64_t state_of(std::uint64_t standing, std::uint64_t kind, std::uint64_t joins,
                                        std::uint64_t epoch) {
  std::uint64_t word =
      next_epoch((epoch - 1) << kEpochShift, static_cast<Kind>(kind), static_cast<Standing>(standing));
  for (std::uint64_t i = 0; i < joins; ++i) word = one_more_join(word);
  return word;
}

std::uint64_t word_of(auto value) { return static_cast<std::uint64_t>(value); }

}  // namespace

int main() {
  const char* next = "";
  const auto put = [&](const char* kind, const char* of, const char* name, std::uint64_t a, std::uint64_t b) {
    std::cout << next << "[\\"" << kind << "\\",\\"" << of << "\\",\\"" << name << "\\"," << a << ',' << b << ']';
    next = ",\\n";
  };
  std::cout << '[';
%s
  std::cout << "]\\n";
}
"""


def without_comments(text):
    return re.sub(r"//[^\n]*", "", text)


def structs(text):
    """Of each struct that has bytes: its name, and the names of its fields."""
    for name, body in re.findall(r"(?ms)^struct (\w+) \{\n(.*?)^\};", without_comments(text)):
        if name in NO_BYTES:
            continue
        body = re.sub(r"(?ms)^  \w[^;{]*\([^;]*?\) (?:const )?(?:noexcept )?\{.*?^  \}", "", body)  # member functions
        body = re.sub(r"(?m)^  friend .*$", "", body)
        yield name, re.findall(r"(\w+)(?:\{\})?;", body)


def constants(text):
    return re.findall(r"inline constexpr [\w:]+ (k\w+) =", without_comments(text))


def enums(text):
    for name, body in re.findall(r"(?s)enum class (\w+) : [\w:]+ \{(.*?)\};", without_comments(text)):
        yield name, re.findall(r"(\w+)(?:\s*=\s*\d+)?\s*(?:,|$)", body.strip())


def calls(formula):
    arguments = re.findall(r"\w+", formula)[1:]
    yield from itertools.product(*(SAMPLES[name] for name in arguments))


def statements(include):
    lines = []

    def put(kind, of, name, a, b="0"):
        lines.append(f'  put("{kind}", "{of}", "{name}", word_of({a}), word_of({b}));')

    for name, fields in structs((include / "core/layout.hpp").read_text()):
        put("size", name, "", f"sizeof({name})")
        for field in fields:
            put("field", name, field, f"offsetof({name}, {field})", f"sizeof({name}::{field})")
    for header in HEADERS:
        for name in constants((include / f"core/{header}.hpp").read_text()):
            put("constant", "", name, name)
    for header in ENUM_HEADERS:
        for name, enumerators in enums((include / f"{header}.hpp").read_text()):
            for enumerator in enumerators:
                put("enumerator", name, enumerator, f"{name}::{enumerator}")
    for formula, code in FORMULAS.items():
        for i, values in enumerate(calls(formula)):
            arguments = re.findall(r"\w+", formula)[1:]
            given = ", ".join(f"{name} = {value}U" for name, value in zip(arguments, values))
            lines.append(f"  {{\n    const std::uint64_t {given};")
            put("formula", formula, i, code)
            lines.append("  }")
    return "\n".join(lines)


if __name__ == "__main__":
    pathlib.Path(sys.argv[2]).write_text(PROGRAM % statements(pathlib.Path(sys.argv[1]) / "arena_shm"))
