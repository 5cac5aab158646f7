#include "arena_shm/core/in_place.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <optional>
#include <utility>

#include "arena_shm/arena.hpp"
#include "support/temp_name.hpp"

namespace arena_shm {
namespace {

struct Plain {
  std::uint64_t words[40];
};
struct WithInitialisers {
  std::uint64_t id = 7;
  double px = 1.5;
  std::uint64_t rest[40] = {};
};
struct WithoutDefault {
  explicit WithoutDefault(std::uint64_t number) : id(number), twice(2 * number) {}
  std::uint64_t id;
  std::uint64_t twice;
};
struct WithConstMember {
  const std::uint64_t id = 3;
  std::uint64_t other = 4;
};

TEST(InPlaceTest, TheValueIsFilledWhereItStays) {
  const void* filled_at = nullptr;
  const std::optional<std::pair<std::uint64_t, Plain>> value(
      std::in_place, core::Elided([&] {
        return std::pair<std::uint64_t, Plain>{1,
                                               core::filled<Plain>([](void* bytes) { std::memset(bytes, 0x11, 320); })};
      }));
  EXPECT_EQ(value->second.words[39], 0x1111'1111'1111'1111U);
  const std::optional<Plain> alone(std::in_place, core::Elided([&] {
                                     return core::filled<Plain>([&](void* bytes) {
                                       filled_at = bytes;
                                       std::memset(bytes, 0x22, sizeof(Plain));
                                     });
                                   }));
  EXPECT_EQ(alone->words[0], 0x2222'2222'2222'2222U);
  EXPECT_EQ(filled_at, &*alone);
}

/// Does a value of this type come back as it was, by each way to read it, and is an absent one absent?
template <class T, class... Arguments>
void goes_through(Arguments... arguments) {
  const test::TempName name;
  auto arena = Arena<T>::create(name, {.slots = 4});
  const T value{arguments...};
  arena.writer().alloc(value);
  auto reader = arena.reader(From::oldest);
  const auto entry = reader.next();
  ASSERT_TRUE(entry);
  EXPECT_EQ(entry->seq, 0U);
  EXPECT_EQ(std::memcmp(&entry->value, &value, sizeof(T)), 0);
  EXPECT_FALSE(reader.next());
  const auto result = arena.read(0);
  ASSERT_EQ(result.status, ReadStatus::ok);
  EXPECT_EQ(std::memcmp(&*result, &value, sizeof(T)), 0);
  EXPECT_EQ(arena.read(1).status, ReadStatus::not_yet);
  EXPECT_FALSE(arena.read(1));
}

TEST(InPlaceTest, RecordsOfEveryKindOfConstructionAreRead) {
  goes_through<std::uint8_t>(std::uint8_t{5});
  goes_through<bool>(true);
  goes_through<Plain>(Plain{{1, 2, 3}});
  goes_through<WithInitialisers>(WithInitialisers{.id = 9, .px = 2.5, .rest = {4}});
  goes_through<WithoutDefault>(std::uint64_t{21});
  goes_through<WithConstMember>(WithConstMember{.id = 8, .other = 9});
}

}  // namespace
}  // namespace arena_shm
