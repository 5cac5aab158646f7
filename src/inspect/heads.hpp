// How far the lanes of a segment have come. An arena without lanes is one.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "arena_shm/core/layout.hpp"
#include "inspect/image.hpp"

namespace arena_shm::inspect {

/// The numbers of a lane are below it: what they are outside of it is below core::kSeqLimit.
std::uint64_t number_limit(const core::Header& header) noexcept;

/// What the number of a value in a lane is outside of it; all ones, if that is beyond all numbers.
std::uint64_t seq_of(const core::Header& header, std::uint32_t lane, std::uint64_t number) noexcept;

/// Requires: a usable header.
class Heads {
 public:
  Heads() = default;
  /// In numbers of the lanes; as many as core::lane_count says.
  Heads(const core::Header& header, std::vector<std::uint64_t> of_lanes);

  const std::vector<std::uint64_t>& of_lanes() const noexcept { return of_lanes_; }
  /// All seqs that have been handed out are below it. Without lanes the word itself, whatever it is.
  std::uint64_t end() const noexcept { return end_; }
  /// How many have been handed out.
  std::uint64_t count() const noexcept { return count_; }
  /// Lanes that have handed out any.
  std::size_t used_count() const noexcept;

  friend bool operator==(const Heads&, const Heads&) = default;

 private:
  std::vector<std::uint64_t> of_lanes_;
  std::uint64_t end_ = 0;
  std::uint64_t count_ = 0;
};

/// Nothing if the file ends before. Requires: a usable header of this image.
/// Cost: one system call.
std::optional<Heads> read_heads(const Image& image, const core::Header& header);

/// Numbers a second of the lane that hands out most; 0 if one of the two is not of these lanes.
double fastest_rate(const Heads& before, const Heads& after, std::chrono::duration<double> elapsed) noexcept;

/// That of one lane, in its numbers. Requires: the header of a lane (core::lane_header).
std::optional<std::uint64_t> read_head(const Image& image, const core::Header& header) noexcept;

}  // namespace arena_shm::inspect
