// The newest value for each key: for each symbol, each sensor, ...
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "schema/schema.hpp"

namespace arena_shm::recording {

/// Thread safety: none.
class NewestByKey {
 public:
  static constexpr std::size_t kMaxKeys = 1'000'000;

  struct Newest {
    std::uint64_t seq = 0;
    std::uint64_t rank = 0;
    std::vector<std::byte> row;
    bool is_changed = true;  ///< since take_changes
  };

  /// A record's key is what these fields of it hold. Requires: fields of the record's schema.
  explicit NewestByKey(std::vector<schema::Field> fields) : fields_(std::move(fields)) {}

  /// From now on values come from an arena with so many lanes, each in order by itself; they are newer than all before.
  void restart(std::uint64_t lanes);

  /// This value is newer than all before of its lane, and than those of other lanes whose rank is not higher. `row`:
  /// what is kept of it; `record`: its part with the fields.
  /// Errors: Code::no_space, if there are too many keys.
  void put(std::uint64_t seq, std::span<const std::byte> row, std::span<const std::byte> record,
           std::uint64_t rank = 0);

  std::size_t size() const noexcept { return newest_.size(); }
  /// In the order of the keys: numbers by their values, texts by their bytes.
  void for_each(const std::function<void(const Newest&)>& see) const;
  /// Those that came since the last call.
  void take_changes(const std::function<void(const Newest&)>& see);

 private:
  std::vector<schema::Field> fields_;
  std::uint64_t lanes_ = 1;
  std::string key_;                       // of the newest value
  std::map<std::string, Newest> newest_;  // by keys whose bytes have their order
};

}  // namespace arena_shm::recording
