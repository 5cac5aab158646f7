// Rings for these tests, with names of their own.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "arena_shm/raw.hpp"

namespace arena_shm::serve {

/// A ring of `count` doubles a record, v[0], v[1], ...; removed at the end.
class Rings : public testing::Test {
 protected:
  Rings() : name_("serve-test-" + std::to_string(::getpid())) {}
  ~Rings() override { RawArena::remove(name_); }

  const std::string& name() const { return name_; }
  RawArena create(std::size_t count, const Options& options) {
    const std::string n = std::to_string(count);
    const std::string bytes = std::to_string(8 * count);
    const RecordType record{
        .name = "",
        .size_bytes = 8 * count,
        .align_bytes = 8,
        .schema = R"({"names":["v"],"formats":["()" + n + R"()<f8"],"offsets":[0],"itemsize":)" + bytes + "}"};
    return RawArena::create(name_, record, options);
  }
  static void write(RawArena& arena, std::size_t values) {
    std::vector<double> record(arena.info().record.size_bytes / 8, 1.0);
    auto writer = arena.writer();
    for (std::size_t i = 0; i < values; ++i) writer.alloc(std::as_bytes(std::span(record)));
  }
  template <class Condition>
  static void wait_for(Condition&& condition) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (!condition()) {
      ASSERT_LT(std::chrono::steady_clock::now(), end) << "waited in vain";
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
  }

 private:
  std::string name_;
};

}  // namespace arena_shm::serve
