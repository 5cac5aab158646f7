// What the Python package is measured against in C++: goals.py starts it, and asks for slices in turn with its own.
//
//   arena-python-compare NAME SLOTS    makes a ring of 64-byte records; reads "follow" or "alloc_many" from standard
//                                      input, once for each slice, and prints how many nanoseconds a value took. The
//                                      ring is its own: lines that another process has in its cache cost more.
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
constexpr int kRounds = 8;

/// The first time only fills the caches, which others have used meanwhile.
template <class Work>
double nanoseconds_each(Work&& work) {
  work();
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
  if (argc != 3) return 2;
  const std::uint64_t slots = std::stoull(argv[2]);
  const auto ring = arena_shm::Arena<Record>::create(argv[1], {.slots = slots});
  auto reader = ring.reader(arena_shm::From::oldest);
  auto writer = ring.writer();
  std::vector<arena_shm::Entry<Record>> entries(kBatch);
  const std::vector<Record> values(kBatch);
  std::uint64_t sum = 0;
  for (std::string what; std::getline(std::cin, what);) {
    std::cout << nanoseconds_each([&] {
      std::uint64_t count = 0;
      for (int round = 0; round < kRounds; ++round) {
        if (what == "follow") {
          reader.seek(arena_shm::From::oldest);
          while (const std::size_t got = reader.next(entries)) {
            count += got;
            sum += entries[got - 1].value.ts_ns;
          }
        } else {
          for (std::uint64_t i = 0; i < slots; i += kBatch, count += kBatch)
            sum += writer.alloc(std::span<const Record>(values)).last;
        }
      }
      return count;
    }) << std::endl;
  }
  return sum == 1 ? 1 : 0;
}
