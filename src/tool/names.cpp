#include "tool/names.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "arena_shm/core/system.hpp"
#include "core/segment_files.hpp"
#include "core/text_file.hpp"
#include "inspect/facts.hpp"
#include "tool/output.hpp"

namespace arena_shm::tool {

namespace {

// Levenshtein distance.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row[b.size()];
}

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

void for_each_arena(const std::function<void(inspect::Image)>& look, const Skip& skip) {
  for (const std::string& name : segment_files()) {
    try {
      inspect::Image image = inspect::Image::of_arena(name);
      if (inspect::has_magic(image)) look(std::move(image));
    } catch (const Error& error) {
      // One that has just been removed is no news; and what is no file of an arena's is none of ours.
      if (error.code() == Code::not_found || error.code() == Code::not_an_arena || error.code() == Code::invalid_name)
        continue;
      skip(error);
    }
  }
}

bool is_failure(const Error& error) noexcept { return error.code() != Code::permission_denied; }

std::string skipped_text(const Error& error) {
  if (!is_failure(error)) return fmt::format("skipped '{}': no permission to read it", error.name());
  return fmt::format("skipped '{}': {}; {}", error.name(), error.found(), error.remedy());
}

void Skipped::operator()(const Error& error) {
  note(skipped_text(error));
  failed_ = failed_ || is_failure(error);
}

std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& candidates) {
  std::optional<std::string> best;
  std::size_t best_distance = std::max<std::size_t>(1, word.size() / 3) + 1;
  for (const std::string& candidate : candidates) {
    const std::size_t d = distance(word, candidate);
    if (d < best_distance) {
      best_distance = d;
      best = candidate;
    }
  }
  return best;
}

}  // namespace arena_shm::tool
