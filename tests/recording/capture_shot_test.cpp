// A capture whose trigger is late: what the ring has lost of it.
#include "recording/capture_shot.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "arena_shm/arena.hpp"
#include "schema/fields_language.hpp"
#include "support/temp_name.hpp"

namespace arena_shm::recording {
namespace {

class Quiet final : public Attendant {
 public:
  bool stop_requested() const noexcept override { return false; }
  void note(std::string_view) override {}
  void tell(std::string_view text) override { told += std::string(text) + '\n'; }
  void show_progress(std::string_view) override {}
  std::string told;
};

class NoHand final : public Hand {
 public:
  bool was_pulled() override { return false; }
};

class CaptureShotTest : public testing::Test {
 protected:
  static FileOptions into(const std::filesystem::path& directory) {
    std::filesystem::create_directory(directory);
    FileOptions file;
    file.path = (directory / "x.csv").string();
    return file;
  }
  ~CaptureShotTest() override { std::filesystem::remove_all(directory_); }

  void put(std::uint64_t count) {
    for (std::uint64_t i = 0; i < count; ++i) arena_.alloc(written_++);
  }
  /// The trigger is a value; so many are wanted before it, and behind it.
  CaptureShot& shoot(std::uint64_t seq, std::uint64_t before, std::uint64_t after) {
    trigger_ = {.seq = seq, .ns = {}, .next = {seq + 1}};
    wish_ = {.when = "n > 0", .before = {.time = {}, .values = before}, .after = {.time = {}, .values = after}};
    shot_.emplace(view_, shape_, wish_, trigger_, saved_, file_, hand_, attendant_);
    shot_->run();
    return *shot_;
  }
  std::string file() const {
    std::ifstream in(directory_ / "x.1.csv");
    return {std::istreambuf_iterator<char>(in), {}};
  }

  test::TempName name_;
  Arena<std::uint64_t> arena_ = Arena<std::uint64_t>::create(name_, {.slots = 8});
  RawView view_ = RawView::open(name_.str());
  std::uint64_t written_ = 0;
  RecordShape shape_{.size_bytes = 8, .schema = schema::parse_fields("u64 n")};
  std::filesystem::path directory_ = std::filesystem::temp_directory_path() / ("arena-shm-shot-" + name_.str());
  FileOptions file_ = into(directory_);
  Position saved_{std::vector<std::uint64_t>{0}};
  CaptureWish wish_;
  Trigger trigger_;
  NoHand hand_;
  Quiet attendant_;
  std::optional<CaptureShot> shot_;
};

TEST_F(CaptureShotTest, WhatWasOverwrittenFromTheTriggerOnIsLostAndWhatWasBeforeItIsNot) {
  put(20);  // the ring holds 12 to 19
  const CaptureShot& shot = shoot(10, 5, 4);
  EXPECT_EQ(shot.lost(), 2U);
  EXPECT_EQ(attendant_.told, "gap: 10..11 (2 overwritten)\n");
  EXPECT_EQ(file(), "_seq,_trigger,n\n12,0,12\n13,0,13\n14,0,14\n15,0,15\n");
  EXPECT_EQ(shot.end(), Position(std::vector<std::uint64_t>{16}));
  EXPECT_NE(shot.summary().find("2 lost; the value that triggered was overwritten"), std::string::npos)
      << shot.summary();
}

TEST_F(CaptureShotTest, WhatTheRingWasTooSmallForBeforeTheTriggerIsNotLost) {
  put(20);
  const CaptureShot& shot = shoot(14, 5, 2);
  EXPECT_EQ(shot.lost(), 0U);
  EXPECT_EQ(file(), "_seq,_trigger,n\n12,0,12\n13,0,13\n14,1,14\n15,0,15\n16,0,16\n");
  EXPECT_NE(shot.summary().find("the ring held only 2 values before the trigger, not 5 values"), std::string::npos)
      << shot.summary();
}

}  // namespace
}  // namespace arena_shm::recording
