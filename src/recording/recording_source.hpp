// Recordings and saved segments, record by record, whatever their format.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "inspect/image.hpp"
#include "recording/attendant.hpp"
#include "recording/npy.hpp"
#include "schema/value_text.hpp"

namespace arena_shm::recording {

/// Thread safety: none.
class RecordingSource {
 public:
  explicit RecordingSource(Attendant& attendant) noexcept : attendant_(attendant) {}
  virtual ~RecordingSource() = default;

  /// Fills `record` with the next one. Returns its sequence number, counted from 0 if the file has none; nothing at the
  /// end. Lines that are no record are told to the attendant and passed over.
  /// Requires: record.size() == record().size_bytes. Errors: Code::corrupt, if nothing can be understood.
  virtual std::optional<std::uint64_t> next(std::span<std::byte> record) = 0;

  const RecordShape& record() const noexcept { return record_; }
  std::size_t align_bytes() const noexcept { return align_bytes_; }
  std::uint64_t refused_count() const noexcept { return refused_; }

 protected:
  Attendant& attendant_;
  RecordShape record_;
  std::size_t align_bytes_ = 1;
  std::uint64_t refused_ = 0;
};

/// How texts are to be understood, which do not say it themselves.
struct TextReading {
  std::string fields{};       ///< in the fields language, or a schema as JSON, if no others are given
  schema::Missing missing{};  ///< what means NaN
  std::string time_field{};   ///< may hold times, besides the one that the fields name
  std::string time_unit{};    ///< of it; empty: as the fields say
};

/// By what the file begins with: .npy, a segment, NDJSON or CSV. Texts need `fields`, in the fields language; the other
/// formats take them in place of what they say themselves. Without, it is `reading` that says what is in a text.
/// Errors: Code::not_found, corrupt, truncated, incompatible_type, ...
std::unique_ptr<RecordingSource> open_recording(const std::string& path, const std::string& fields,
                                                Attendant& attendant, TextReading reading = {});

// One for each format; the file is known to be of it.
std::unique_ptr<RecordingSource> npy_source(inspect::Image file, const std::string& fields, Attendant& attendant);
std::unique_ptr<RecordingSource> image_source(inspect::Image file, const std::string& fields, Attendant& attendant);
std::unique_ptr<RecordingSource> text_source(inspect::Image file, const std::string& fields, Attendant& attendant,
                                             TextReading reading = {});

}  // namespace arena_shm::recording
