#include "inspect/heads.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <span>
#include <utility>

#include "arena_shm/core/stamp.hpp"
#include "inspect/seats.hpp"

namespace arena_shm::inspect {

namespace {

std::vector<std::uint64_t> heads_in_seats(const Image& image, const core::Header& header) {
  std::vector<std::array<std::byte, sizeof(core::Seat)>> seats(header.seat_count);
  const std::size_t bytes = image.read(header.seats.offset_bytes, std::as_writable_bytes(std::span(seats)));
  std::vector<std::uint64_t> heads(bytes / sizeof(core::Seat));
  for (std::size_t i = 0; i < heads.size(); ++i)
    std::memcpy(&heads[i], seats[i].data() + offsetof(core::Seat, hi), sizeof(heads[i]));
  return heads;
}

}  // namespace

std::uint64_t number_limit(const core::Header& header) noexcept {
  return (core::is_lossless(header) ? core::kLosslessSeqLimit : core::kSeqLimit) / core::lane_count(header);
}

std::uint64_t seq_of(const core::Header& header, std::uint32_t lane, std::uint64_t number) noexcept {
  const std::uint64_t lanes = core::lane_count(header);
  if (lanes == 1) return number;
  return number > (~std::uint64_t{0} - lane) / lanes ? ~std::uint64_t{0} : number * lanes + lane;
}

Heads::Heads(const core::Header& header, std::vector<std::uint64_t> of_lanes) : of_lanes_(std::move(of_lanes)) {
  if ((header.flags & core::kFlagLaned) == 0) {
    end_ = count_ = of_lanes_.front();
    return;
  }
  const std::uint64_t limit = number_limit(header);
  for (std::uint32_t lane = 0; lane < of_lanes_.size(); ++lane) {
    const std::uint64_t head = std::min(of_lanes_[lane], limit);
    if (head > 0) end_ = std::max(end_, seq_of(header, lane, head - 1) + 1);
    count_ += head;
  }
}

std::size_t Heads::used_count() const noexcept {
  return static_cast<std::size_t>(
      std::count_if(of_lanes_.begin(), of_lanes_.end(), [](std::uint64_t head) { return head > 0; }));
}

std::optional<Heads> read_heads(const Image& image, const core::Header& header) {
  std::vector<std::uint64_t> heads;
  if ((header.flags & core::kFlagLaned) != 0) {
    heads = heads_in_seats(image, header);
  } else if (const auto head = read_head(image, header)) {
    heads.push_back(*head);
  }
  if (heads.size() != core::lane_count(header)) return std::nullopt;
  return Heads(header, std::move(heads));
}

double fastest_rate(const Heads& before, const Heads& after, std::chrono::duration<double> elapsed) noexcept {
  double fastest = 0;
  const std::size_t lanes = std::min(before.of_lanes().size(), after.of_lanes().size());
  for (std::size_t lane = 0; lane < lanes; ++lane)
    fastest = std::max(fastest, rate(before.of_lanes()[lane], after.of_lanes()[lane], elapsed));
  return fastest;
}

std::optional<std::uint64_t> read_head(const Image& image, const core::Header& header) noexcept {
  std::uint64_t head = 0;
  if (!image.load(core::head_offset_bytes(header), head)) return std::nullopt;
  return head;
}

}  // namespace arena_shm::inspect
