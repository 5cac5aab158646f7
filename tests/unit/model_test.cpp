// One thread, random operations, and beside the ring a plain model of it: all that was ever put in, of which the last
// `slots` are there.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "arena_shm/arena.hpp"
#include "support/checked_value.hpp"
#include "support/code_of.hpp"
#include "support/temp_name.hpp"

namespace arena_shm {
namespace {

using test::CheckedValue;
using test::TempName;
using Value = CheckedValue<29>;

struct Case {
  std::uint64_t slots;
  Writers writers;
};

void PrintTo(const Case& c, std::ostream* out) {
  *out << c.slots << (c.writers == Writers::shared ? " slots, shared" : " slots, exclusive");
}

/// A follower with the model of one beside it.
class FollowedReader {
 public:
  FollowedReader(const ArenaView<Value>& view, From from, std::uint64_t first)
      : reader_(view.reader(from, {.doorbell = false})), first_(first), expected_(first) {
    reader_.on_gap([this](const Gap& gap) {
      EXPECT_EQ(gap.first, expected_) << "gaps and values follow each other without a seam";
      EXPECT_GE(gap.last, gap.first);
      expected_ = gap.last + 1;
      EXPECT_TRUE(gap.cause == Loss::overwritten || gap.cause == Loss::passed_over);
      (gap.cause == Loss::overwritten ? overwritten_ : passed_over_) += gap.count();
    });
  }

  void next(const std::vector<Value>& model, std::uint64_t slots) {
    const std::uint64_t head = model.size();
    const std::uint64_t before = reader_.cursor();
    const std::uint64_t oldest = head > slots ? head - slots : 0;
    const auto entry = reader_.next();
    ASSERT_EQ(entry.has_value(), before < head);
    if (entry) {
      take(*entry, model);
      if (before >= oldest) {
        ASSERT_EQ(entry->seq, before) << "what can be read is read";
      } else {
        ASSERT_GE(entry->seq, oldest);
        ASSERT_LE(entry->seq, oldest + slots / 2) << "the skid is half the ring at most";
      }
    }
    check();
  }

  void next_many(const std::vector<Value>& model, std::size_t room) {
    std::vector<Entry<Value>> entries(room);
    const std::size_t count = reader_.next(entries);
    for (std::size_t i = 0; i < count; ++i) take(entries[i], model);
    ASSERT_TRUE(count == room || reader_.cursor() == std::max<std::uint64_t>(model.size(), first_));
    check();
  }

 private:
  void take(const Entry<Value>& entry, const std::vector<Value>& model) {
    ASSERT_LT(entry.seq, model.size());
    EXPECT_EQ(entry.value, model[entry.seq]);
    // With next(span) the gaps in between have been reported by now.
    EXPECT_GE(expected_, entry.seq);
    expected_ = std::max(expected_, entry.seq + 1);
    ++read_;
  }
  void check() const {
    ASSERT_EQ(reader_.read_count(), read_);
    ASSERT_EQ(reader_.overwritten_count(), overwritten_);
    ASSERT_EQ(reader_.passed_over_count(), passed_over_);
    ASSERT_EQ(reader_.hole_count(), 0U);
    ASSERT_EQ(reader_.cursor() - first_, read_ + overwritten_ + passed_over_);
  }

  Reader<Value> reader_;
  std::uint64_t first_;
  std::uint64_t expected_;
  std::uint64_t read_ = 0;
  std::uint64_t overwritten_ = 0;
  std::uint64_t passed_over_ = 0;
};

class ModelTest : public ::testing::TestWithParam<Case> {
 protected:
  Value fresh() { return Value::make(7, made_++); }

  void check_alloc(const Entry<Value>& entry, const Value& value) {
    ASSERT_EQ(entry.seq, model_.size());
    ASSERT_EQ(entry.value, value);
    model_.push_back(value);
  }

  void write_with(Writer<Value>& writer) {
    const Value value = fresh();
    switch (random_() % 5) {
      case 0: check_alloc(writer.alloc(value), value); break;
      case 1: check_alloc(writer.try_alloc(value).value(), value); break;
      case 2: check_alloc(writer.alloc_with([&](Value& place) { place = value; }), value); break;
      case 3: {
        const std::uint64_t seq = writer.alloc_with([&](SlotWriter& slot) noexcept { slot.append(value); });
        check_alloc({seq, value}, value);
        break;
      }
      default: write_batch(writer);
    }
  }

  void write_batch(Writer<Value>& writer) {
    std::vector<Value> batch(random_() % (2 * GetParam().slots + 4) % 300);
    for (Value& value : batch) value = fresh();
    const SeqRange range = writer.alloc(batch);
    ASSERT_EQ(range.count, batch.size());
    if (batch.empty()) return;
    ASSERT_EQ(range.first, model_.size());
    model_.insert(model_.end(), batch.begin(), batch.end());
    ASSERT_EQ(range.last, model_.size() - 1);
  }

  void check_read(const ArenaView<Value>& view, std::uint64_t seq) const {
    const ReadResult<Value> result = view.read(seq);
    ReadStatus expected = ReadStatus::ok;
    if (seq >= model_.size()) expected = ReadStatus::not_yet;
    if (seq + GetParam().slots < model_.size()) expected = ReadStatus::overwritten;
    ASSERT_EQ(result.status, expected) << "seq " << seq << " of " << model_.size();
    ASSERT_EQ(result.value.has_value(), expected == ReadStatus::ok);
    ASSERT_TRUE(!result || *result == model_[seq]);
  }

  void check_peek(const ArenaView<Value>& view, std::uint64_t i) const {
    const std::uint64_t slots = GetParam().slots;
    const std::uint64_t slot = i % slots;
    if (slot >= model_.size()) {
      ASSERT_EQ(*view.ptr_at(i), Value{}) << "never used";
    } else {
      ASSERT_EQ(*view.ptr_at(i), model_[slot + (model_.size() - 1 - slot) / slots * slots]);
    }
  }

  std::mt19937_64 random_{GetParam().slots};
  std::vector<Value> model_;
  std::uint64_t made_ = 0;
};

TEST_P(ModelTest, AgreesOverRandomOperations) {
  const std::uint64_t slots = GetParam().slots;
  const bool shared = GetParam().writers == Writers::shared;
  const TempName name;
  auto arena = Arena<Value>::create(name, {.slots = slots, .writers = GetParam().writers, .seats = 4});
  const auto view = ArenaView<Value>::open(name);
  // The seat of an exclusive arena goes from one writer to the next.
  std::optional<Writer<Value>> writer(arena.writer());
  std::optional<Writer<Value>> second;
  if (shared) second.emplace(arena.writer());
  std::vector<std::unique_ptr<FollowedReader>> readers;
  const auto add_reader = [&] {
    const std::uint64_t head = model_.size();
    const std::uint64_t oldest = head > slots ? head - slots : 0;
    const std::uint64_t at = random_() % (head + 2);
    switch (random_() % 3) {
      case 0: readers.push_back(std::make_unique<FollowedReader>(view, From::oldest, oldest)); break;
      case 1: readers.push_back(std::make_unique<FollowedReader>(view, From::newest, head)); break;
      default: readers.push_back(std::make_unique<FollowedReader>(view, From::at(at), at));
    }
  };
  for (int i = 0; i < 3; ++i) add_reader();

  for (int step = 0; step < 6000 && !HasFatalFailure() && !HasNonfatalFailure(); ++step) {
    FollowedReader& reader = *readers[random_() % readers.size()];
    switch (random_() % 12) {
      case 0: reader.next_many(model_, random_() % (slots + 3)); break;
      case 1:
      case 2:
      case 3: reader.next(model_, slots); break;
      case 4:
        check_read(view, model_.size() - std::min<std::uint64_t>(random_() % (2 * slots + 2), model_.size()));
        break;
      case 5: check_read(view, model_.size() + random_() % 3); break;
      case 6: check_peek(view, random_()); break;
      case 7:
        if (random_() % 16 == 0) {
          readers.erase(readers.begin());
          add_reader();
        }
        break;
      case 8:
        if (random_() % 16 == 0) {
          writer.reset();
          writer.emplace(arena.writer());
        }
        break;
      case 9:
        if (shared) {
          const Value value = fresh();
          check_alloc(arena.alloc(value), value);
        }
        break;
      default: write_with(shared && random_() % 2 == 0 ? *second : *writer);
    }
    ASSERT_EQ(view.head(), model_.size());
    ASSERT_EQ(arena.slots(), slots);
  }
}

// The mutex-guarded alloc of an exclusive arena: the handle's one seat.
TEST_P(ModelTest, GuardedAllocAgrees) {
  const TempName name;
  auto arena = Arena<Value>::create(name, {.slots = GetParam().slots, .writers = GetParam().writers});
  const auto view = ArenaView<Value>::open(name);
  for (std::uint64_t i = 0; i < 3 * GetParam().slots + 200; ++i) {
    const Value value = fresh();
    check_alloc(arena.alloc(value), value);
    check_read(view, i);
    check_read(view, i - std::min(i, GetParam().slots));
    check_peek(view, random_());
  }
}

INSTANTIATE_TEST_SUITE_P(
    Sizes, ModelTest,
    ::testing::Values(Case{1, Writers::shared}, Case{2, Writers::shared}, Case{3, Writers::shared},
                      Case{7, Writers::shared}, Case{64, Writers::shared}, Case{1000, Writers::shared},
                      Case{1, Writers::exclusive}, Case{2, Writers::exclusive}, Case{3, Writers::exclusive},
                      Case{7, Writers::exclusive}, Case{64, Writers::exclusive}, Case{1000, Writers::exclusive}),
    [](const auto& test) {
      return std::to_string(test.param.slots) + (test.param.writers == Writers::shared ? "shared" : "exclusive");
    });

}  // namespace
}  // namespace arena_shm
