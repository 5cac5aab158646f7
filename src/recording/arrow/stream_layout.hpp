// What an Arrow stream's schema says, of ours and of others, as records.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "recording/arrow/columns.hpp"
#include "recording/arrow/messages.hpp"
#include "recording/row.hpp"

namespace arena_shm::recording::arrow {

/// What becomes of a part of a batch.
struct PartUse {
  enum class To : std::uint8_t { nothing, seq, time, record, texts };
  To to = To::nothing;
  std::size_t offset_bytes = 0;          ///< in the record
  std::size_t row_elements = 1;          ///< of the record's field
  const schema::Field* field = nullptr;  ///< of an enum, and of what has a schema
};

/// Not to be moved: parts know the columns by address.
struct StreamLayout {
  RecordShape record;
  bool is_ours = false;  ///< its notes were understood
  bool has_seq = false;
  std::vector<Column> columns;
  std::vector<Part> parts;
  std::vector<PartUse> uses;  ///< of each part
};

/// Reads a schema from a file that is not trusted. `_time_ns` is the time of a value, if it is an i64, unless
/// `time_is_field`. Errors: Code::incompatible_type, corrupt; `path` is for them.
void read_layout(StreamLayout& layout, const fb::Schema& schema, const std::string& path, bool time_is_field);

}  // namespace arena_shm::recording::arrow
