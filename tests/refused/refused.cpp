// Record types and callables that do not compile, one for each -DREFUSE_...; without any, the file does.
#include <cstdint>
#include <string>

#include "arena_shm/arena.hpp"
#include "arena_shm/describe.hpp"

struct Inner {
  int x;
};

struct Point {
  int x;
};
BOOST_DESCRIBE_STRUCT(Point, (), (x))

struct Record {
#if defined(REFUSE_POINTER)
  const char* member;
#elif defined(REFUSE_UNDESCRIBED)
  Inner member;
#elif defined(REFUSE_LONG_DOUBLE)
  long double member;
#elif defined(REFUSE_BIT_FIELD)
  unsigned member : 3;
#elif defined(REFUSE_STRING)
  std::string member;
#elif defined(REFUSE_NOTE_INSIDE) || defined(REFUSE_NOTE_TIME)
  Point member;
#else
  std::uint32_t member;
#endif
};
BOOST_DESCRIBE_STRUCT(Record, (), (member))

#if defined(REFUSE_NOTE)
template <>
inline constexpr auto arena_shm::kFieldNotes<Record> =
    std::array{arena_shm::FieldNote{.field = "nobody", .unit = "ns", .is_time = true}};
#elif defined(REFUSE_NOTE_INSIDE)
template <>
inline constexpr auto arena_shm::kFieldNotes<Record> =
    std::array{arena_shm::FieldNote{.field = "member.z", .unit = "m"}};
#elif defined(REFUSE_NOTE_TIME)
template <>
inline constexpr auto arena_shm::kFieldNotes<Record> =
    std::array{arena_shm::FieldNote{.field = "member", .unit = "ns", .is_time = true}};
#endif

struct Unfilled {
  explicit Unfilled(int value) : x(value) {}
  int x;
};

int main() {
  const auto arena = arena_shm::Arena<Record>::open("records");
  arena.writer().alloc_with([](auto& record) { record.member = {}; });  // for which a SlotWriter will not do
#if defined(REFUSE_CALLABLE)
  arena.writer().alloc_with([](int) {});
#elif defined(REFUSE_THROWING_CALLABLE)
  arena.writer().alloc_with([](arena_shm::SlotWriter&) {});
#elif defined(REFUSE_UNFILLED)
  arena_shm::Arena<Unfilled>::open("records").writer().alloc_with([](Unfilled& value) { value.x = 1; });
#endif
}
