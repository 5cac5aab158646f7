#include "tool/views/inspection.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>

#include "text/quantities.hpp"

namespace arena_shm::tool {

std::optional<double> lap_seconds(const Inspection& in) {
  if (in.values_per_second_of_lane <= 0) return std::nullopt;
  return static_cast<double>(in.facts.header.slot_count) / in.values_per_second_of_lane;
}

std::vector<std::pair<const char*, core::Region>> regions(const core::Header& header) {
  std::vector<std::pair<const char*, core::Region>> regions{{"header", {0, header.header_bytes}},
                                                            {"schema", header.schema},
                                                            {"doorbell", header.doorbell},
                                                            {"control", header.control},
                                                            {"seats", header.seats}};
  if (core::is_lossless(header)) regions.emplace_back("consumers", header.consumers);
  regions.emplace_back("slots", header.slots);
  return regions;
}

std::span<const std::byte> shown_bytes(const Inspection& in, const inspect::Value& value) {
  constexpr std::size_t kWithoutSchema = 256;
  const std::span<const std::byte> bytes(value.bytes);
  return in.schema ? bytes : bytes.first(std::min(bytes.size(), kWithoutSchema));
}

std::string slots_text(const Info& info) {
  const std::string slots = text::counted(info.slots / info.lanes, "slot");
  return info.writers == Writers::laned ? fmt::format("{} x {}", text::counted(info.lanes, "lane"), slots) : slots;
}

const char* writers_name(const Info& info) noexcept {
  switch (info.writers) {
    case Writers::exclusive: return "exclusive";
    case Writers::laned: return "laned";
    case Writers::shared: break;
  }
  return "shared";
}

std::string waiting_text(const Info& info) {
  return fmt::format("writers wait ({}, patience {})", text::counted(info.consumers, "consumer"),
                     info.patience.count() == 0 ? "without end" : text::short_duration(info.patience));
}

std::string holes_text(std::uint64_t least, std::uint64_t most) {
  return most > least ? fmt::format("{}..{}", least, most) : fmt::format("{}", least);
}

std::string age_text(std::optional<std::int64_t> age_ns) {
  return age_ns ? text::short_duration(std::chrono::nanoseconds(*age_ns)) : "-";
}

std::string epoch_text(const Info& info) { return fmt::format("{:02x}", fmt::join(info.epoch, "")); }

}  // namespace arena_shm::tool
