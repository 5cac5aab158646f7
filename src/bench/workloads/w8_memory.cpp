// W8: memory. Facts that do not vary, so there is nothing to repeat.
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <functional>
#include <memory>

#include "bench/channels/arenas.hpp"
#include "bench/harness/shared_block.hpp"
#include "bench/workloads/workloads.hpp"

namespace arena_shm::bench {
namespace {

const std::string kW8 = "W8";
constexpr std::size_t kSlots = 65536;

Row fact(const std::string& group, const std::string& name, const std::string& unit, double value) {
  return {.workload = kW8,
          .group = group,
          .name = name,
          .unit = unit,
          .value = {value, value, value, 1},
          .ratios = {},
          .details = {},
          .remark = {}};
}

template <std::size_t bytes>
void add_overhead(Rows& rows) {
  const std::string name = fresh_name();
  const auto arena = Arena<Value<bytes>>::create(name, {.slots = kSlots});
  Arena<Value<bytes>>::remove(name);
  const Info& info = arena.info();
  rows.push_back(fact("beyond the payload, a value", std::to_string(bytes) + " B", "B",
                      static_cast<double>(info.stride_bytes - bytes)));
  if constexpr (bytes == 64) {
    const std::uint64_t fixed = info.segment_bytes - info.slots * info.stride_bytes;
    rows.push_back(fact("beyond the slots, a segment", "64 seats", "KiB", static_cast<double>(fixed) / 1024));
  }
}

/// Of this process, in KiB: "RssAnon" is its own, "RssShmem" the segment's, "RssFile" code.
double resident_kib(const std::string& kind) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(kind + ":")) return std::stod(line.substr(kind.size() + 1));
  }
  return 0;
}

/// By how much `open` makes a fresh process grow. What it opens lives until the process ends.
void add_growth(Rows& rows, const std::string& what, const std::function<void()>& open) {
  struct Grown {
    double own = 0;
    double segment = 0;
  };
  const Shared<Grown> grown;
  const pid_t pid = ::fork();
  if (pid == 0) {
    const double own = resident_kib("RssAnon");
    const double segment = resident_kib("RssShmem");
    open();
    *grown = {resident_kib("RssAnon") - own, resident_kib("RssShmem") - segment};
    ::_exit(0);
  }
  ::waitpid(pid, nullptr, 0);
  const std::string group = "resident by attaching, ";
  rows.push_back(fact(group + "own memory", what, "KiB", grown->own));
  rows.push_back(fact(group + "of the segment", what, "KiB", grown->segment));
}

}  // namespace

Rows memory(const Settings&) {
  using T = Value<64>;
  tell(kW8, "all");
  Rows rows;
  add_overhead<8>(rows);
  add_overhead<56>(rows);
  add_overhead<64>(rows);
  add_overhead<256>(rows);

  const std::string name = fresh_name();
  const auto arena = Arena<T>::create(name, {.slots = kSlots});
  const auto add = [&](const std::string& what, const std::function<void()>& open) { add_growth(rows, what, open); };
  // Never destroyed: it is what an attached process holds that counts.
  add("view", [&] { new ArenaView<T>(ArenaView<T>::open(name)); });
  add("view and Reader", [&] {
    auto* view = new ArenaView<T>(ArenaView<T>::open(name));
    new Reader<T>(view->reader(From::newest));
  });
  add("arena and Writer", [&] {
    auto* mine = new Arena<T>(Arena<T>::open(name));
    new Writer<T>(mine->writer());
  });
  add("arena and Writer, after a lap", [&] {
    auto* mine = new Arena<T>(Arena<T>::open(name));
    auto* writer = new Writer<T>(mine->writer());
    fill_once(*mine, *writer);
  });
  Arena<T>::remove(name);
  return rows;
}

}  // namespace arena_shm::bench
