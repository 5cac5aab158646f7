#include "tool/verbs/tail_input.hpp"

#include <utility>
#include <vector>

#include "arena_shm/raw.hpp"
#include "arena_shm/timescale.hpp"
#include "inspect/image.hpp"
#include "recording/image_values.hpp"
#include "recording/lane_order.hpp"
#include "recording/lanes.hpp"
#include "tool/verbs/where.hpp"
#include "tool/views/report.hpp"
#include "tool/views/terminal_attendant.hpp"

namespace arena_shm::tool {

namespace {

// What of an arena can be seen, whoever reads it.
class OpenInput : public TailInput {
 public:
  const Info& info() const override { return view_.info(); }
  Position place(From from) const override { return place_in(view_, from); }

  bool read(std::uint64_t seq, std::span<std::byte> record, std::int64_t& time_ns) override {
    std::uint64_t time = 0;
    if (view_.read(seq, record, &time) != ReadStatus::ok) return false;
    if (timescale_) time_ns = timescale_->nanoseconds(time);
    return true;
  }
  bool is_pending(std::uint64_t seq) override {
    std::vector<std::byte> record(info().record.size_bytes);
    return view_.read(seq, record) == ReadStatus::pending;
  }
  bool retired() const override { return view_.retired(); }

 protected:
  explicit OpenInput(RawView view) : view_(std::move(view)) {
    if (info().clock != Clock::none) timescale_.emplace(view_.timescale());
  }

  const RawView& view() const noexcept { return view_; }
  std::int64_t nanoseconds(std::uint64_t time) { return timescale_->nanoseconds(time); }

 private:
  RawView view_;
  std::optional<Timescale> timescale_;
};

class ArenaInput final : public OpenInput {
 public:
  explicit ArenaInput(const std::string& name)
      : OpenInput(open_or_tell("wait for it with --wait", [&] { return RawView::open(name); })) {}

  void begin(const Position& first, Order order, std::function<void(const Gap&)> on_gap) override {
    reader_.emplace(recording::reader_in_order(view(), first, recording::patient_reader(order), terminal_attendant()));
    reader_->reader.on_gap(std::move(on_gap));
  }
  std::optional<std::uint64_t> next(std::span<std::byte> record) override { return reader_->reader.next(record); }
  std::int64_t time_ns() override { return nanoseconds(reader_->reader.time()); }
  bool is_late() const override { return reader_->is_late(); }
  void tell_order(std::uint64_t late_count) const override {
    recording::tell_order(info(), late_count, reader_->is_exact(), terminal_attendant());
  }
  bool wait_for(std::chrono::milliseconds longest) override { return reader_->reader.wait_for(longest); }

 private:
  std::optional<recording::OrderedReader> reader_;
};

class ConsumerInput final : public OpenInput {
 public:
  ConsumerInput(const RawArena& arena, const recording::ConsumerWish& wish, bool has_place)
      : OpenInput(arena),
        consumption_(arena, wish, terminal_attendant()),
        shares_(wish.share),
        has_place_(has_place || shares_ || consumption_.has_come_back()) {}

  void begin(const Position&, Order, std::function<void(const Gap&)> on_gap) override {
    consumption_.on_gap(std::move(on_gap));
  }
  std::optional<std::uint64_t> next(std::span<std::byte> record) override { return consumption_.next(record); }
  std::int64_t time_ns() override { return nanoseconds(consumption_.time()); }
  bool is_late() const override { return consumption_.is_late(); }
  void tell_order(std::uint64_t late_count) const override { consumption_.tell_end(late_count); }
  bool wait_for(std::chrono::milliseconds longest) override { return consumption_.wait_for(longest); }

  bool is_consumer() const override { return true; }
  std::optional<Position> own_place() const override {
    return has_place_ ? std::make_optional(consumption_.position()) : std::nullopt;
  }
  std::optional<Position> shared_place() const override {
    return shares_ ? std::make_optional(consumption_.position()) : std::nullopt;
  }
  void release() override { consumption_.release(); }
  std::uint64_t release_after() const override { return consumption_.release_after(); }

 private:
  recording::Consumption consumption_;
  bool shares_;
  bool has_place_;
};

class SavedInput final : public TailInput {
 public:
  explicit SavedInput(const std::string& path) : values_(inspect::Image::of_file(path), terminal_attendant()) {}

  const Info& info() const override { return values_.facts().info; }
  Position place(From from) const override {
    return recording::place_of(from, values_.heads(), values_.header().slot_count);
  }

  // What was overwritten before the segment was saved is lost to whoever asks for it.
  void begin(const Position& first, Order order, std::function<void(const Gap&)> on_gap) override {
    const std::uint64_t lanes = info().lanes;
    const Position oldest = values_.oldest();
    for (std::uint64_t k = 0; k < lanes; ++k) {
      if (first.next()[k] < oldest.next()[k])
        on_gap({.first = first.next()[k], .last = oldest.next()[k] - lanes, .cause = Loss::overwritten, .step = lanes});
    }
    values_.on_hole(std::move(on_gap));
    values_.go_to(first, order);
  }
  std::optional<std::uint64_t> next(std::span<std::byte> record) override { return values_.next(record); }
  std::int64_t time_ns() override { return values_.time_ns(); }
  bool is_late() const override { return false; }
  void tell_order(std::uint64_t) const override {}
  bool read(std::uint64_t seq, std::span<std::byte> record, std::int64_t& time_ns) override {
    return values_.read(seq, record, time_ns);
  }

  bool is_pending(std::uint64_t) override { return false; }

  bool wait_for(std::chrono::milliseconds) override { return true; }  // it has come to its end
  bool retired() const override { return false; }

 private:
  recording::ImageValues values_;
};

}  // namespace

void tell_newest(recording::Since& since, TailInput& input) {
  if (!since.asks_for_newest()) return;
  std::vector<std::byte> record(input.info().record.size_bytes);
  since.look_for_newest(input.heads().next(), record,
                        [&](std::uint64_t seq, std::span<std::byte> into, std::int64_t& time_ns) {
                          return input.read(seq, into, time_ns);
                        });
}

std::unique_ptr<TailInput> arena_input(const std::string& name) { return std::make_unique<ArenaInput>(name); }

std::unique_ptr<TailInput> consumer_input(const std::string& name, const recording::ConsumerWish& wish,
                                          bool has_place) {
  return std::make_unique<ConsumerInput>(RawArena::open(name), wish, has_place);
}

std::unique_ptr<TailInput> saved_input(const std::string& path) { return std::make_unique<SavedInput>(path); }

}  // namespace arena_shm::tool
