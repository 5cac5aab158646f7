#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <optional>
#include <string>
#include <thread>

#include "arena_shm/arena.hpp"
#include "arena_shm/raw.hpp"
#include "support/code_of.hpp"
#include "support/temp_name.hpp"

namespace arena_shm {
namespace {

using namespace std::chrono_literals;
using test::code_of;
using test::error_of;
using test::TempName;

using Numbers = Arena<std::uint64_t>;
using NumbersView = ArenaView<std::uint64_t>;

/// What opening says, which has to be the same for both kinds of handle.
std::optional<Code> code_of_open(const TempName& name) {
  const std::optional<Code> code = code_of([&] { NumbersView::open(name); });
  EXPECT_EQ(code_of([&] { Numbers::open(name); }), code);
  return code;
}

TEST(OpenTest, FindsWhatWasCreated) {
  const TempName name;
  auto arena = Numbers::create(name, {.slots = 5});
  arena.alloc(42);
  auto other = Numbers::open(name);
  const auto view = NumbersView::open(name);
  EXPECT_EQ(*other.read(0), 42U);
  EXPECT_EQ(*view.read(0), 42U);
  EXPECT_EQ(other.alloc(43).seq, 1U);
  EXPECT_EQ(*arena.read(1), 43U);
  EXPECT_EQ(view.head(), 2U);
  EXPECT_EQ(view.info().epoch, arena.info().epoch);
}

TEST(OpenTest, AbsentNamesAreNotFound) {
  const TempName name;
  EXPECT_EQ(code_of_open(name), Code::not_found);
}

TEST(OpenTest, AnArenaThatIsNotThereYetIsWaitedFor) {
  const TempName name;
  EXPECT_EQ(code_of([&] { NumbersView::wait_open(name, 0ms); }), Code::not_found);
  EXPECT_EQ(code_of([&] { NumbersView::wait_open(name, 3ms); }), Code::not_found);
  EXPECT_EQ(code_of([&] { NumbersView::wait_open(name, std::chrono::nanoseconds::min()); }), Code::not_found);
  std::jthread later([&] {
    std::this_thread::sleep_for(30ms);
    Numbers::create(name, {.slots = 5}).alloc(42);
  });
  const auto view = NumbersView::wait_open(name, std::chrono::hours::max());
  later.join();
  EXPECT_EQ(*view.read(0), 42U);
  EXPECT_EQ(NumbersView::wait_open(name, -1s).info().epoch, view.info().epoch) << "what is there is not waited for";
  EXPECT_EQ(RawView::wait_open(name.str(), 1ms).info().epoch, view.info().epoch);
  EXPECT_EQ(code_of([&] { ArenaView<float>::wait_open(name, 1min); }), Code::incompatible_type);
}

TEST(OpenTest, RefusesADirectory) {
  const TempName name;
  ASSERT_EQ(::mkdir(name.path().c_str(), 0700), 0);
  EXPECT_EQ(code_of_open(name), Code::not_an_arena);
  EXPECT_EQ(code_of([&] { Numbers::create(name, {.slots = 1}); }), Code::already_exists);
  EXPECT_EQ(::rmdir(name.path().c_str()), 0) << "nothing has removed it";
}

TEST(OpenTest, RefusesAFifoAndDoesNotBlockOnIt) {
  const TempName name;
  ASSERT_EQ(::mkfifo(name.path().c_str(), 0600), 0);
  EXPECT_EQ(code_of_open(name), Code::not_an_arena);
}

TEST(OpenTest, RefusesASocket) {
  const TempName name;
  const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, name.path().c_str(), sizeof(address.sun_path) - 1);
  ASSERT_EQ(::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  const std::optional<Code> code = code_of_open(name);
  EXPECT_EQ(code, Code::not_an_arena);
  ::close(fd);
}

TEST(OpenTest, FollowsNoSymbolicLink) {
  const TempName target;
  const TempName link;
  const auto arena = Numbers::create(target, {.slots = 1});
  ASSERT_EQ(::symlink(target.path().c_str(), link.path().c_str()), 0);
  EXPECT_EQ(code_of_open(link), Code::not_an_arena);
  EXPECT_EQ(code_of([&] { Numbers::create(link, {.slots = 1}); }), Code::already_exists);
}

TEST(OpenTest, RefusesADanglingLink) {
  const TempName link;
  ASSERT_EQ(::symlink("/nonexistent/file", link.path().c_str()), 0);
  EXPECT_EQ(code_of_open(link), Code::not_an_arena);
  EXPECT_EQ(code_of([&] { Numbers::create(link, {.slots = 1}); }), Code::already_exists);
}

TEST(OpenTest, RefusesAForeignFileOfAnySize) {
  const TempName name;
  for (const unsigned size : {0U, 1U, 7U, 8U, 511U, 512U, 100'000U}) {
    std::ofstream(name.path(), std::ios::trunc) << std::string(size, 'x');
    EXPECT_EQ(code_of_open(name), Code::not_an_arena) << size << " bytes";
  }
}

struct Pair {
  std::uint32_t a, b;
};
struct OtherPair {
  std::uint32_t a, b;
};

TEST(OpenTest, RefusesAnotherTypeAndNamesBoth) {
  const TempName name;
  const auto arena = Arena<Pair>::create(name, {.slots = 1});
  EXPECT_EQ(code_of([&] { Arena<std::array<std::uint32_t, 3>>::open(name); }), Code::incompatible_type) << "size";
  EXPECT_EQ(code_of([&] { Arena<std::uint64_t>::open(name); }), Code::incompatible_type) << "alignment";
  EXPECT_EQ(code_of([&] { ArenaView<OtherPair>::open(name); }), Code::incompatible_type) << "name";
  EXPECT_EQ(code_of([&] { ArenaView<Pair>::open(name); }), std::nullopt);
  try {
    ArenaView<OtherPair>::open(name);
  } catch (const Error& error) {
    EXPECT_NE(error.expected().find("OtherPair"), std::string::npos) << error.what();
    EXPECT_NE(error.found().find("::Pair"), std::string::npos) << error.what();
    EXPECT_EQ(error.name(), name.str());
    EXPECT_NE(std::string(error.what()).find(name.str()), std::string::npos);
  }
}

TEST(OpenOrCreateTest, CreatesOnceThenOpens) {
  const TempName name;
  auto first = Numbers::open_or_create(name, {.slots = 4, .seats = 5});
  const auto second = Numbers::open_or_create(name, {.slots = 4, .seats = 5});
  EXPECT_EQ(first.info().epoch, second.info().epoch);
  first.alloc(9);
  EXPECT_EQ(*second.read(0), 9U);
}

TEST(OpenOrCreateTest, RefusesOtherOptions) {
  const TempName name;
  const auto arena = Numbers::create(name, {.slots = 4, .seats = 5});
  const auto code_with = [&](const Options& options) {
    return code_of([&] { Numbers::open_or_create(name, options); });
  };
  EXPECT_EQ(code_with({.slots = 5, .seats = 5}), Code::incompatible_options);
  EXPECT_EQ(code_with({.slots = 4, .seats = 6}), Code::incompatible_options);
  EXPECT_EQ(code_with({.slots = 4, .writers = Writers::exclusive}), Code::incompatible_options);
  EXPECT_EQ(code_with({.slots = 4, .seats = 5, .mode = 0644}), Code::incompatible_options);
  EXPECT_EQ(code_with({.slots = 4, .seats = 5, .mode = 0}), Code::incompatible_options);
  EXPECT_EQ(code_with({.slots = 4, .seats = 5}), std::nullopt);
  EXPECT_EQ(code_of([&] { Arena<Pair>::open_or_create(name, {.slots = 4, .seats = 5}); }), Code::incompatible_type);
}

// Whatever the umask, which has no part in it, and whoever changed it since.
TEST(OpenOrCreateTest, TheModeIsThatOfTheFile) {
  const TempName name;
  const mode_t umask_before = ::umask(0077);
  for (const Writers writers : {Writers::shared, Writers::exclusive}) {
    const Options options{.slots = 4, .writers = writers, .mode = 0664};
    EXPECT_EQ(code_of([&] { Numbers::open_or_create(name, options); }), std::nullopt);
    EXPECT_EQ(code_of([&] { Numbers::open_or_create(name, options); }), std::nullopt);
    ASSERT_EQ(::chmod(name.path().c_str(), 0660), 0);
    const auto error = error_of([&] { Numbers::open_or_create(name, options); });
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code(), Code::incompatible_options);
    EXPECT_EQ(error->expected(), "mode 0664");
    EXPECT_EQ(error->found(), "mode 0660");
    EXPECT_TRUE(Numbers::remove(name));
  }
  ::umask(umask_before);
}

// The same for one that is there as for one that would have to be made: it must not depend on who comes first.
TEST(OpenOrCreateTest, RefusesArgumentsOutOfTheirRangeWhetherItIsThereOrNot) {
  const TempName name;
  for (const bool there : {false, true}) {
    if (there) Numbers::create(name, {.slots = 4});
    const auto error = error_of([&] { Numbers::open_or_create(name, {}); });
    ASSERT_TRUE(error) << there;
    EXPECT_EQ(error->code(), Code::invalid_argument);
    EXPECT_EQ(error->expected(), "slots > 0");
    EXPECT_EQ(error->found(), "none given (slots = 0)");
    EXPECT_EQ(error->remedy(), "say how many values the ring is to hold");
    EXPECT_EQ(code_of([&] { Numbers::open_or_create(name, {.slots = 4, .seats = 0}); }), Code::invalid_argument);
    EXPECT_EQ(code_of([&] { Numbers::open_or_create(name, {.slots = 4, .mode = 01600}); }), Code::invalid_argument);
  }
}

TEST(OpenOrCreateTest, AnExclusiveArenaHasOneSeatWhateverWasAsked) {
  const TempName name;
  const Options options{.slots = 4, .writers = Writers::exclusive, .seats = 9};
  EXPECT_EQ(code_of([&] { Numbers::open_or_create(name, options); }), std::nullopt);
  EXPECT_EQ(code_of([&] { Numbers::open_or_create(name, options); }), std::nullopt);
  EXPECT_EQ(NumbersView::open(name).info().seats, 1U);
}

TEST(RemoveTest, SaysWhetherThereWasOne) {
  const TempName name;
  EXPECT_FALSE(Numbers::remove(name));
  const auto arena = Numbers::create(name, {.slots = 1});
  EXPECT_TRUE(Numbers::remove(name));
  EXPECT_FALSE(Numbers::remove(name));
  EXPECT_EQ(code_of([&] { Numbers::open(name); }), Code::not_found);
}

TEST(RemoveTest, AttachedHandlesGoOnAndAreRetired) {
  const TempName name;
  auto arena = Numbers::create(name, {.slots = 4});
  auto writer = arena.writer();
  const auto view = NumbersView::open(name);
  auto reader = view.reader(From::oldest);
  EXPECT_FALSE(arena.retired());
  EXPECT_FALSE(view.retired());
  Numbers::remove(name);
  EXPECT_TRUE(arena.retired());
  EXPECT_TRUE(view.retired());
  EXPECT_EQ(arena.alloc(1).seq, 0U);
  EXPECT_EQ(writer.alloc(2).seq, 1U);
  EXPECT_EQ(arena.writer().alloc(3).seq, 2U) << "seats can still be taken";
  EXPECT_EQ(reader.next()->value, 1U);
  EXPECT_EQ(*view.read(1), 2U);
}

// Never a silent split: who is attached to the old one can find out, and the new one is not touched through it.
TEST(RemoveTest, ANewArenaOfTheSameNameRetiresTheOldHandles) {
  const TempName name;
  auto old_arena = Numbers::create(name, {.slots = 4});
  Numbers::remove(name);
  auto new_arena = Numbers::create(name, {.slots = 4});
  EXPECT_TRUE(old_arena.retired());
  EXPECT_FALSE(new_arena.retired());
  old_arena.alloc(1);
  auto old_writer = old_arena.writer();
  old_writer.alloc(2);
  EXPECT_EQ(new_arena.head(), 0U);
  EXPECT_EQ(old_arena.head(), 2U);
}

}  // namespace
}  // namespace arena_shm
