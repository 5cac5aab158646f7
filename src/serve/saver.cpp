#include "serve/saver.hpp"

#include <algorithm>
#include <filesystem>
#include <string_view>
#include <utility>

#include "arena_shm/error.hpp"
#include "arena_shm/raw.hpp"
#include "recording/lanes.hpp"
#include "recording/recorder.hpp"
#include "serve/json.hpp"
#include "text/time_text.hpp"

namespace arena_shm::serve {

namespace {

// Nobody attends to it: what there is to tell goes to the page, at the end.
class Unattended final : public recording::Attendant {
 public:
  bool stop_requested() const noexcept override { return false; }
  void note(std::string_view) override {}
  void tell(std::string_view) override {}
  void show_progress(std::string_view) override {}
};

// Names of rings may have characters that shells read otherwise.
std::string file_name(const std::string& ring) {
  std::string name = ring + '-' + text::time_text(text::realtime_ns(), text::kNsPerSecond);
  std::replace_if(
      name.begin(), name.end(),
      [](char c) {
        const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        return !is_plain && c != '-' && c != '_' && c != '.';
      },
      '_');
  return name + ".npy";
}

}  // namespace

Saver::Saver(std::string directory) : directory_(std::move(directory)) {
  std::error_code error;
  if (std::filesystem::is_directory(directory_, error)) return;
  throw Error(Code::not_found, {.name = directory_,
                                .doing = "save arenas in",
                                .expected = "a directory",
                                .found = error ? error.message() : "something else",
                                .remedy = "make it: mkdir"});
}

// Where `capture` goes in: with what was asked for (when, before, after), the same as it does.
std::string Saver::save(const std::string& ring) {
  const std::lock_guard lock(mutex_);
  const RawView view = RawView::open(ring);
  const Position heads = view.reader(From::newest, {.doorbell = false}).position();
  const recording::Extent extent{.first = recording::place_of(From::oldest, heads, view.slots() / view.lanes()),
                                 .end = heads};
  const std::string name = file_name(view.name());
  Unattended unattended;
  recording::FileOptions file;
  file.path = (std::filesystem::path(directory_) / name).string();
  file.ends = true;
  const recording::Recorded recorded = recording::record_arena(view, extent, {}, file, "", unattended);
  if (recorded.failure) throw Error(*recorded.failure);
  std::string out = "{";
  append_text(out, "file", name);
  append_text(out, "text", recorded.summary);
  out.back() = '}';
  return out;
}

}  // namespace arena_shm::serve
