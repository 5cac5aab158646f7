#include "terminal/names.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "core/segment_files.hpp"
#include "terminal/output.hpp"

namespace arena_shm::terminal {

namespace {

// Levenshtein distance; two neighbours that changed places are one mistake.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> rows(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) rows[i][0] = i;
  for (std::size_t j = 0; j <= b.size(); ++j) rows[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = rows[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      rows[i][j] = std::min({rows[i - 1][j] + 1, rows[i][j - 1] + 1, replaced});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        rows[i][j] = std::min(rows[i][j], rows[i - 2][j - 2] + 1);
    }
  }
  return rows[a.size()][b.size()];
}

bool is_own(const std::string& arena) noexcept {
  struct stat status {};
  return ::lstat(core::path_of(arena).c_str(), &status) == 0 && status.st_uid == ::geteuid();
}

}  // namespace

bool is_failure(const Error& error) noexcept { return error.code() != Code::permission_denied || is_own(error.name()); }

std::string skipped_text(const Error& error) {
  if (!is_failure(error)) return fmt::format("skipped '{}': no permission to read it", error.name());
  return fmt::format("skipped '{}': found {}; {}", error.name(), error.found(), error.remedy());
}

void Verdict::add_skipped(const Error& error) noexcept {
  if (is_failure(error)) add(ExitCode::failed);
}

void note_skipped(const Error& error, Verdict& verdict) {
  note(skipped_text(error));
  verdict.add_skipped(error);
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

}  // namespace arena_shm::terminal
