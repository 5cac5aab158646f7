// Compiled to be looked at by check_code.py: the inline hot path, one function each.
#include <cstdint>

#include "arena_shm/arena.hpp"

namespace {

struct Record {
  std::uint64_t words[8];
};

}  // namespace

extern "C" {

std::uint64_t hot_writer_alloc(arena_shm::Writer<Record>& writer, const Record& record);
std::uint64_t hot_writer_alloc(arena_shm::Writer<Record>& writer, const Record& record) {
  return writer.alloc(record).seq;
}

std::uint64_t hot_arena_alloc(arena_shm::Arena<Record>& arena, const Record& record);
std::uint64_t hot_arena_alloc(arena_shm::Arena<Record>& arena, const Record& record) { return arena.alloc(record).seq; }

bool hot_reader_next(arena_shm::Reader<Record>& reader, Record& record);
bool hot_reader_next(arena_shm::Reader<Record>& reader, Record& record) {
  const auto entry = reader.next();
  if (entry) record = entry->value;
  return entry.has_value();
}

// What the check must find, or it could not fail: a division, and two locked instructions.
std::uint64_t control_division(std::uint64_t a, std::uint64_t b);
std::uint64_t control_division(std::uint64_t a, std::uint64_t b) { return a % b; }

std::uint64_t control_locked(std::atomic<std::uint64_t>& a, std::atomic<std::uint64_t>& b);
std::uint64_t control_locked(std::atomic<std::uint64_t>& a, std::atomic<std::uint64_t>& b) {
  return a.fetch_add(1) + b.exchange(1);
}
}
