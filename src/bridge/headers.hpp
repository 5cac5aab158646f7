// The headers of a message, written and strictly read.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bridge/message.hpp"

namespace arena_shm::bridge {

inline constexpr std::uint64_t kMostSeq = std::uint64_t{1} << 61;  // as core::kSeqLimit: none is above it
inline constexpr std::uint64_t kMostLanes = 4096;                  // as core::kMaxSeats
inline constexpr std::uint64_t kMostRecordBytes = std::uint64_t{1} << 31;

/// Errors: Code::corrupt, always.
[[noreturn]] void refuse(std::string what, std::string expected, std::string found);
/// Errors: Code::incompatible_version, always.
[[noreturn]] void refuse_version(std::uint64_t found, std::uint64_t expected);

/// One after the other, into strings that are used again.
class HeaderWriter {
 public:
  explicit HeaderWriter(Headers& headers) : headers_(headers) {}

  void put(std::string_view name, std::string_view value);
  void put(std::string_view name, std::uint64_t value);
  void put_hex(std::string_view name, std::uint64_t value);
  void end() { headers_.resize(count_); }

 private:
  std::string& add(std::string_view name);

  Headers& headers_;
  std::size_t count_ = 0;
};

/// Each of ours once, and no other one of ours. Errors: refuse.
class HeaderReader {
 public:
  /// Requires: the headers stay there. Errors: also if there are two of the same name.
  explicit HeaderReader(const Headers& headers);

  /// Decimal digits, without a sign, and without zeros in front.
  std::uint64_t number(std::string_view name, std::uint64_t least, std::uint64_t most);
  /// 16 hexadecimal digits, in lower case.
  std::uint64_t hex(std::string_view name);
  std::array<std::uint8_t, 16> epoch(std::string_view name);
  /// Returns: which one of the words.
  std::size_t word(std::string_view name, std::span<const std::string_view> words);
  /// Have all been asked for?
  void end() const;

 private:
  std::string_view take(std::string_view name);

  struct Header {
    std::string_view name;  // without the prefix
    std::string_view value;
    bool is_taken = false;
  };
  std::vector<Header> headers_;
};

}  // namespace arena_shm::bridge
