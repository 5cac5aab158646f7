// The tool and arena-bench, each looked for by the other: in a build both are in one directory, in an installation the
// way from one to the other is fixed, wherever the installation was moved to.
#pragma once

#include <unistd.h>

#include <array>
#include <filesystem>
#include <string>

namespace arena_shm::terminal {

/// Where the program may be; `installed_in` is the way from this program's directory to the other's.
inline std::array<std::string, 2> places_of(const std::string& program, const std::string& installed_in) {
  const std::filesystem::path here = std::filesystem::read_symlink("/proc/self/exe").parent_path();
  return {here / program, (here / installed_in / program).lexically_normal()};
}

/// The first of them that can be run, or "".
inline std::string first_program(const std::array<std::string, 2>& places) {
  for (const std::string& place : places) {
    if (::access(place.c_str(), X_OK) == 0) return place;
  }
  return "";
}

}  // namespace arena_shm::terminal
