// The columns that a record's fields are in an Arrow stream, and the buffers that a batch of rows has for them.
//
//   integers, f32, f64   the same                    a field "pos.x"    member x of a struct pos
//   bool                 bits                        an array           fixed-size lists
//   an enum              a dictionary of its names   s1 to sN           fixed-size binary, so that no byte is lost
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "schema/schema.hpp"

namespace arena_shm::recording::arrow {

enum class ColumnType : std::uint8_t { number, half, bits, bytes, text, structure, list };

struct Column {
  std::string name;
  ColumnType type = ColumnType::number;
  schema::Kind kind = schema::Kind::unsigned_integer;  ///< of a number
  std::size_t element_bytes = 0;                       ///< of a number, or of bytes
  std::size_t extent = 0;                              ///< of a list
  std::optional<std::int64_t> dictionary{};            ///< the numbers are places in this one, which has texts
  std::optional<std::size_t> field{};                  ///< of the record, that a leaf holds
  std::string unit{};                                  ///< of what is no text
  std::vector<Column> children{};                      ///< of a structure; of a list, one
  std::vector<std::pair<std::string, std::string>> notes{};
};

/// Of a record behind its columns; the last one is `_gap`: what was lost in front of a row, as a text.
std::vector<Column> columns_of(const schema::Schema& row);

/// A column as a batch has it: columns in their order, each before its children.
struct Part {
  ColumnType type = ColumnType::number;
  const Column* column = nullptr;
  std::size_t per_row = 1;           ///< so many elements has a row
  std::vector<std::size_t> shape{};  ///< of a leaf
  std::string path{};                ///< "pos.x"
  bool is_leaf() const noexcept { return type != ColumnType::structure && type != ColumnType::list; }
  /// Buffers in a batch.
  std::size_t buffer_count() const noexcept { return is_leaf() ? (type == ColumnType::text ? 3 : 2) : 1; }
};

/// Requires: the columns stay where they are. Nothing, if a row would have more than so many elements of something.
std::optional<std::vector<Part>> parts_of(const std::vector<Column>& columns, std::size_t most_per_row);

}  // namespace arena_shm::recording::arrow
