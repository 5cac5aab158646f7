// A lossless arena of each kind of writers.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "arena_shm/arena.hpp"
#include "support/child.hpp"
#include "support/code_of.hpp"
#include "support/segment_file.hpp"
#include "support/temp_name.hpp"

namespace arena_shm::test {

using namespace std::chrono_literals;

class LosslessTest : public ::testing::TestWithParam<Writers> {
 protected:
  using Tick = std::uint64_t;
  static constexpr std::uint64_t kSlots = 8;

  LosslessTest() : LosslessTest(options()) {}
  explicit LosslessTest(const Options& options) : arena_(Arena<Tick>::create(name_, options)) {}

  static Options options(Duration patience = {}) {
    return {
        .slots = kSlots, .writers = GetParam(), .seats = 3, .full = Full::wait, .consumers = 3, .patience = patience};
  }
  static std::vector<Tick> take_all(Consumer<Tick>& consumer) {
    std::vector<Tick> values;
    while (const auto entry = consumer.next()) values.push_back(entry->value);
    return values;
  }
  static std::vector<Tick> range(Tick first, Tick end) {
    std::vector<Tick> values;
    for (; first < end; ++first) values.push_back(first);
    return values;
  }
  template <class Condition>
  static bool eventually(Condition condition) {
    for (int i = 0; i < 20'000; ++i) {
      if (condition()) return true;
      std::this_thread::sleep_for(1ms);
    }
    return false;
  }

  TempName name_;
  Arena<Tick> arena_;
};

inline std::string kind_of(const ::testing::TestParamInfo<Writers>& info) {
  return info.param == Writers::shared ? "shared" : info.param == Writers::exclusive ? "exclusive" : "laned";
}
#define INSTANTIATE_FOR_EACH_KIND(Suite)                                                                         \
  INSTANTIATE_TEST_SUITE_P(Kinds, Suite, ::testing::Values(Writers::shared, Writers::exclusive, Writers::laned), \
                           test::kind_of)

}  // namespace arena_shm::test
