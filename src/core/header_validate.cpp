// Whether a header can be believed: its numbers against each other, and against the size of its file.
#include <algorithm>
#include <array>
#include <bit>

#include "arena_shm/core/clock.hpp"
#include "arena_shm/core/header.hpp"
#include "arena_shm/core/words.hpp"
#include "core/header_parts.hpp"
#include "core/text_numbers.hpp"

namespace arena_shm::core {
namespace {

constexpr std::uint32_t kKindsOfWriters = kFlagExclusive | kFlagLaned;
constexpr std::uint32_t kKnownFlags = kKindsOfWriters | kFlagLossless;

void check_region(const std::string& name, const char* what, const Region& region, std::uint64_t segment_bytes) {
  const std::uint64_t page = page_bytes();
  const bool inside = region.offset_bytes >= sizeof(Header) && region.offset_bytes <= segment_bytes &&
                      region.size_bytes <= segment_bytes - region.offset_bytes;
  if (!inside || region.offset_bytes % page != 0) {
    refuse_open(Code::corrupt, name,
                std::string("its ") + what + " on a page boundary inside of its " + counted(segment_bytes, "byte"),
                counted(region.size_bytes, "byte") + " at " + number(region.offset_bytes),
                "remove the arena and create it again");
  }
}

void check_disjoint(const std::string& name, const Header& header) {
  std::array<Region, 6> regions{header.schema, header.doorbell,  header.control,
                                header.seats,  header.consumers, header.slots};
  std::ranges::sort(regions, {}, &Region::offset_bytes);
  for (std::size_t i = 0; i + 1 < regions.size(); ++i) {
    // Ends of the regions are below segment_bytes, checked before: no overflow.
    if (regions[i].offset_bytes + regions[i].size_bytes > regions[i + 1].offset_bytes)
      refuse_open(Code::corrupt, name, "regions that do not overlap", "two that overlap",
                  "remove the arena and create it again");
  }
}

bool clock_is_right(const Header& h) noexcept {
  constexpr ClockAnchor kNone{};
  if (h.clock == 0) return h.ticks_per_second == 0 && h.time_namespace == 0 && h.created == kNone && h.saved == kNone;
  return h.clock <= static_cast<std::uint64_t>(Clock::boottime) && h.ticks_per_second >= kSlowestClock &&
         h.ticks_per_second <= kFastestClock;
}

/// Requires: seat_count is right.
bool consumers_fit(const Header& h) noexcept {
  if (h.unused != 0) return false;
  if (!is_lossless(h)) return h.consumers == Region{} && h.consumer_count == 0 && h.patience_ns == 0;
  return h.consumer_count > 0 && h.consumer_count <= kMaxConsumers && h.patience_ns >> 63 == 0 &&
         h.consumers.size_bytes == sizeof(ConsumersHead) + h.consumer_count * consumer_bytes(lane_count(h));
}

bool slots_fit(const Header& h) noexcept {
  if (h.payload_bytes == 0 || h.payload_bytes > kMaxRecordBytes) return false;
  if (!std::has_single_bit(h.payload_align_bytes) || h.payload_align_bytes > page_bytes()) return false;
  if (h.payload_offset_bytes < slot_prefix_bytes(h.clock != 0) || h.payload_offset_bytes > 2 * page_bytes())
    return false;
  if (h.payload_offset_bytes % std::max<std::uint64_t>(h.payload_align_bytes, kWordBytes) != 0) return false;
  if (h.stride_bytes % std::max<std::uint64_t>(h.payload_align_bytes, kWordBytes) != 0) return false;
  if (h.stride_bytes < h.payload_offset_bytes + round_up(h.payload_bytes, kWordBytes)) return false;
  if (h.slot_count == 0 || h.slot_count > h.slots.size_bytes / h.stride_bytes) return false;
  const std::uint64_t bytes = h.slot_count * h.stride_bytes;
  if ((h.flags & kFlagLaned) == 0) return h.slots.size_bytes == bytes;
  const std::uint64_t lane = round_up(bytes, page_bytes());
  return lane <= h.slots.size_bytes / h.seat_count && h.slots.size_bytes == lane * h.seat_count;
}

}  // namespace

void validate_header(const std::string& name, const Header& h, std::uint64_t bytes, std::uint64_t file_bytes) {
  if (bytes < sizeof(h.magic) || h.magic != kMagic) {
    if (bytes >= sizeof(h.magic) && h.magic == __builtin_bswap64(kMagic))
      refuse_open(Code::incompatible_byte_order, name, "a little-endian arena", "a big-endian one",
                  "use it on a big-endian host");
    refuse_open(Code::not_an_arena, name, "an arena (magic ARENASHM)", "a file without it", "check the name");
  }
  if (bytes < offsetof(Header, header_bytes))
    refuse_open(Code::truncated, name, number(sizeof(Header)) + " bytes of header", number(bytes) + " bytes",
                "remove the arena and create it again");
  if (h.byte_order != kByteOrderMark)
    refuse_open(Code::incompatible_byte_order, name, "byte order mark " + number(kByteOrderMark), number(h.byte_order),
                "use it on a host with its byte order");
  if (h.layout_version != kLayoutVersion)
    refuse_open(Code::incompatible_version, name, "layout version " + number(kLayoutVersion),
                "version " + number(h.layout_version),
                "use the release of arena-shm that created it, or create it again");
  if (bytes < sizeof(Header))
    refuse_open(Code::truncated, name, number(sizeof(Header)) + " bytes of header", number(bytes) + " bytes",
                "remove the arena and create it again");
  if (h.checksum != header_checksum(h))
    refuse_open(Code::corrupt, name, "header checksum " + number(header_checksum(h)), number(h.checksum),
                "the header was changed after its creation; remove the arena and create it again");
  if (h.header_bytes != sizeof(Header))
    refuse_open(Code::corrupt, name, "a header of " + number(sizeof(Header)) + " bytes", number(h.header_bytes), "");
  if ((h.flags & ~kKnownFlags) != 0)
    refuse_open(Code::incompatible_version, name, "only known flags (" + number(kKnownFlags) + ")",
                "flags " + number(h.flags), "use the release of arena-shm that created it");
  if ((h.flags & kKindsOfWriters) == kKindsOfWriters)
    refuse_open(Code::corrupt, name, "one kind of writers", "two, flags " + number(h.flags),
                "remove the arena and create it again");
  if (file_bytes < h.segment_bytes)
    refuse_open(
        Code::truncated, name, counted(h.segment_bytes, "byte"), counted(file_bytes, "byte"),
        "the file was cut off; save its values: arena-shm export PATH -o OUT.npy; then remove it and create it again");
  if (file_bytes != h.segment_bytes)
    refuse_open(Code::corrupt, name, counted(h.segment_bytes, "byte"), counted(file_bytes, "byte"),
                "remove the arena and create it again");
  if (h.page_bytes != page_bytes())
    refuse_open(Code::corrupt, name, "pages of " + number(page_bytes()) + " bytes, this kernel's",
                counted(h.page_bytes, "byte"), "remove the arena and create it again");
  check_region(name, "schema", h.schema, h.segment_bytes);
  check_region(name, "doorbell", h.doorbell, h.segment_bytes);
  check_region(name, "control block", h.control, h.segment_bytes);
  check_region(name, "seat table", h.seats, h.segment_bytes);
  if (is_lossless(h)) check_region(name, "consumers", h.consumers, h.segment_bytes);
  check_region(name, "slots", h.slots, h.segment_bytes);
  check_disjoint(name, h);
  if (h.schema.size_bytes > kMaxSchemaBytes || h.doorbell.size_bytes != sizeof(Doorbell) ||
      h.control.size_bytes != sizeof(Control))
    refuse_open(Code::corrupt, name, "regions of the sizes of layout version " + number(kLayoutVersion), "others",
                "remove the arena and create it again");
  if (h.seat_count == 0 || h.seat_count > kMaxSeats || h.seats.size_bytes != all_seats(h) * sizeof(Seat) ||
      ((h.flags & kFlagExclusive) != 0 && h.seat_count != 1))
    refuse_open(Code::corrupt, name, "a seat table that fits its seats",
                counted(h.seat_count, "seat") + " in " + counted(h.seats.size_bytes, "byte"),
                "remove the arena and create it again");
  if (!consumers_fit(h))
    refuse_open(Code::corrupt, name, "consumers that fit their region, in a lossless arena only",
                number(h.consumer_count) + " consumers in " + number(h.consumers.size_bytes) + " bytes, patience " +
                    number(h.patience_ns) + " ns, flags " + number(h.flags),
                "remove the arena and create it again");
  if (!clock_is_right(h))
    refuse_open(Code::corrupt, name, "a clock that is known, and its rate",
                "clock " + number(h.clock) + " of " + number(h.ticks_per_second) + " ticks a second",
                "remove the arena and create it again");
  if (!slots_fit(h))
    refuse_open(Code::corrupt, name, "slots that fit their region",
                counted(h.slot_count, "slot") + " of " + counted(h.stride_bytes, "byte") + ", payload " +
                    counted(h.payload_bytes, "byte") + " at " + number(h.payload_offset_bytes),
                "remove the arena and create it again");
  if (h.type_name.back() != '\0')
    refuse_open(Code::corrupt, name, "a type name that ends with NUL", "a name without NUL",
                "remove the arena and create it again");
}

}  // namespace arena_shm::core
