#include "tool/names.hpp"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include "arena_shm/error.hpp"
#include "core/segment_files.hpp"
#include "core/text_file.hpp"
#include "inspect/facts.hpp"

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

}  // namespace

std::vector<inspect::Image> live_arenas(std::vector<std::string>* unreadable) {
  std::vector<inspect::Image> arenas;
  for (const std::string& name : core::names_in(core::kDirectory)) {
    std::error_code ignored;
    if (std::filesystem::symlink_status(core::path_of(name), ignored).type() != std::filesystem::file_type::regular)
      continue;
    try {
      inspect::Image image = inspect::Image::of_arena(name);
      if (inspect::has_magic(image)) arenas.push_back(std::move(image));
    } catch (const Error& error) {
      // One that has just been removed is no news.
      if (error.code() == Code::permission_denied && unreadable != nullptr) unreadable->push_back(name);
    }
  }
  return arenas;
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
