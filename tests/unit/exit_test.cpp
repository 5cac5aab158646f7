// exit() destroys what threads are still inside of: they must neither crash nor write without a lease.
#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <thread>

#include "arena_shm/arena.hpp"
#include "support/child.hpp"
#include "support/temp_name.hpp"
#include "support/writers_name.hpp"

namespace arena_shm {
namespace {

using test::Child;
using test::Gate;
using test::TempName;

class ExitTest : public testing::TestWithParam<Writers> {};

TEST_P(ExitTest, AWriterThatAThreadIsInsideOfStaysUntilTheProcessEnds) {
  const TempName name;
  const auto arena = Arena<std::uint64_t>::create(name, {.slots = 4, .writers = GetParam(), .seats = 2});
  // In a process of its own, whose end is what gives the seat back.
  Child child([&] {
    const auto own = Arena<std::uint64_t>::open(name);
    auto writer = std::make_optional(own.writer());
    const Gate inside;
    const Gate go_on;
    std::uint64_t seq = ~std::uint64_t{0};
    std::thread thread([&] {
      seq = writer->alloc_with([&](SlotWriter& slot) noexcept {
        inside.open();
        go_on.pass();
        slot.append(std::uint64_t{42});
      });
    });
    inside.pass();
    writer.reset();
    const bool kept = own.read(0).status == ReadStatus::pending;
    go_on.open();
    thread.join();
    const auto value = own.read(0);
    return kept && seq == 0 && value && *value == 42 ? 0 : 1;
  });
  EXPECT_EQ(child.end(), "exit 0");
  EXPECT_EQ(arena.writer().seat(), 0U) << "given back by its end";
}

INSTANTIATE_TEST_SUITE_P(Writers, ExitTest, testing::Values(Writers::shared, Writers::exclusive, Writers::laned),
                         [](const testing::TestParamInfo<Writers>& writers) { return test::name_of(writers.param); });

}  // namespace
}  // namespace arena_shm
