#include "c/convert.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace arena_shm::c {
namespace {

arena_shm_consumer_info in_c(const ConsumerInfo& info) {
  arena_shm_consumer_info result{};
  copy_text(result.name, info.name);
  copy_text(result.process, info.process);
  result.kind = static_cast<arena_shm_consumer_kind>(info.kind);
  result.life = static_cast<arena_shm_consumer_life>(info.life);
  result.index = info.index;
  result.group = info.group;
  result.members = info.members;
  result.pid = info.pid;
  result.durable = info.durable;
  result.in_the_way = info.in_the_way;
  result.holds = info.holds;
  result.position = info.position;
  result.lag = info.lag;
  result.stalled_ns = info.stalled.count();
  return result;
}

}  // namespace

static_assert(static_cast<int>(ConsumerKind::member) == ARENA_SHM_CONSUMER_MEMBER);
static_assert(static_cast<int>(ConsumerLife::evicted) == ARENA_SHM_CONSUMER_EVICTED);
static_assert(static_cast<int>(Loss::passed_over) == ARENA_SHM_LOST_PASSED_OVER);
static_assert(static_cast<int>(Writers::laned) == ARENA_SHM_LANED);
static_assert(static_cast<int>(Full::wait) == ARENA_SHM_WAIT);
static_assert(static_cast<int>(Manner::throughput) == ARENA_SHM_THROUGHPUT);
static_assert(static_cast<int>(Order::time) == ARENA_SHM_BY_TIME);

From from_of(const arena_shm_from& from, std::uint64_t seq) {
  switch (enumerator<arena_shm_from>(from, 3, "a number of arena_shm_from")) {
    case ARENA_SHM_FROM_OLDEST: return From::oldest;
    case ARENA_SHM_FROM_NEWEST: return From::newest;
    case ARENA_SHM_FROM_SEQ: break;
  }
  return From::at(seq);
}

Position position_at(const std::uint64_t* next, std::size_t lanes) {
  if (lanes != 0) deref(next, "next");
  return Position(std::vector<std::uint64_t>(next, next + lanes));
}

void give(const Position& position, std::uint64_t* next, std::size_t lanes) {
  const std::vector<std::uint64_t>& its = position.next();
  if (lanes != its.size())
    refuse("tell a position", "room for " + std::to_string(its.size()) + " lanes", "room for " + std::to_string(lanes),
           "see arena_shm_info.lanes");
  std::copy(its.begin(), its.end(), &deref(next, "next"));
}

void give(const std::vector<ConsumerInfo>& found, arena_shm_consumer_info* infos, std::size_t capacity,
          std::size_t* count) {
  deref(count, "count") = found.size();
  const std::size_t given = std::min(capacity, found.size());
  if (given != 0) deref(infos, "infos");
  std::transform(found.begin(), found.begin() + static_cast<std::ptrdiff_t>(given), infos, in_c);
}

}  // namespace arena_shm::c
