// What is in /dev/shm: tests that a failed or killed creator leaves nothing there.
#pragma once

#include <algorithm>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace arena_shm::test {

/// The names in /dev/shm that contain `part`, hidden ones included, sorted.
inline std::vector<std::string> names_in_shm(std::string_view part) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator("/dev/shm")) {
    std::string name = entry.path().filename().string();
    if (name.find(part) != std::string::npos) names.push_back(std::move(name));
  }
  std::ranges::sort(names);
  return names;
}

}  // namespace arena_shm::test
