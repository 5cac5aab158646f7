#include "inspect/arenas.hpp"

#include <cerrno>
#include <filesystem>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "arena_shm/core/system.hpp"
#include "core/segment_files.hpp"
#include "core/text_file.hpp"
#include "inspect/facts.hpp"

namespace arena_shm::inspect {

namespace {

std::vector<std::string> segment_files() {
  errno = 0;
  std::vector<std::string> names = core::names_in(core::kDirectory);
  if (names.empty() && errno != 0) core::throw_errno(errno, core::Act::open_to_read, "look into", core::kDirectory);
  std::erase_if(names, [](const std::string& name) {
    std::error_code ignored;
    return std::filesystem::symlink_status(core::path_of(name), ignored).type() != std::filesystem::file_type::regular;
  });
  return names;
}

}  // namespace

void for_each_arena(const std::function<void(Image)>& look, const Skip& skip) {
  for (const std::string& name : segment_files()) {
    try {
      Image image = Image::of_arena(name);
      if (has_magic(image)) look(std::move(image));
    } catch (const Error& error) {
      // One that has just been removed is no news; and what is no file of an arena's is none of ours.
      if (error.code() == Code::not_found || error.code() == Code::not_an_arena || error.code() == Code::invalid_name)
        continue;
      skip(error);
    }
  }
}

}  // namespace arena_shm::inspect
