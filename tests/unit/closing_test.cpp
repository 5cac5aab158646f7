// The name gone, the descriptors closed by the program, in either order: handles go on, and can be destroyed.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdint>
#include <optional>

#include "arena_shm/arena.hpp"
#include "support/child.hpp"
#include "support/code_of.hpp"
#include "support/temp_name.hpp"

namespace arena_shm {
namespace {

using test::Child;
using test::code_of;
using test::TempName;

using Numbers = Arena<std::uint64_t>;

enum class Order { name_first, descriptors_first, descriptors_only };

class ClosingTest : public testing::TestWithParam<Order> {};

TEST_P(ClosingTest, HandlesGoOn) {
  const TempName name;
  Child child([&] {
    auto arena = std::make_optional(Numbers::create(name, {.slots = 8}));
    auto unused = Numbers::open(name);
    auto view = std::make_optional(ArenaView<std::uint64_t>::open(name));
    auto writer = std::make_optional(arena->writer());
    auto reader = std::make_optional(view->reader(From::at(0)));
    arena->alloc(0);
    if (GetParam() == Order::name_first) Numbers::remove(name);
    for (int fd = 3; fd < 256; ++fd) ::close(fd);
    if (GetParam() == Order::descriptors_first) Numbers::remove(name);
    const bool named = GetParam() == Order::descriptors_only;

    if (arena->retired() == named || view->retired() == named) return 1;
    for (std::uint64_t i = 1; i < 200; ++i) {
      arena->alloc(i);
      if (*view->read(2 * i - 1) != i || *arena->read(2 * i - 1) != i) return 2;
      if (writer->alloc(i).seq != 2 * i) return 3;
      while (reader->next()) continue;
    }
    if (reader->cursor() != 399 || reader->read_count() != 399) return 4;
    if (reader->wait_for(std::chrono::milliseconds(1))) return 5;
    auto second = view->reader(From::newest);
    arena->alloc(7);
    if (second.next()->value != 7) return 6;

    const auto expected = named ? std::nullopt : std::optional(Code::not_found);
    if (code_of([&] { arena->writer(); }) != expected || code_of([&] { unused.alloc(1); }) != expected) return 7;
    // What a program opens under a number that was the arena's stays open.
    const int reused = ::dup(0);
    reader.reset();
    view.reset();
    writer.reset();
    arena.reset();
    return ::close(reused) == 0 ? 0 : 8;
  });
  EXPECT_EQ(child.end(), "exit 0");
}

INSTANTIATE_TEST_SUITE_P(Orders, ClosingTest,
                         testing::Values(Order::name_first, Order::descriptors_first, Order::descriptors_only),
                         [](const testing::TestParamInfo<Order>& order) {
                           switch (order.param) {
                             case Order::name_first: return "name_first";
                             case Order::descriptors_first: return "descriptors_first";
                             default: return "descriptors_only";
                           }
                         });

}  // namespace
}  // namespace arena_shm
