#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <string>
#include <vector>

#include "arena_shm/arena.hpp"
#include "support/child.hpp"
#include "support/temp_name.hpp"

namespace arena_shm {
namespace {

using test::Child;
using test::TempName;

/// The "VmFlags" of each mapping of the file in this process, proc(5): "dd" is "not in core dumps". Not by its name:
/// who has created it has mapped it before it had one.
std::vector<std::string> flags_of_mappings(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return {};
  const std::string inode = ' ' + std::to_string(status.st_ino) + ' ';
  std::vector<std::string> found;
  std::ifstream smaps("/proc/self/smaps");
  bool is_ours = false;
  for (std::string line; std::getline(smaps, line);) {
    if (line.find(' ') > line.find('-')) is_ours = line.find(inode) != std::string::npos;  // "7f..-7f.. rw-s ..."
    if (is_ours && line.starts_with("VmFlags:")) found.push_back(line.substr(8) + ' ');
  }
  return found;
}

/// How many mappings an arena, its writers, a view and its sleeping reader have, and how many a core dump leaves out.
struct Counted {
  std::size_t all = 0;
  std::size_t left_out = 0;
};

Counted count_with_all_handles() {
  const TempName name;
  auto arena = Arena<std::uint64_t>::create(name, {.slots = 10'000});
  auto writer = arena.writer();
  arena.alloc(1);
  const auto opened = Arena<std::uint64_t>::open(name);
  const auto view = ArenaView<std::uint64_t>::open(name);
  auto reader = view.reader(From::newest);
  reader.wait_for(std::chrono::microseconds(1));  // maps the doorbell
  const auto flags = flags_of_mappings(name.path());
  return {flags.size(), static_cast<std::size_t>(std::count_if(flags.begin(), flags.end(), [](const std::string& each) {
            return each.find(" dd ") != std::string::npos;
          }))};
}

TEST(DumpTest, NoMappingOfASegmentGoesIntoACoreDump) {
#if defined(ARENA_SHM_EMULATED)
  GTEST_SKIP() << "qemu-user does not pass the advice on";
#endif
  ::unsetenv("ARENA_SHM_DUMP");
  const Counted counted = count_with_all_handles();
  // Control, seats, slots, doorbell of two arenas and the view, and two leases; adjacent ones may be one.
  EXPECT_GE(counted.all, 8U);
  EXPECT_EQ(counted.left_out, counted.all);
}

TEST(DumpTest, TheEnvironmentAsksForThem) {
#if defined(ARENA_SHM_EMULATED)
  GTEST_SKIP() << "qemu-user does not pass the advice on";
#endif
  for (const auto& [value, asks] : {std::pair{"1", true}, {"yes", true}, {"0", false}, {"", false}}) {
    Child child([value = value, asks = asks] {
      ::setenv("ARENA_SHM_DUMP", value, 1);
      const Counted counted = count_with_all_handles();
      if (counted.all < 8) return 1;
      return counted.left_out == (asks ? 0 : counted.all) ? 0 : 2;
    });
    EXPECT_EQ(child.end(), "exit 0") << '"' << value << '"';
  }
}

}  // namespace
}  // namespace arena_shm
