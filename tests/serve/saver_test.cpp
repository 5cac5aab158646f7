// What a page saves: how long a capture waits. What is in its files is in cli.
#include "serve/saver.hpp"

#include <stdlib.h>

#include <chrono>
#include <filesystem>
#include <iterator>
#include <string>
#include <thread>

#include "serve/rings.hpp"
#include "support/code_of.hpp"

namespace arena_shm::serve {
namespace {

using std::chrono::milliseconds;
using test::code_of;

class SaverTest : public Rings {
 protected:
  SaverTest() : arena_(create(1, {.slots = 8192})) {
    std::string path = testing::TempDir() + "arena-saver-test-XXXXXX";
    directory_ = ::mkdtemp(path.data());
    write(arena_, 5);
  }
  ~SaverTest() override { std::filesystem::remove_all(directory_); }

  std::size_t count_of_files() const {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(directory_), {}));
  }

  RawArena arena_;
  std::filesystem::path directory_;
};

TEST_F(SaverTest, AConditionThatNothingMeetsIsGivenUpAndLeavesNoFile) {
  Saver saver(
      directory_, [] { return false; }, milliseconds(50));
  const auto captured = [&] { saver.capture(name(), {.before = "2", .after = "1", .when = "v[0] > 5"}); };
  EXPECT_EQ(code_of(captured), Code::not_found);
  EXPECT_EQ(count_of_files(), 0U);
}

// The patience that is over counts for the moment, and not for what comes after it.
TEST_F(SaverTest, WhatComesAfterTheMomentHasAPatienceOfItsOwn) {
  constexpr milliseconds kPatience{2000};
  const auto over = std::chrono::steady_clock::now() + kPatience + milliseconds(200);
  Saver saver(
      directory_, [] { return false; }, kPatience);
  std::jthread writer([&](const std::stop_token& stop) {
    for (; count_of_files() == 0 && !stop.stop_requested(); std::this_thread::sleep_for(milliseconds(1)))
      write(arena_, 1);
    std::this_thread::sleep_until(over);
    write(arena_, 1000);
  });
  const std::string text = saver.capture(name(), {.before = "2", .after = "1000", .when = "v[0] == 1"});
  EXPECT_GE(std::chrono::steady_clock::now(), over);
  EXPECT_NE(text.find("before the trigger"), std::string::npos) << text;
}

}  // namespace
}  // namespace arena_shm::serve
