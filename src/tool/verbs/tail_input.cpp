#include "tool/verbs/tail_input.hpp"

#include <algorithm>
#include <utility>

#include "arena_shm/core/stamp.hpp"
#include "arena_shm/raw.hpp"
#include "inspect/image.hpp"
#include "inspect/values.hpp"
#include "recording/image_values.hpp"
#include "tool/views/terminal_attendant.hpp"

namespace arena_shm::tool {

namespace {

class ArenaInput final : public TailInput {
 public:
  explicit ArenaInput(const std::string& name) : view_(RawView::open(name)) {}

  const Info& info() const override { return view_.info(); }
  std::uint64_t head() const override { return std::min(view_.head(), core::kSeqLimit); }

  void begin(std::uint64_t first, std::function<void(const Gap&)> on_gap) override {
    reader_.emplace(view_.reader(From::at(first), {.manner = Manner::throughput, .doorbell = false}));
    reader_->on_gap(std::move(on_gap));
  }
  std::optional<std::uint64_t> next(std::span<std::byte> record) override { return reader_->next(record); }
  std::uint64_t cursor() const override { return reader_->cursor(); }
  bool read(std::uint64_t seq, std::span<std::byte> record) const override {
    return view_.read(seq, record) == ReadStatus::ok;
  }

  bool wait_for(std::chrono::milliseconds longest) override { return reader_->wait_for(longest); }
  bool retired() const override { return view_.retired(); }

 private:
  RawView view_;
  std::optional<RawReader> reader_;
};

class SavedInput final : public TailInput {
 public:
  explicit SavedInput(const std::string& path) : values_(inspect::Image::of_file(path), terminal_attendant()) {}

  const Info& info() const override { return values_.facts().info; }
  std::uint64_t head() const override { return values_.head(); }

  // What was overwritten before the segment was saved is lost to whoever asks for it.
  void begin(std::uint64_t first, std::function<void(const Gap&)> on_gap) override {
    on_gap_ = std::move(on_gap);
    values_.go_to(first);
    if (first < values_.cursor()) on_gap_({first, values_.cursor() - 1, Loss::overwritten});
  }
  std::optional<std::uint64_t> next(std::span<std::byte> record) override {
    const std::uint64_t wanted = values_.cursor();
    const auto seq = values_.next(record);
    const std::uint64_t reached = seq.value_or(values_.cursor());
    if (reached > wanted) on_gap_({wanted, reached - 1, Loss::hole});
    return seq;
  }
  std::uint64_t cursor() const override { return values_.cursor(); }
  bool read(std::uint64_t seq, std::span<std::byte> record) const override {
    const auto value = inspect::read_value(values_.image(), values_.header(), seq);
    if (value) std::copy(value->bytes.begin(), value->bytes.end(), record.begin());
    return value.has_value();
  }

  bool wait_for(std::chrono::milliseconds) override { return true; }  // it has come to its end
  bool retired() const override { return false; }

 private:
  recording::ImageValues values_;
  std::function<void(const Gap&)> on_gap_;
};

}  // namespace

std::unique_ptr<TailInput> arena_input(const std::string& name) { return std::make_unique<ArenaInput>(name); }

std::unique_ptr<TailInput> saved_input(const std::string& path) { return std::make_unique<SavedInput>(path); }

}  // namespace arena_shm::tool
