#include "serve/wanted.hpp"

#include <memory>

#include "arena_shm/error.hpp"
#include "filter/filter.hpp"
#include "text/time_text.hpp"

namespace arena_shm::serve {

Wanted wanted_by(const std::string& where, const RingLayout& layout) {
  if (where.empty()) return nullptr;
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
