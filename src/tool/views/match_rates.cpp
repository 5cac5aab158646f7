#include "tool/views/match_rates.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <optional>
#include <utility>

#include "arena_shm/error.hpp"
#include "arena_shm/raw.hpp"
#include "filter/parser.hpp"
#include "recording/lane_order.hpp"
#include "recording/selection.hpp"
#include "schema/schema_json.hpp"

namespace arena_shm::tool {

namespace {

using Clock = std::chrono::steady_clock;

std::optional<schema::Schema> schema_of(const RecordType& record) {
  if (record.schema.empty()) return std::nullopt;
  return schema::parse_json(record.schema, record.size_bytes);
}

}  // namespace

struct MatchRates::Followed {
  Followed(const std::string& name, const std::string& where)
      : view(RawView::open(name)),
        selection(where, view.info(), schema_of(view.info().record)),
        reader(view.reader(From::newest, recording::patient_reader(Order::arrival))),
        record(view.info().record.size_bytes) {
    if (selection.needs_time()) timescale.emplace(view.timescale());
    reader.on_gap([this](const Gap& gap) { lost += gap.cause == Loss::hole ? 0 : gap.count(); });
  }

  bool is(const Watched& arena) const { return view.info().epoch == arena.facts.info.epoch; }

  void read() {
    constexpr std::chrono::milliseconds kLongestRead{20};
    constexpr std::uint64_t kBetweenClocks = 1024;
    const Clock::time_point end = Clock::now() + kLongestRead;
    while (const auto seq = reader.next(record)) {
      const std::int64_t ns = timescale ? timescale->nanoseconds(reader.time()) : 0;
      if (selection.matches(*seq, record, ns)) ++matched;
      if (++seen % kBetweenClocks == 0 && Clock::now() >= end) return;
    }
  }

  std::optional<double> take_rate() {
    const Clock::time_point now = Clock::now();
    const double seconds = std::chrono::duration<double>(now - since).count();
    if (seconds <= 0 || (seen == 0 && lost > 0)) return std::nullopt;
    const double share = lost > 0 ? 1 + static_cast<double>(lost) / static_cast<double>(seen) : 1;
    const double rate = static_cast<double>(matched) * share / seconds;
    since = now;
    seen = matched = lost = 0;
    return rate;
  }

  RawView view;
  recording::Selection selection;
  RawReader reader;
  std::vector<std::byte> record;
  std::optional<Timescale> timescale;
  Clock::time_point since = Clock::now();
  std::uint64_t seen = 0;
  std::uint64_t matched = 0;
  std::uint64_t lost = 0;
};

MatchRates::MatchRates(std::string where, Say say) : where_(std::move(where)), say_(std::move(say)) {
  filter::parse(where_);
}
MatchRates::~MatchRates() = default;

void MatchRates::follow(const std::vector<Watched>& arenas) {
  std::erase_if(followed_, [&](const auto& one) {
    return std::ranges::none_of(arenas, [&](const Watched& arena) {
      return arena.name == one.first && (!one.second || one.second->is(arena));
    });
  });
  struct Refused {
    std::string name;
    std::string why;
    std::exception_ptr error;
  };
  std::vector<Refused> refused;
  for (const Watched& arena : arenas) {
    if (!arena.readable || followed_.contains(arena.name)) continue;
    std::unique_ptr<Followed>& followed = followed_[arena.name];
    try {
      followed = std::make_unique<Followed>(arena.name, where_);
    } catch (const Error& error) {
      refused.push_back({arena.name, error.what(), std::current_exception()});
    }
  }
  if (refused.empty()) return;
  const bool is_any = std::ranges::any_of(followed_, [](const auto& one) { return one.second != nullptr; });
  if (!is_any) std::rethrow_exception(refused.front().error);
  for (const Refused& one : refused) say_(fmt::format("'{}': {}", one.name, one.why));
}

void MatchRates::read() {
  for (const auto& [name, followed] : followed_) {
    if (followed) followed->read();
  }
}

void MatchRates::put_rates(std::vector<Watched>& arenas) {
  for (Watched& arena : arenas) {
    const auto found = followed_.find(arena.name);
    arena.matches.emplace();
    if (found != followed_.end() && found->second) arena.matches->per_second = found->second->take_rate();
  }
}

}  // namespace arena_shm::tool
