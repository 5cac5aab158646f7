// The header changes between the moment it is read and the moment it is believed: a hostile or merely careless peer.
#include <gtest/gtest.h>
#include <unistd.h>

#include <functional>

#include "arena_shm/arena.hpp"
#include "crash/scenarios.hpp"
#include "crash/victim.hpp"
#include "support/code_of.hpp"
#include "support/segment_file.hpp"
#include "support/temp_name.hpp"

namespace arena_shm::test {
namespace {

using Value = CrashValue;

constexpr std::uint64_t kSlots = 4;

// Opens the arena, and runs `change` when the header has been read. Returns how the process that opened it ended:
// "exit 0" if it then read each value; "exit N" with N - 100 the code of the error.
std::string end_of_open(const std::string& name, const std::function<void()>& change) {
  Child child([&] {
    StopAt::arm("attach_header_read", SIGSTOP);
    const auto code = code_of([&] {
      const auto view = ArenaView<Value>::open(name);
      for (std::uint64_t seq = 0; seq < 2 * kSlots; ++seq) {
        const ReadStatus status = view.read(seq).status;
        if (status != (seq < kSlots ? ReadStatus::overwritten : ReadStatus::ok)) ::_exit(1);
      }
    });
    return code ? 100 + static_cast<int>(*code) : 0;
  });
  if (child.stop_or_end() != "stopped") return "never came there";
  change();
  child.signal(SIGCONT);
  return child.end();
}

class ChangedHeaderTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto writer = arena_.writer();
    for (std::uint64_t i = 0; i < 2 * kSlots; ++i) writer.alloc(Value::make(1, i));
  }

  const TempName name_;
  Arena<Value> arena_ = Arena<Value>::create(name_, {.slots = kSlots, .seats = 2});
};

TEST_F(ChangedHeaderTest, WhatWasCheckedIsWhatIsUsed) {
  EXPECT_EQ(end_of_open(name_.str(),
                        [&] {
                          SegmentFile file(name_);
                          file.header().slot_count = std::uint64_t{1} << 40;
                          file.header().slots.offset_bytes = std::uint64_t{1} << 40;
                          file.header().seat_count = core::kMaxSeats;
                          file.seal();
                        }),
            "exit 0");
}

TEST_F(ChangedHeaderTest, AFileThatWasCutMeanwhileIsTruncated) {
  EXPECT_EQ(end_of_open(name_.str(), [&] { ASSERT_EQ(::truncate(name_.path().c_str(), 4096), 0); }),
            "exit " + std::to_string(100 + static_cast<int>(Code::truncated)));
}

}  // namespace
}  // namespace arena_shm::test
