// Arrow streams and MCAP files in memory: how they are made, and what is read out of them.
#pragma once

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "arena_shm/core/words.hpp"
#include "arena_shm/error.hpp"
#include "recording/block_encoder.hpp"
#include "recording/recording_source.hpp"
#include "schema/fields_language.hpp"

namespace arena_shm::recording {

inline const bool kIsLong = std::getenv("ARENA_SHM_LONG") != nullptr;

// From one byte of a file that is altered to the next. Under a sanitizer that takes six times as long.
#ifdef ARENA_SHM_SANITIZED
inline const std::size_t kStride = kIsLong ? 1 : 7;
#else
inline const std::size_t kStride = 1;
#endif

class Listener final : public Attendant {
 public:
  bool stop_requested() const noexcept override { return false; }
  void note(std::string_view text) override { notes += std::string(text) + '\n'; }
  void tell(std::string_view) override {}
  void show_progress(std::string_view) override {}
  std::string notes;
};

struct Seen {
  std::vector<std::uint64_t> seqs;
  std::vector<std::vector<std::byte>> rows;
  std::uint64_t gap_values = 0;
  std::vector<std::string> epochs;
  std::uint64_t lost = 0;
  bool is_damaged = false;
  std::uint64_t refused = 0;
  std::string notes;
  RecordShape shape;
};

inline Seen read(std::string_view file_bytes, const std::string& fields = "") {
  const int file = ::memfd_create("recording", MFD_CLOEXEC);
  EXPECT_EQ(::write(file, file_bytes.data(), file_bytes.size()), static_cast<ssize_t>(file_bytes.size()));
  Listener listener;
  Seen seen;
  try {
    const auto source = open_recording("/proc/self/fd/" + std::to_string(file), fields, listener);
    seen.shape = source->record();
    source->on_gap([&](const Gap& gap) { seen.gap_values += gap.count(); });
    source->on_restart([&](const std::string& epoch) { seen.epochs.push_back(epoch); });
    std::vector<std::byte> row(seen.shape.row_bytes());
    while (const auto seq = source->next(row)) {
      seen.seqs.push_back(*seq);
      seen.rows.push_back(row);
    }
    seen.lost = source->lost_count();
    seen.is_damaged = source->is_damaged();
    seen.refused = source->refused_count();
  } catch (const Error& error) {
    seen.notes = error.what();
  }
  seen.notes += listener.notes;
  ::close(file);
  return seen;
}

enum class Form { arrow, mcap };

inline std::unique_ptr<BlockEncoder> encoder_for(Form form, const RecordShape& shape) {
  return form == Form::arrow ? arrow_encoder(shape) : mcap_encoder(shape, false);
}

inline RecordShape shape_of(const std::string& fields) {
  RecordShape shape;
  shape.schema = schema::parse_fields(fields);
  shape.size_bytes = shape.schema->size_bytes;
  shape.origin = {.arena = "ring", .type = "Type", .epoch = "first", .lanes = 1};
  return shape;
}

}  // namespace arena_shm::recording
