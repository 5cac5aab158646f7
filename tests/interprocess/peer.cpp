// The program that the interprocess tests start: one role a process. Prints what it has to say in one line.
//
//   write NAME BYTES WAY ID COUNT    COUNT values of that writer; WAY is alloc, batch, or guarded
//   read NAME BYTES TOTAL            follows from seq 0 until TOTAL values have been read or lost;
//                                    prints: read overwritten holes passed_over torn cursor
//   create NAME ROUNDS               open_or_create, alloc, remove, again and again; prints how often it could
//   look NAME                        opens read-only and reads seq 0 as the user that it is; prints the status
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>

#include "arena_shm/arena.hpp"
#include "support/checked_value.hpp"

namespace {

using namespace arena_shm;
using namespace std::chrono_literals;

std::uint64_t number(const char* text) { return std::strtoull(text, nullptr, 10); }
unsigned long long shown(std::uint64_t value) { return value; }

template <std::size_t Bytes>
int write(const char* name, std::string_view way, std::uint32_t id, std::uint64_t total) {
  using Value = test::CheckedValue<Bytes>;
  auto arena = Arena<Value>::open(name);
  if (way == "guarded") {
    for (std::uint64_t count = 0; count < total; ++count) arena.alloc(Value::make(id, count));
    return 0;
  }
  auto writer = arena.writer("peer");
  for (std::uint64_t count = 0; count < total;) {
    std::array<Value, 3> batch;
    const std::size_t length = way == "batch" ? std::min<std::uint64_t>(batch.size(), total - count) : 1;
    for (std::size_t i = 0; i < length; ++i) batch[i] = Value::make(id, count++);
    if (length == 1)
      writer.alloc(batch[0]);
    else
      writer.alloc(std::span<const Value>(batch.data(), length));
  }
  return 0;
}

template <std::size_t Bytes>
int read(const char* name, std::uint64_t total) {
  const auto view = ArenaView<test::CheckedValue<Bytes>>::open(name);
  auto reader = view.reader(From::at(0), {.manner = Manner::throughput, .hold = 20s});
  std::uint64_t torn = 0;
  const auto values = [&] { return reader.read_count() + reader.overwritten_count() + reader.passed_over_count(); };
  for (int idle = 0; values() < total && idle < 100;) {
    while (const auto entry = reader.next()) {
      if (!entry->value.whole()) ++torn;
    }
    if (values() < total && !reader.wait_for(100ms)) ++idle;
  }
  std::printf("%llu %llu %llu %llu %llu %llu\n", shown(reader.read_count()), shown(reader.overwritten_count()),
              shown(reader.hole_count()), shown(reader.passed_over_count()), shown(torn), shown(reader.cursor()));
  return 0;
}

int create(const char* name, std::uint64_t rounds) {
  std::uint64_t opened = 0;
  for (std::uint64_t i = 0; i < rounds; ++i) {
    try {
      auto arena = Arena<std::uint64_t>::open_or_create(name, {.slots = 16});
      arena.alloc(i);
      ++opened;
      if (i % 3 == 0) Arena<std::uint64_t>::remove(name);
    } catch (const Error& error) {
      // Only this may happen: others remove and create faster than this process can follow.
      if (error.code() != Code::not_found && error.code() != Code::already_exists) throw;
    }
  }
  std::printf("%llu\n", shown(opened));
  return 0;
}

int look(const char* name) {
  const auto view = ArenaView<std::uint64_t>::open(name);
  const auto result = view.read(0);
  auto reader = view.reader(From::oldest);
  const bool got = reader.next().has_value();
  const bool more = reader.wait_for(5ms);  // sleeps without the doorbell, which it may not write
  std::printf("uid %u: %s %d %d\n", ::getuid(), std::string(to_string(result.status)).c_str(), got, more);
  return 0;
}

template <class Call>
int with_size(std::uint64_t bytes, Call&& call) {
  switch (bytes) {
    case 8: return call(std::integral_constant<std::size_t, 8>{});
    case 61: return call(std::integral_constant<std::size_t, 61>{});
    case 256: return call(std::integral_constant<std::size_t, 256>{});
    default: return 2;
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view role = argc > 1 ? argv[1] : "";
  try {
    if (role == "write" && argc == 7) {
      return with_size(number(argv[3]), [&](auto bytes) {
        return write<bytes()>(argv[2], argv[4], static_cast<std::uint32_t>(number(argv[5])), number(argv[6]));
      });
    }
    if (role == "read" && argc == 5)
      return with_size(number(argv[3]), [&](auto bytes) { return read<bytes()>(argv[2], number(argv[4])); });
    if (role == "create" && argc == 4) return create(argv[2], number(argv[3]));
    if (role == "look" && argc == 3) return look(argv[2]);
  } catch (const Error& error) {
    std::printf("%s\n", std::string(to_string(error.code())).c_str());
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 2;
}
