#include "core/memory_limits.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "core/text_file.hpp"
#include "core/text_numbers.hpp"

namespace arena_shm::core {
namespace {

constexpr std::uint64_t kUnlimited = std::numeric_limits<std::uint64_t>::max();
/// Version 1 writes "no limit" as the largest number of whole pages, whatever their size.
constexpr std::uint64_t kNoLimit = std::uint64_t{1} << 62;

/// Cuts off what comes before the separator, and returns it.
std::string_view take_until(std::string_view& text, char separator) noexcept {
  const std::string_view part = text.substr(0, text.find(separator));
  text.remove_prefix(std::min(part.size() + 1, text.size()));
  return part;
}

bool has_item(std::string_view list, std::string_view item) noexcept {
  while (!list.empty()) {
    if (take_until(list, ',') == item) return true;
  }
  return false;
}

struct Paths {
  std::optional<std::string> v1;  // in the hierarchy of version 1 that has memory
  std::optional<std::string> v2;
};

/// Of /proc/self/cgroup: "4:memory:/job", "0::/job"; cgroups(7). A path may hold colons.
Paths own_paths(std::string_view text) {
  Paths paths;
  while (!text.empty()) {
    std::string_view line = take_until(text, '\n');
    const std::string_view hierarchy = take_until(line, ':');
    const std::string_view controllers = take_until(line, ':');
    if (hierarchy == "0" && controllers.empty()) paths.v2 = line;
    if (has_item(controllers, "memory")) paths.v1 = line;
  }
  return paths;
}

struct Mount {
  std::string root;   // what of the hierarchy is mounted
  std::string point;  // where
  std::string type;
  std::string options;
};

/// "\040" is a space, proc(5).
std::string unescaped(std::string_view text) {
  const auto is_octal = [](char c) { return c >= '0' && c <= '7'; };
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size() && std::all_of(&text[i + 1], &text[i + 1] + 3, is_octal)) {
      plain += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0'));
      i += 3;
    } else {
      plain += text[i];
    }
  }
  return plain;
}

/// Of /proc/self/mountinfo: "31 23 0:28 ROOT POINT options... - TYPE source OPTIONS". What is mounted at a place later
/// hides what was there.
std::vector<Mount> mounts_in(std::string_view text) {
  std::vector<Mount> mounts;
  while (!text.empty()) {
    std::string_view line = take_until(text, '\n');
    for (int skipped = 0; skipped < 3; ++skipped) take_until(line, ' ');
    Mount mount;
    mount.root = unescaped(take_until(line, ' '));
    mount.point = unescaped(take_until(line, ' '));
    while (!line.empty() && take_until(line, ' ') != "-") continue;
    mount.type = take_until(line, ' ');
    take_until(line, ' ');
    mount.options = take_until(line, ' ');
    std::erase_if(mounts, [&](const Mount& earlier) { return earlier.point == mount.point; });
    mounts.push_back(std::move(mount));
  }
  std::erase_if(mounts, [](const Mount& mount) { return mount.type != "cgroup" && mount.type != "cgroup2"; });
  return mounts;
}

/// How many times a path goes above the root of this process's namespace: "/../../job" twice.
std::size_t steps_above(std::string_view path) noexcept {
  std::size_t steps = 0;
  for (; path == "/.." || path.starts_with("/../"); path.remove_prefix(3)) ++steps;
  return steps;
}

/// The group's path below the mount's root, "" for the root itself. Nothing if the root is none of the group's
/// ancestors.
std::optional<std::string> path_below(std::string_view root, std::string_view group) {
  if (root == "/") root = "";
  if (group == "/") group = "";
  // The root lies above this namespace, and the names of the groups in between are not shown here: only it is known.
  if (steps_above(root) > steps_above(group))
    return root.size() == 3 * steps_above(root) ? std::optional("") : std::nullopt;
  if (!group.starts_with(root)) return std::nullopt;
  group.remove_prefix(root.size());
  if ((!group.empty() && group.front() != '/') || steps_above(group) > 0) return std::nullopt;
  return std::string(group);
}

/// One group's directory.
class Group {
 public:
  explicit Group(std::string path, const std::string& root) : path_(std::move(path)), root_(root) {}

  std::string control(const char* name) const { return path_ + '/' + name; }
  std::optional<std::string> text(const char* name) const { return text_of(root_ + control(name)); }
  std::optional<std::uint64_t> number(const char* name) const {
    const auto found = text(name);
    return found ? leading_number(*found) : std::nullopt;
  }
  std::uint64_t in_stat(std::string_view key) const {
    if (!stat_) stat_ = text("memory.stat").value_or("");
    return number_after(*stat_, key).value_or(0);
  }

 private:
  std::string path_;
  const std::string& root_;
  mutable std::optional<std::string> stat_;
};

class Search {
 public:
  explicit Search(const std::string& root) : root_(root) {}

  std::vector<MemoryLimit> run() {
    const Paths own = own_paths(text_of(root_ + "/proc/self/cgroup").value_or(""));
    const auto mounts = mounts_in(text_of(root_ + "/proc/self/mountinfo").value_or(""));
    swap_free_bytes_ = number_after(text_of(root_ + "/proc/meminfo").value_or(""), "SwapFree:").value_or(0) * 1024;
    for (const Mount& mount : mounts) {
      if (mount.type == "cgroup2" && own.v2) climb_v2(mount, *own.v2);
      if (mount.type == "cgroup" && own.v1 && has_item(mount.options, "memory")) climb_v1(mount, *own.v1);
    }
    return std::move(limits_);
  }

 private:
  /// The directories of the group and of its ancestors, from below.
  std::vector<std::string> directories(const Mount& mount, const std::string& group) const {
    std::vector<std::string> found;
    const auto below = path_below(mount.root, group);
    if (!below) return found;
    std::string path = mount.point == "/" ? *below : mount.point + *below;
    for (; path.size() > mount.point.size(); path.resize(path.rfind('/'))) found.push_back(path);
    found.push_back(mount.point);
    return found;
  }

  void add(const Group& group, const char* control, MemoryLimit limit) {
    const auto number = group.number(control);
    if (!number || *number >= kNoLimit) return;
    limit.control = group.control(control);
    limit.limit_bytes = *number;
    limits_.push_back(std::move(limit));
  }

  void climb_v2(const Mount& mount, const std::string& own) {
    // Without swappiness the kernel swaps nothing out for the sake of a group, and kills.
    const auto swappiness = text_of(root_ + "/proc/sys/vm/swappiness");
    const std::uint64_t all = swappiness && leading_number(*swappiness) == 0 ? 0 : swap_free_bytes_;
    std::uint64_t swap_bytes = all;
    const std::size_t first = limits_.size();
    for (const std::string& directory : directories(mount, own)) {
      const Group group(directory, root_);
      if (const auto most = group.number("memory.swap.max"))
        swap_bytes = std::min(swap_bytes, *most - std::min(*most, group.number("memory.swap.current").value_or(0)));
      MemoryLimit limit;
      limit.used_bytes = group.number("memory.current").value_or(0);
      // Of the kernel's own caches about half, as for MemAvailable: the rest may be in use.
      limit.reclaimable_bytes =
          group.in_stat("inactive_file") + group.in_stat("active_file") + group.in_stat("slab_reclaimable") / 2;
      add(group, "memory.max", limit);
      // Nobody is killed for it; but what cannot be reclaimed slows every process of the group down, for ever.
      add(group, "memory.high", limit);
    }
    for (std::size_t i = first; i < limits_.size(); ++i) limits_[i].swap_bytes = swap_bytes;
  }

  void climb_v1(const Mount& mount, const std::string& own) {
    std::uint64_t swap_bytes = swap_free_bytes_;
    bool is_own = true;
    for (const std::string& directory : directories(mount, own)) {
      const Group group(directory, root_);
      if (is_own && group.number("memory.swappiness") == 0) swap_bytes = 0;
      // Before Linux 5.11 a group could keep what is below it out of its account.
      if (!std::exchange(is_own, false) && group.number("memory.use_hierarchy") == 0) break;
      MemoryLimit limit;
      limit.used_bytes = group.number("memory.usage_in_bytes").value_or(0);
      limit.reclaimable_bytes = group.in_stat("total_inactive_file") + group.in_stat("total_active_file");
      limit.swap_bytes = swap_bytes;
      add(group, "memory.limit_in_bytes", limit);
      limit.used_bytes = group.number("memory.memsw.usage_in_bytes").value_or(0);  // memory and swap
      limit.swap_bytes = 0;
      add(group, "memory.memsw.limit_in_bytes", limit);
    }
  }

  const std::string& root_;
  std::uint64_t swap_free_bytes_ = 0;
  std::vector<MemoryLimit> limits_;
};

}  // namespace

std::uint64_t MemoryLimit::room_bytes() const noexcept {
  const std::uint64_t kept = used_bytes - std::min(used_bytes, reclaimable_bytes);
  const std::uint64_t room = limit_bytes - std::min(limit_bytes, kept);
  return room + std::min(swap_bytes, kUnlimited - room);
}

std::string MemoryLimit::describe() const {
  std::string text = "under " + control + " of " + std::to_string(limit_bytes) +
                     " bytes: " + std::to_string(used_bytes) + " in use, of which " +
                     std::to_string(reclaimable_bytes) + " can be reclaimed";
  if (swap_bytes > 0) text += "; plus " + std::to_string(swap_bytes) + " bytes of swap";
  return text;
}

std::vector<MemoryLimit> memory_limits(const std::string& root) { return Search(root).run(); }

std::optional<MemoryLimit> tightest_memory_limit(const std::string& root) {
  const auto limits = memory_limits(root);
  const auto tightest = std::min_element(limits.begin(), limits.end(), [](const MemoryLimit& a, const MemoryLimit& b) {
    return a.room_bytes() < b.room_bytes();
  });
  if (tightest == limits.end()) return std::nullopt;
  return *tightest;
}

std::uint64_t available_memory_bytes(const std::string& root) {
  const auto text = text_of(root + "/proc/meminfo");
  const auto available = text ? number_after(*text, "MemAvailable:") : std::nullopt;
  const auto swap = text ? number_after(*text, "SwapFree:") : std::nullopt;
  if (!available && !swap) return kUnlimited;
  return (available.value_or(0) + swap.value_or(0)) * 1024;
}

}  // namespace arena_shm::core
