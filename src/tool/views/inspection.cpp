#include "tool/views/inspection.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace arena_shm::tool {

std::optional<double> lap_seconds(const Inspection& in) {
  if (in.values_per_second <= 0) return std::nullopt;
  return static_cast<double>(in.facts.info.slots) / in.values_per_second;
}

std::vector<std::pair<const char*, core::Region>> regions(const core::Header& header) {
  return {{"header", {0, header.header_bytes}}, {"schema", header.schema}, {"doorbell", header.doorbell},
          {"control", header.control},          {"seats", header.seats},   {"slots", header.slots}};
}

std::span<const std::byte> shown_bytes(const Inspection& in, const inspect::Value& value) {
  constexpr std::size_t kWithoutSchema = 256;
  const std::span<const std::byte> bytes(value.bytes);
  return in.schema ? bytes : bytes.first(std::min(bytes.size(), kWithoutSchema));
}

std::string epoch_text(const Info& info) { return fmt::format("{:02x}", fmt::join(info.epoch, "")); }

}  // namespace arena_shm::tool
