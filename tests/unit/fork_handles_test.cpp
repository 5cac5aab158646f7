// Handles of the parent, used in a forked child: an error, whatever they are in, and no harm to the parent's.
#include <gtest/gtest.h>
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "arena_shm/arena.hpp"
#include "arena_shm/raw.hpp"
#include "support/child.hpp"
#include "support/code_of.hpp"
#include "support/temp_name.hpp"
#include "support/writers_name.hpp"

namespace arena_shm {
namespace {

using test::Child;
using test::code_of;
using test::TempName;

using Numbers = Arena<std::uint64_t>;

class ForkHandlesTest : public testing::TestWithParam<Writers> {
 protected:
  /// Every use of these in a child, by name.
  std::vector<std::pair<const char*, std::function<void()>>> uses() {
    return {
        {"Arena::alloc", [this] { arena_->alloc(1); }},
        {"Arena::writer", [this] { arena_->writer(); }},
        {"Arena::read", [this] { arena_->read(0); }},
        {"Arena::reader", [this] { arena_->reader(From::oldest); }},
        {"Writer::alloc", [this] { writer_->alloc(1); }},
        {"Writer::try_alloc", [this] { writer_->try_alloc(1); }},
        {"Writer::alloc of several",
         [this] {
           writer_->alloc(std::vector<std::uint64_t>{1, 2, 3});
         }},
        {"Writer::alloc_with", [this] { writer_->alloc_with([](std::uint64_t& value) { value = 1; }); }},
        {"Writer::alloc_with in place",
         [this] { writer_->alloc_with([](SlotWriter& slot) noexcept { slot.append(std::uint64_t{1}); }); }},
        {"View::read", [this] { view_->read(0); }},
        {"View::reader", [this] { view_->reader(From::newest); }},
        {"Reader::next", [this] { reader_->next(); }},
        {"Reader::next of several", [this] { reader_->next(std::span<Entry<std::uint64_t>>(entries_)); }},
        {"Reader::wait_for", [this] { reader_->wait_for(std::chrono::hours::max()); }},
        {"Reader::wait_for, just a look", [this] { reader_->wait_for(std::chrono::seconds(0)); }},
    };
  }

  /// Exits with the number of uses that did not give Code::forked; says which.
  Child user() {
    return Child([this] {
      int wrong = 0;
      for (int twice = 0; twice < 2; ++twice) {
        for (const auto& [name, use] : uses()) {
          if (code_of(use) == Code::forked) continue;
          std::fprintf(stderr, "%s was not refused\n", name);
          ++wrong;
        }
      }
      return wrong;
    });
  }

  bool is_shared() const { return GetParam() == Writers::shared; }

  TempName name_;
  std::optional<Numbers> arena_ = Numbers::create(name_, {.slots = 8, .writers = GetParam(), .seats = 8});
  std::optional<Writer<std::uint64_t>> writer_ = arena_->writer();
  std::optional<ArenaView<std::uint64_t>> view_ = ArenaView<std::uint64_t>::open(name_);
  std::optional<Reader<std::uint64_t>> reader_ = view_->reader(From::at(0));
  std::vector<Entry<std::uint64_t>> entries_{4};
};

TEST_P(ForkHandlesTest, AreRefusedWhenTheyWereNotUsedBefore) {
  EXPECT_EQ(user().end(), "exit 0");
  EXPECT_EQ(writer_->alloc(7).seq, 0U) << "the parent's go on";
  EXPECT_EQ(reader_->next()->value, 7U);
}

TEST_P(ForkHandlesTest, AreRefusedWhenTheyWereOnTheirHotPaths) {
  for (std::uint64_t i = 0; i < 200; ++i) {
    writer_->alloc(i);
    EXPECT_EQ(reader_->next()->value, i);
  }
  if (is_shared()) {
    for (int i = 0; i < 200; ++i) arena_->alloc(1);  // the mutex is reserved
  }
  const std::uint64_t head = arena_->head();
  EXPECT_EQ(user().end(), "exit 0");
  EXPECT_EQ(arena_->head(), head) << "nothing was written";
  EXPECT_EQ(writer_->alloc(7).seq, 200 * arena_->lanes() + (is_shared() ? 200 : 0));
  if (is_shared()) {
    EXPECT_EQ(arena_->alloc(8).seq, head + 1);
  }
}

// What gives no error finds zeros there: memory of the child's own.
TEST_P(ForkHandlesTest, LookAtZerosWhereTheyDoNotAsk) {
  writer_->alloc(7);
  Child child([this] {
    const bool zeros = arena_->head() == 0 && *arena_->ptr_at(0) == 0 && *view_->ptr_at(5) == 0 &&
                       view_->slots() == 8 * view_->info().lanes;
    arena_->prefault();
    view_->prefault();
    return zeros && !view_->retired() ? 0 : 1;
  });
  EXPECT_EQ(child.end(), "exit 0");
  EXPECT_EQ(*view_->ptr_at(0), 7U);
}

// A child of the child; one whose parent has closed everything first; and handles that were moved.
TEST_P(ForkHandlesTest, AreRefusedInGrandchildrenToo) {
  writer_->alloc(7);
  Child child([this] { return user().end() == "exit 0" ? 0 : 1; });
  EXPECT_EQ(child.end(), "exit 0");
}

TEST_P(ForkHandlesTest, AreRefusedWhenTheNameAndTheDescriptorsAreGone) {
  writer_->alloc(7);
  auto moved = std::move(*writer_);
  *writer_ = std::move(moved);
  Numbers::remove(name_);
  Child child([this] {
    for (int fd = 3; fd < 256; ++fd) ::close(fd);
    const bool refused = user().end() == "exit 0";
    reader_.reset();
    view_.reset();
    writer_.reset();
    arena_.reset();
    return refused ? 0 : 1;
  });
  EXPECT_EQ(child.end(), "exit 0");
  EXPECT_EQ(writer_->alloc(8).seq, arena_->lanes());
}

TEST_P(ForkHandlesTest, SayWhatToDo) {
  Child child([this] {
    const auto error = test::error_of([this] { writer_->alloc(1); });
    return error && error->name() == name_.str() && to_string(error->code()) == "forked" && !error->remedy().empty()
               ? 0
               : 1;
  });
  EXPECT_EQ(child.end(), "exit 0");
}

TEST_P(ForkHandlesTest, OfNoTypeAreRefused) {
  auto raw = RawArena::open(std::string_view(name_.str()));
  auto reader = raw.reader(From::at(0));
  std::uint64_t value = 1;
  const auto bytes = std::as_writable_bytes(std::span(&value, 1));
  Child child([&] {
    const bool all =
        code_of([&] { raw.alloc(bytes); }) == Code::forked && code_of([&] { raw.writer(); }) == Code::forked &&
        code_of([&] { raw.read(0, bytes); }) == Code::forked && code_of([&] { reader.next(bytes); }) == Code::forked &&
        code_of([&] { reader.wait_for(std::chrono::seconds(1)); }) == Code::forked;
    return all ? 0 : 1;
  });
  EXPECT_EQ(child.end(), "exit 0");
}

INSTANTIATE_TEST_SUITE_P(Writers, ForkHandlesTest, testing::Values(Writers::shared, Writers::exclusive, Writers::laned),
                         [](const testing::TestParamInfo<Writers>& writers) { return test::name_of(writers.param); });

// A program's own handlers of fork, registered before it has ever used an arena, may open one, as a child has to, and
// let go of one.
TEST(ForkHandlersTest, OfTheProgramMayUseArenas) {
  static std::optional<Numbers> arena;
  static std::string name;
  const TempName own_name;
  Child program([&own_name] {
    ::pthread_atfork([] { arena.reset(); }, [] { arena.emplace(Numbers::open(name)); },
                     [] { arena.emplace(Numbers::open(name)); });
    name = own_name.str();
    arena.emplace(Numbers::create(name, {.slots = 8}));
    for (int i = 0; i < 3; ++i) {
      const pid_t pid = ::fork();
      if (pid == 0) ::_exit(arena->alloc(1).value == 1 ? 0 : 1);
      int status = 0;
      if (::waitpid(pid, &status, 0) != pid || status != 0) return 1;
    }
    return arena->alloc(2).seq == 3 ? 0 : 2;
  });
  EXPECT_EQ(program.end(), "exit 0");
}

}  // namespace
}  // namespace arena_shm
