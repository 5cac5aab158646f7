// W13: what a filter costs. The tool prints a ring of 64-byte values to /dev/null, all of them or those that match.
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

#include "arena_shm/arena.hpp"
#include "bench/channels/names.hpp"
#include "bench/harness/clock.hpp"
#include "bench/harness/rounds.hpp"
#include "bench/workloads/workloads.hpp"
#include "terminal/companion.hpp"

namespace arena_shm::bench {
namespace {

const std::string kW13 = "W13";
const std::string kAll = "tail, all values";
constexpr std::size_t kSlots = std::size_t{1} << 18;

struct Quote {
  std::uint64_t n;
  double px;
  std::uint32_t qty;
  std::array<std::uint8_t, 44> rest;
};
static_assert(sizeof(Quote) == 64);
constexpr const char* kFields = "u64 n, f64 px, u32 qty, 44x";
// The first comparison holds for half of the values, both for one in 1000.
constexpr const char* kWhere = "px >= 100 && qty == 7";

/// A ring that is full, and that nobody writes into.
class FullRing {
 public:
  FullRing() : name_(fresh_name()), arena_(Arena<Quote>::create(name_, {.slots = kSlots})) {
    Writer<Quote> writer = arena_.writer();
    for (std::uint64_t n = 0; n < kSlots; ++n)
      writer.alloc(
          {.n = n, .px = n % 2 == 0 ? 99.5 : 100.5, .qty = static_cast<std::uint32_t>(n / 2 % 500), .rest = {}});
  }
  FullRing(const FullRing&) = delete;
  FullRing& operator=(const FullRing&) = delete;
  ~FullRing() { Arena<Quote>::remove(name_); }

  const std::string& name() const noexcept { return name_; }

 private:
  std::string name_;
  Arena<Quote> arena_;
};

/// Runs it to its end; nothing that it prints is kept. Errors: std::runtime_error, std::system_error.
void run_tool(const std::string& tool, std::vector<std::string> arguments) {
  std::vector<char*> words;
  for (std::string& argument : arguments) words.push_back(argument.data());
  words.push_back(nullptr);
  posix_spawn_file_actions_t actions{};
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  pid_t pid = 0;
  const int error = ::posix_spawn(&pid, tool.c_str(), &actions, nullptr, words.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  if (error != 0) throw std::system_error(error, std::generic_category(), "start " + tool);
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) continue;
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) throw std::runtime_error("expected arena-shm tail to work");
}

/// So many values a second are looked at, the start of the program included.
Slice measure(const std::string& tool, const std::string& arena, bool is_filtered, Nanoseconds time) {
  std::vector<std::string> arguments{"arena-shm", "tail", arena,  "--from", "oldest",
                                     "--format",  "csv",  "--as", kFields};
  if (is_filtered) arguments.insert(arguments.end(), {"--where", kWhere});
  const std::uint64_t begin = ticks();
  double values = 0;
  do {
    run_tool(tool, arguments);
    values += static_cast<double>(kSlots);
  } while (to_ns(ticks() - begin) < static_cast<double>(time.count()));
  Slice slice;
  slice.value = values / to_ns(ticks() - begin) * 1000;
  return slice;
}

}  // namespace

Rows filtered(const Settings& settings) {
  const std::string group = size_and_slots(64, kSlots) + ", to /dev/null";
  tell(kW13, group);
  const FullRing ring;
  const auto places = terminal::places_of("arena-shm", ARENA_SHM_BIN_FROM_LIBEXEC);
  const std::string tool = terminal::first_program(places);
  std::vector<Contestant> all;
  if (tool.empty()) {
    std::fprintf(stderr, "arena-bench: nothing to measure: arena-shm is neither %s nor %s\n", places[0].c_str(),
                 places[1].c_str());
    return {};
  }
  all.push_back({.name = kAll,
                 .against = {},
                 .run = [&](auto time) { return measure(tool, ring.name(), false, time); },
                 .unit = "M/s"});
  all.push_back({.name = "tail --where, 1 of 1000 matches",
                 .against = {kAll},
                 .run = [&](auto time) { return measure(tool, ring.name(), true, time); },
                 .unit = "M/s"});
  return run_rounds(kW13, group, all, settings);
}

}  // namespace arena_shm::bench
