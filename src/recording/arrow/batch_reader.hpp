// Rows out of the batches of an Arrow stream: what lies column by column is laid row by row.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "recording/arrow/enum_values.hpp"
#include "recording/arrow/messages.hpp"
#include "recording/arrow/stream_layout.hpp"

namespace arena_shm::recording::arrow {

/// From a file that is not trusted. Thread safety: none.
class BatchReader {
 public:
  /// Requires: they stay there.
  BatchReader(const StreamLayout& layout, const std::string& path) : layout_(layout), path_(path) {}

  /// As EnumValues does. To be called first.
  void begin(bool trusts_names);
  /// A message was left out: additions to dictionaries are not taken until a whole one has come.
  void distrust_additions();
  /// Errors: Code::corrupt, incompatible_type. Then it is as if a message was left out.
  void take_dictionary(const fb::DictionaryBatch& dictionary, std::vector<std::byte> body);
  void take_batch(const fb::RecordBatch& batch, std::vector<std::byte> body);
  /// Has the batch values that dictionaries ought to have, and have not? Then one is missing that nobody has missed,
  /// and nothing is known any more of what came since the batch before.
  bool lacks_values();
  /// As if there were no batch.
  void leave() noexcept { rows_ = 0; }

  /// Of the batch that was taken last.
  std::uint64_t row_count() const noexcept { return rows_; }
  /// Requires: a column `_seq`, index < row_count().
  std::uint64_t seq(std::uint64_t index) const noexcept;
  /// Rows from `first` on, as many as there is room for; padding is zero. `rows`: of this size each, the record at
  /// their end, and the time in front of it. Requires: no more than there are. Errors: Code::corrupt.
  void read_rows(std::uint64_t first, std::span<std::byte> rows, std::size_t row_bytes) const;

 private:
  struct Buffer {
    std::uint64_t at = 0;
    std::uint64_t bytes = 0;
  };
  struct Data {
    Buffer values{};
    std::optional<Buffer> validity{};
  };

  [[noreturn]] void fail(const std::string& expected, const std::string& found) const;
  std::vector<Buffer> buffers_of(const fb::RecordBatch& batch) const;
  Data data_of(const Part& part, const PartUse& use, const fb::FieldNode& node, std::span<const Buffer> buffers) const;
  std::uint64_t bytes_needed(const Part& part, std::uint64_t elements) const;
  bool is_null(const Data& data, std::uint64_t element) const noexcept;
  std::uint64_t index_at(const Part& part, const Data& data, std::uint64_t element) const noexcept;
  void put_element(std::size_t part, std::uint64_t element, std::byte* target) const;
  void put_part(std::size_t part, std::uint64_t first, std::uint64_t rows, std::byte* target, std::size_t stride) const;

  const StreamLayout& layout_;
  const std::string& path_;
  std::vector<std::byte> body_;
  std::uint64_t rows_ = 0;
  std::vector<Data> data_;                    // of each part
  std::map<std::size_t, EnumValues> values_;  // of the parts that are enums
  bool trusts_names_ = false;
};

}  // namespace arena_shm::recording::arrow
