#include "core/memory_limits.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "core/text_file.hpp"
#include "core/text_numbers.hpp"

namespace arena_shm::core {
namespace {

constexpr std::uint64_t kMebibyte = 1 << 20;

/// A directory that stands for "/": what /proc and /sys would say elsewhere.
class FakeRoot {
 public:
  FakeRoot() {
    std::string path = "/tmp/arena-shm-root.XXXXXX";
    if (::mkdtemp(path.data()) != nullptr) path_ = path;
  }
  FakeRoot(const FakeRoot&) = delete;
  FakeRoot& operator=(const FakeRoot&) = delete;
  ~FakeRoot() { std::filesystem::remove_all(path_); }

  void write(const std::string& file, const std::string& text) const {
    const std::filesystem::path path = path_ + file;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << text;
  }
  void write(const std::string& file, std::uint64_t number) const { write(file, std::to_string(number) + '\n'); }
  const std::string& str() const { return path_; }

  /// A group of version 2.
  void group(const std::string& path, const std::string& limit, std::uint64_t used_bytes) const {
    write(path + "/memory.max", limit + '\n');
    write(path + "/memory.current", used_bytes);
  }
  /// A group of version 1.
  void group_v1(const std::string& path, std::uint64_t limit_bytes, std::uint64_t used_bytes) const {
    write(path + "/memory.limit_in_bytes", limit_bytes);
    write(path + "/memory.usage_in_bytes", used_bytes);
    write(path + "/memory.use_hierarchy", 1);
  }

 private:
  std::string path_;
};

constexpr const char* kMountOfV2 =
    "23 1 0:5 / /proc rw - proc proc rw\n"
    "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n";
constexpr const char* kMountsOfV1 =
    "31 23 0:28 / /sys/fs/cgroup ro - tmpfs tmpfs ro,mode=755\n"
    "32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n"
    "35 31 0:32 / /sys/fs/cgroup/memory rw,relatime shared:9 master:1 - cgroup cgroup rw,memory\n";
constexpr std::uint64_t kNoLimitOfV1 = 9223372036854771712U;

std::vector<std::string> controls(const std::vector<MemoryLimit>& limits) {
  std::vector<std::string> names;
  for (const MemoryLimit& limit : limits) names.push_back(limit.control);
  return names;
}

TEST(MemoryLimitsTest, TheGroupAndItsAncestorsByVersion2) {
  const FakeRoot root;
  root.write("/proc/self/cgroup", "0::/a.slice/b:c.service\n");
  root.write("/proc/self/mountinfo", kMountOfV2);
  root.group("/sys/fs/cgroup/a.slice/b:c.service", "max", 3 * kMebibyte);
  root.group("/sys/fs/cgroup/a.slice", "16777216", 9 * kMebibyte);
  const auto limits = memory_limits(root.str());
  ASSERT_EQ(controls(limits), std::vector<std::string>{"/sys/fs/cgroup/a.slice/memory.max"}) << "max is no limit";
  EXPECT_EQ(limits[0].limit_bytes, 16 * kMebibyte);
  EXPECT_EQ(limits[0].used_bytes, 9 * kMebibyte);
  EXPECT_EQ(limits[0].room_bytes(), 7 * kMebibyte);
}

TEST(MemoryLimitsTest, CachedFilesAreReclaimedBeforeAnybodyIsKilled) {
  const FakeRoot root;
  root.write("/proc/self/cgroup", "0::/job\n");
  root.write("/proc/self/mountinfo", kMountOfV2);
  root.group("/sys/fs/cgroup/job", "1000000", 900000);
  root.write("/sys/fs/cgroup/job/memory.stat",
             "anon 1\nfile 700000\nshmem 300000\nworkingset_refault_inactive_file 5\ninactive_file 250000\n"
             "active_file 150000\nslab_reclaimable 20000\n");
  const auto limit = tightest_memory_limit(root.str());
  ASSERT_TRUE(limit);
  EXPECT_EQ(limit->reclaimable_bytes, 410000U) << "the whole of the cached files, half of the kernel's caches";
  EXPECT_EQ(limit->room_bytes(), 510000U);
  EXPECT_EQ(limit->describe(),
            "under /sys/fs/cgroup/job/memory.max of 1000000 bytes: 900000 in use, of which 410000 can be reclaimed");
}

TEST(MemoryLimitsTest, WhatIsUsedBeyondALimitLeavesNoRoom) {
  EXPECT_EQ((MemoryLimit{.control = "", .limit_bytes = 10, .used_bytes = 12}.room_bytes()), 0U);
  EXPECT_EQ((MemoryLimit{.control = "", .limit_bytes = 10, .used_bytes = 12, .reclaimable_bytes = 99}.room_bytes()),
            10U);
  EXPECT_EQ((MemoryLimit{.control = "", .limit_bytes = 10, .swap_bytes = ~std::uint64_t{0}}.room_bytes()),
            ~std::uint64_t{0});
}

TEST(MemoryLimitsTest, MemoryHighIsALimitToo) {
  const FakeRoot root;
  root.write("/proc/self/cgroup", "0::/job\n");
  root.write("/proc/self/mountinfo", kMountOfV2);
  root.group("/sys/fs/cgroup/job", "1000000", 100000);
  root.write("/sys/fs/cgroup/job/memory.high", 500000);
  const auto limit = tightest_memory_limit(root.str());
  ASSERT_TRUE(limit);
  EXPECT_EQ(limit->control, "/sys/fs/cgroup/job/memory.high");
  EXPECT_EQ(limit->room_bytes(), 400000U);
}

TEST(MemoryLimitsTest, SwapMakesRoomAsFarAsEveryGroupMaySwap) {
  const FakeRoot root;
  root.write("/proc/self/cgroup", "0::/a/b\n");
  root.write("/proc/self/mountinfo", kMountOfV2);
  root.write("/proc/meminfo", "MemAvailable: 8 kB\nSwapFree: 500 kB\n");
  root.group("/sys/fs/cgroup/a/b", "1000000", 0);
  EXPECT_EQ(tightest_memory_limit(root.str())->swap_bytes, 512000U) << "no limit of swap";
  root.write("/sys/fs/cgroup/a/b/memory.swap.max", "max\n");
  root.write("/sys/fs/cgroup/a/memory.swap.max", 300000);
  root.write("/sys/fs/cgroup/a/memory.swap.current", 100000);
  EXPECT_EQ(tightest_memory_limit(root.str())->room_bytes(), 1200000U);
  root.write("/sys/fs/cgroup/a/memory.swap.max", 0);
  EXPECT_EQ(tightest_memory_limit(root.str())->room_bytes(), 1000000U);
  root.write("/sys/fs/cgroup/a/memory.swap.max", "max\n");
  root.write("/proc/sys/vm/swappiness", 0);
  EXPECT_EQ(tightest_memory_limit(root.str())->room_bytes(), 1000000U) << "then the kernel kills rather than swaps";
}

TEST(MemoryLimitsTest, TheGroupAndItsAncestorsByVersion1) {
  const FakeRoot root;
  root.write("/proc/self/cgroup", "9:name=systemd:/\n5:cpu,cpuacct:/other\n4:memory:/a/b\n0::/\n");
  root.write("/proc/self/mountinfo", kMountsOfV1);
  root.group_v1("/sys/fs/cgroup/memory/a/b", 8 * kMebibyte, kMebibyte);
  root.group_v1("/sys/fs/cgroup/memory/a", 6 * kMebibyte, 2 * kMebibyte);
  root.group_v1("/sys/fs/cgroup/memory", kNoLimitOfV1, 90 * kMebibyte);
  root.write("/sys/fs/cgroup/memory/a/memory.stat",
             "inactive_file 1\nactive_file 1\ntotal_inactive_file 1000\ntotal_active_file 24\n");
  EXPECT_EQ(controls(memory_limits(root.str())),
            (std::vector<std::string>{"/sys/fs/cgroup/memory/a/b/memory.limit_in_bytes",
                                      "/sys/fs/cgroup/memory/a/memory.limit_in_bytes"}));
  const auto limit = tightest_memory_limit(root.str());
  ASSERT_TRUE(limit);
  EXPECT_EQ(limit->control, "/sys/fs/cgroup/memory/a/memory.limit_in_bytes");
  EXPECT_EQ(limit->room_bytes(), 4 * kMebibyte + 1024) << "with what the groups below it have cached";
}

TEST(MemoryLimitsTest, Version1LimitsMemoryAndSwapTogether) {
  const FakeRoot root;
  root.write("/proc/self/cgroup", "4:memory:/a\n");
  root.write("/proc/self/mountinfo", kMountsOfV1);
  root.write("/proc/meminfo", "SwapFree: 1000000 kB\n");
  root.group_v1("/sys/fs/cgroup/memory/a", 4 * kMebibyte, 2 * kMebibyte);
  root.write("/sys/fs/cgroup/memory/a/memory.memsw.limit_in_bytes", 5 * kMebibyte);
  root.write("/sys/fs/cgroup/memory/a/memory.memsw.usage_in_bytes", 2 * kMebibyte);
  EXPECT_EQ(tightest_memory_limit(root.str())->control, "/sys/fs/cgroup/memory/a/memory.memsw.limit_in_bytes");
  EXPECT_EQ(tightest_memory_limit(root.str())->room_bytes(), 3 * kMebibyte);
  root.write("/sys/fs/cgroup/memory/a/memory.swappiness", 0);
  EXPECT_EQ(tightest_memory_limit(root.str())->room_bytes(), 2 * kMebibyte);
}

TEST(MemoryLimitsTest, AnAncestorThatKeepsNoAccountOfWhatIsBelowItDoesNotCount) {
  const FakeRoot root;
  root.write("/proc/self/cgroup", "4:memory:/a/b\n");
  root.write("/proc/self/mountinfo", kMountsOfV1);
  root.group_v1("/sys/fs/cgroup/memory/a/b", 8 * kMebibyte, 0);
  root.group_v1("/sys/fs/cgroup/memory/a", kMebibyte, 0);
  root.write("/sys/fs/cgroup/memory/a/memory.use_hierarchy", 0);
  EXPECT_EQ(controls(memory_limits(root.str())),
            std::vector<std::string>{"/sys/fs/cgroup/memory/a/b/memory.limit_in_bytes"});
}

TEST(MemoryLimitsTest, InAHybridHostTheHierarchyCountsThatHasMemory) {
  const FakeRoot root;
  root.write("/proc/self/cgroup", "4:memory:/a\n0::/user.slice\n");
  root.write("/proc/self/mountinfo",
             std::string(kMountsOfV1) + "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n");
  root.group_v1("/sys/fs/cgroup/memory/a", 8 * kMebibyte, 0);
  root.write("/sys/fs/cgroup/unified/user.slice/cgroup.procs", "1\n");
  EXPECT_EQ(controls(memory_limits(root.str())),
            std::vector<std::string>{"/sys/fs/cgroup/memory/a/memory.limit_in_bytes"});
}

TEST(MemoryLimitsTest, InAContainerThePathsAreThoseOfTheHost) {
  const FakeRoot root;
  root.write("/proc/self/cgroup", "4:memory:/docker/abc/inner\n");
  root.write("/proc/self/mountinfo", "35 31 0:32 /docker/abc /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n");
  root.group_v1("/sys/fs/cgroup/memory/inner", kMebibyte, 0);
  root.group_v1("/sys/fs/cgroup/memory", 2 * kMebibyte, 0);
  EXPECT_EQ(memory_limits(root.str()).size(), 2U);
  root.write("/proc/self/cgroup", "4:memory:/docker/abcdef\n");
  EXPECT_TRUE(memory_limits(root.str()).empty()) << "another container's";
}

TEST(MemoryLimitsTest, InANamespaceOfItsOwnTheGroupIsTheRoot) {
  const FakeRoot root;
  root.write("/proc/self/cgroup", "0::/\n");
  root.write("/proc/self/mountinfo", kMountOfV2);
  root.group("/sys/fs/cgroup", "1048576", 1000);
  ASSERT_EQ(memory_limits(root.str()).size(), 1U);
  EXPECT_EQ(memory_limits(root.str())[0].control, "/sys/fs/cgroup/memory.max");
}

TEST(MemoryLimitsTest, AMountFromAboveTheNamespaceShowsAnAncestorAtLeast) {
  const FakeRoot root;
  root.write("/proc/self/cgroup", "0::/inner\n");
  root.write("/proc/self/mountinfo", "30 23 0:26 /../.. /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
  root.group("/sys/fs/cgroup", "1048576", 1000);
  root.group("/sys/fs/cgroup/inner", "1024", 1000);  // somebody else's: what leads to this one's has no name here
  EXPECT_EQ(controls(memory_limits(root.str())), std::vector<std::string>{"/sys/fs/cgroup/memory.max"});
}

TEST(MemoryLimitsTest, AGroupOutsideOfTheNamespaceIsNotBelowItsRoot) {
  const FakeRoot root;
  root.write("/proc/self/cgroup", "0::/../other\n");
  root.write("/proc/self/mountinfo", kMountOfV2);
  root.group("/sys/fs/cgroup", "1024", 1000);
  EXPECT_TRUE(memory_limits(root.str()).empty());
  root.write("/proc/self/mountinfo", "30 23 0:26 /.. /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
  root.group("/sys/fs/cgroup/other", "2048", 1000);
  EXPECT_EQ(memory_limits(root.str()).size(), 2U);
}

TEST(MemoryLimitsTest, PathsAreUnescapedAndHiddenMountsIgnored) {
  const FakeRoot root;
  root.write("/proc/self/cgroup", "0::/a b\n");
  root.write("/proc/self/mountinfo",
             "30 23 0:26 / /my\\040groups rw - cgroup2 cgroup2 rw\n"
             "31 23 0:26 / /hidden rw - cgroup2 cgroup2 rw\n"
             "32 23 0:27 / /hidden rw - tmpfs tmpfs rw\n");
  root.group("/my groups/a b", "2048", 1000);
  root.group("/hidden/a b", "1024", 1000);
  EXPECT_EQ(controls(memory_limits(root.str())), std::vector<std::string>{"/my groups/a b/memory.max"});
}

TEST(MemoryLimitsTest, WhatCannotBeReadIsNoLimit) {
  const FakeRoot root;
  EXPECT_TRUE(memory_limits(root.str()).empty()) << "no /proc";
  EXPECT_EQ(available_memory_bytes(root.str()), ~std::uint64_t{0});
  root.write("/proc/self/cgroup", "0::/a/b\nnonsense\n:\n\n4:memory\n");
  root.write("/proc/self/mountinfo", std::string("nonsense\n\n - \n") + kMountOfV2);
  EXPECT_TRUE(memory_limits(root.str()).empty()) << "no groups";
  root.write("/sys/fs/cgroup/a/b/memory.max", "many\n");
  std::filesystem::create_directories(root.str() + "/sys/fs/cgroup/a/memory.max");  // a read of it fails
  EXPECT_TRUE(memory_limits(root.str()).empty());
  root.write("/sys/fs/cgroup/a/b/memory.max", "4096\n");
  const auto limit = tightest_memory_limit(root.str());
  ASSERT_TRUE(limit);
  EXPECT_EQ(limit->room_bytes(), 4096U) << "what is in use cannot be told";
}

TEST(TextFileTest, NumbersAreThoseOfTheirWholeKey) {
  EXPECT_EQ(number_after("SwapFreed: 1 kB\nXSwapFree: 2\nSwapFree:\t 3 kB\n", "SwapFree:"), 3U);
  EXPECT_EQ(number_after("file 1", "file"), 1U);
  EXPECT_EQ(number_after("file_mapped 1\nfile\nfile x\n", "file"), std::nullopt);
  EXPECT_EQ(number_after("", "file"), std::nullopt);
}

TEST(TextFileTest, LargeFilesAreReadWhole) {
  const FakeRoot root;
  std::string text;
  for (int i = 0; i < 5000; ++i) text += "line " + std::to_string(i) + '\n';
  root.write("/large", text);
  EXPECT_EQ(text_of(root.str() + "/large"), text);
  EXPECT_EQ(text_of(root.str() + "/none"), std::nullopt);
}

}  // namespace
}  // namespace arena_shm::core
