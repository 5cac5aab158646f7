// W14: how fast a full ring gets into a file of each format. The tool does it; its start and end are counted, too.
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <stdexcept>

#include "arena_shm/raw.hpp"
#include "bench/channels/names.hpp"
#include "bench/harness/recording.hpp"
#include "bench/workloads/workloads.hpp"
#include "terminal/companion.hpp"

namespace arena_shm::bench {
namespace {

const std::string kW14 = "W14";
constexpr std::size_t kSlots = std::size_t{1} << 18;

/// What is measured: numbers of every size, an enum, a text, an array.
constexpr std::size_t kRecordBytes = 64;
constexpr const char* kSchema =
    R"({"names":["ts","px","qty","side","on","kind","sym","pos"],)"
    R"("formats":["<u8","<f8","<u4","u1","?","<i2","S16","(6,)<f4"],"offsets":[0,8,16,20,21,22,24,40],"itemsize":64,)"
    R"("metadata":{"time":"ts","fields":{"ts":{"unit":"ns"},"side":{"enum":{"buy":0,"sell":1}}}}})";

/// A ring that is full; it goes when this goes.
class FullRing {
 public:
  FullRing()
      : arena_(RawArena::create(fresh_name(),
                                {.name = {}, .size_bytes = kRecordBytes, .align_bytes = 8, .schema = kSchema},
                                {.slots = kSlots})) {
    RawWriter writer = arena_.writer();
    std::array<std::byte, kRecordBytes> record{};
    for (std::size_t i = 0; i < kSlots; ++i) {
      record[0] = std::byte{static_cast<std::uint8_t>(i)};
      record[20] = std::byte{i % 2 != 0};
      writer.alloc(record);
    }
  }
  FullRing(const FullRing&) = delete;
  FullRing& operator=(const FullRing&) = delete;
  ~FullRing() { RawArena::remove(arena_.name()); }

  std::string name() const { return arena_.name(); }

 private:
  RawArena arena_;
};

void save(const std::string& tool, const std::string& arena, const std::string& file) {
  std::array<const char*, 7> words{"arena-shm", "snapshot", arena.c_str(), "--force", "-o", file.c_str(), nullptr};
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  pid_t pid = 0;
  const int error =
      ::posix_spawn(&pid, tool.c_str(), &actions, nullptr, const_cast<char* const*>(words.data()), ::environ);
  ::posix_spawn_file_actions_destroy(&actions);
  int status = 0;
  while (error == 0 && ::waitpid(pid, &status, 0) < 0 && errno == EINTR) continue;
  if (error != 0 || status != 0) throw std::runtime_error("expected arena-shm snapshot to write " + file);
}

}  // namespace

Rows formats(const Settings& settings) {
  const std::string group = size_and_slots(kRecordBytes, kSlots);
  tell(kW14, group);
  std::vector<Contestant> all{{.name = ".npy", .against = {}, .run = {}, .unit = "M/s"},
                              {.name = ".arrows", .against = {".npy"}, .run = {}, .unit = "M/s"}};
  if (settings.at_least(Scope::full)) all.push_back({.name = ".mcap", .against = {".npy"}, .run = {}, .unit = "M/s"});
  const auto places = terminal::places_of("arena-shm", ARENA_SHM_BIN_FROM_LIBEXEC);
  const std::string tool = terminal::first_program(places);
  if (tool.empty()) return {};
  const FullRing ring;
  const TemporaryDirectory directory;
  for (Contestant& one : all) {
    one.run = [&, file = (directory.path() / ("values" + one.name)).string()](Nanoseconds) {
      const std::uint64_t begin = ticks();
      save(tool, ring.name(), file);
      Slice slice;
      slice.value = static_cast<double>(kSlots) / to_ns(ticks() - begin) * 1000;
      std::filesystem::remove(file);
      return slice;
    };
  }
  return run_rounds(kW14, group, all, settings);
}

}  // namespace arena_shm::bench
