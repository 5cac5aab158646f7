#include "recording/arena_stream.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "unit/time_order_fixture.hpp"

namespace arena_shm {
namespace {

using namespace std::chrono_literals;
using recording::ArenaStream;

class Deaf final : public recording::Attendant {
 public:
  bool stop_requested() const noexcept override { return false; }
  void note(std::string_view) override {}
  void tell(std::string_view) override {}
  void show_progress(std::string_view) override {}
};

/// Of the two lanes one has a value, and the other one only a claim.
class ArenaStreamTest : public TimedLanesTest {
 protected:
  ArenaStreamTest() : TimedLanesTest(2, 8) {
    put(0, 2, 20);
    extent_.end = view_.reader(From::newest).position();
    stream_.emplace(view_, extent_, shape_, deaf_);
    stream_->on_gap([this](const Gap& gap) { lost_ += gap.count(); });
  }

  void read() {
    while (stream_->next(row_) != ArenaStream::Step::none) ++read_;
  }
  void read_all() {
    for (; !stream_->is_finished(); stream_->wait_for(5ms)) read();
  }

  std::uint64_t claimed_ = claim(1);
  RawView view_ = RawView::open(name_.str());
  recording::RecordShape shape_{.size_bytes = sizeof(std::uint64_t)};
  recording::Extent extent_{.first = view_.reader(From::oldest).position()};
  Deaf deaf_;
  std::optional<ArenaStream> stream_;
  recording::Row row_{shape_};
  std::uint64_t read_ = 0;
  std::uint64_t lost_ = 0;
};

TEST_F(ArenaStreamTest, WhatIsBeingWrittenAtItsEndIsNotGivenUpAtOnce) {
  const auto begin = std::chrono::steady_clock::now();
  read();
  stream_->wait_for({});
  if (std::chrono::steady_clock::now() - begin > 35ms) GTEST_SKIP() << "nothing is known of who was held up";
  EXPECT_EQ(lost_, 0U);
  finish(1, claimed_, 1, 10);
  read_all();
  EXPECT_EQ(read_, 2U);
  EXPECT_EQ(lost_, 0U);
}

TEST_F(ArenaStreamTest, WhatIsBeingWrittenForLongIsGivenUp) {
  read_all();
  EXPECT_EQ(read_, 1U);
  EXPECT_EQ(lost_, 1U);
}

}  // namespace
}  // namespace arena_shm
