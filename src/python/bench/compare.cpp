// What the Python package is measured against in C++: goals.py starts it, and asks for slices in turn with its own.
//
//   arena-python-compare NAME     reads "follow" or "alloc_many" from standard input, once for each slice, and prints
//                                 how many nanoseconds a value took. NAME is a ring of 64-byte records that is full;
//                                 values are appended to another one of its size, NAME.cpp.
#include <chrono>
#include <cstdint>
#include <iostream>
#include <string>
#include <vector>

#include "arena_shm/arena.hpp"

namespace {

struct Record {
  std::uint64_t ts_ns;
  double px;
  char rest[48];
};
static_assert(sizeof(Record) == 64);

constexpr std::size_t kBatch = 4096;

template <class Work>
double nanoseconds_each(Work&& work) {
  const auto begin = std::chrono::steady_clock::now();
  const std::uint64_t count = work();
  const std::chrono::duration<double, std::nano> time = std::chrono::steady_clock::now() - begin;
  return time.count() / static_cast<double>(count);
}

}  // namespace

template <>
struct arena_shm::RecordTraits<Record> {
  static RecordType describe() { return {"", sizeof(Record), alignof(Record), {}}; }
};

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const std::string name = argv[1];
  const auto view = arena_shm::ArenaView<Record>::open(name);
  auto reader = view.reader(arena_shm::From::oldest);
  const auto own = arena_shm::Arena<Record>::open_or_create(name + ".cpp", {.slots = view.slots()});
  auto writer = own.writer();
  std::vector<arena_shm::Entry<Record>> entries(kBatch);
  const std::vector<Record> values(kBatch);
  std::uint64_t sum = 0;
  for (std::string what; std::getline(std::cin, what);) {
    std::cout << nanoseconds_each([&] {
      std::uint64_t count = 0;
      if (what == "follow") {
        reader.seek(arena_shm::From::oldest);
        while (const std::size_t got = reader.next(entries)) {
          count += got;
          sum += entries[got - 1].value.ts_ns;
        }
      } else {
        for (; count < view.slots(); count += kBatch) sum += writer.alloc(std::span<const Record>(values)).last;
      }
      return count;
    }) << std::endl;
  }
  return sum == 1 ? 1 : 0;
}
