#include "serve/wanted.hpp"

#include <fmt/format.h>

#include <memory>

#include "arena_shm/error.hpp"
#include "filter/filter.hpp"
#include "text/time_text.hpp"

namespace arena_shm::serve {

namespace {

constexpr std::size_t kMostFilterBytes = 4096;

}  // namespace

Wanted wanted_by(const std::string& where, const RingLayout& layout) {
  if (where.empty()) return nullptr;
  if (where.size() > kMostFilterBytes) {
    throw Error(Code::invalid_argument, {.name = layout.info().name,
                                         .doing = "filter the values of",
                                         .expected = fmt::format("a filter of no more than {} bytes", kMostFilterBytes),
                                         .found = fmt::format("one of {}", where.size()),
                                         .remedy = "write it shorter"});
  }
  if (!layout.schema()) {
    throw Error(Code::incompatible_type, {.name = layout.info().name,
                                          .doing = "filter the values of",
                                          .expected = "records with fields",
                                          .found = layout.problem(),
                                          .remedy = "leave the filter out"});
  }
  auto filter = std::make_shared<const filter::Filter>(where, *layout.schema(), text::realtime_ns());
  return [filter = std::move(filter)](std::span<const std::byte> record, std::uint64_t seq,
                                      std::optional<std::int64_t> ns) {
    return filter->matches(record, {.seq = seq, .time_ns = ns});
  };
}

}  // namespace arena_shm::serve
