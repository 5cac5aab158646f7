// Batches of an Arrow stream out of rows: what lies row by row is laid column by column.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "recording/arrow/columns.hpp"
#include "recording/arrow/dictionary.hpp"
#include "recording/arrow/messages.hpp"

namespace arena_shm::recording::arrow {

/// Appends the dictionary as a stream has it before a batch that needs it.
void append_dictionary(std::string& out, EnumDictionary& dictionary);

/// Rows that are to be a batch.
struct BatchRows {
  std::span<const std::byte> bytes;
  std::uint64_t count = 0;
  std::span<const std::pair<std::uint64_t, std::string>> gap_texts;  ///< of the rows that have one, in their order
};

/// Thread safety: none.
class BatchWriter {
 public:
  /// Of such a record, with its columns in front of it.
  explicit BatchWriter(schema::Schema row);
  BatchWriter(const BatchWriter&) = delete;
  BatchWriter& operator=(const BatchWriter&) = delete;

  const schema::Schema& row() const noexcept { return row_; }
  /// The message that a stream begins with, and the dictionaries.
  void append_schema(std::string& out, const Notes& notes);
  /// The dictionaries that have grown, and the rows.
  void append_batch(std::string& out, const BatchRows& rows, const Notes& notes);
  /// What the dictionaries would take that this row makes grow; it is taken note of.
  std::uint64_t dictionary_bytes_with(std::span<const std::byte> row);
  /// The bodies of so many rows, without their gaps.
  std::uint64_t body_bytes(std::uint64_t rows) const;

 private:
  struct Leaf {
    const Part* part;
    const schema::Field* field = nullptr;  // null: the gaps
    EnumDictionary* dictionary = nullptr;
    std::vector<std::int32_t> indices{};
  };

  std::uint64_t data_bytes(const Leaf& leaf, std::uint64_t rows) const;
  void index(Leaf& leaf, const BatchRows& rows);
  void fill(const Leaf& leaf, const BatchRows& rows, char* target) const;

  schema::Schema row_;
  std::vector<Column> columns_;
  std::vector<Part> parts_;
  std::vector<EnumDictionary> dictionaries_;
  std::vector<Leaf> leaves_;
};

}  // namespace arena_shm::recording::arrow
