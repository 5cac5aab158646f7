#include "arena_shm/core/header.hpp"

#include <fcntl.h>
#include <sys/random.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <cstring>

#include "arena_shm/core/clock.hpp"
#include "arena_shm/core/system.hpp"
#include "arena_shm/core/words.hpp"
#include "arena_shm/error.hpp"
#include "core/header_parts.hpp"
#include "core/schema_difference.hpp"
#include "core/text_numbers.hpp"

namespace arena_shm::core {
namespace {

constexpr std::uint32_t flags_of(Writers writers) noexcept {
  switch (writers) {
    case Writers::exclusive: return kFlagExclusive;
    case Writers::laned: return kFlagLaned;
    case Writers::shared: break;
  }
  return 0;
}

constexpr Writers writers_of(std::uint32_t flags) noexcept {
  if ((flags & kFlagLaned) != 0) return Writers::laned;
  return (flags & kFlagExclusive) != 0 ? Writers::exclusive : Writers::shared;
}

std::uint64_t nanoseconds_of(const Options& options) noexcept {
  return static_cast<std::uint64_t>(options.patience.count());
}

[[noreturn]] void refuse_argument(std::string_view name, std::string expected, std::string found, std::string remedy) {
  throw Error(Code::invalid_argument, {.name = std::string(name),
                                       .doing = "create",
                                       .expected = std::move(expected),
                                       .found = std::move(found),
                                       .remedy = std::move(remedy)});
}

}  // namespace

void check_arguments(std::string_view name, const RecordType& record, const Options& options) {
  if (options.slots == 0)
    refuse_argument(name, "slots > 0", "none given (slots = 0)", "say how many values the ring is to hold");
  if (record.size_bytes == 0 || record.size_bytes > kMaxRecordBytes)
    refuse_argument(name, "a record of 1 to 2^31 bytes", number(record.size_bytes) + " bytes", "");
  if (!std::has_single_bit(record.align_bytes) || record.align_bytes > page_bytes())
    refuse_argument(name, "an alignment that is a power of two, at most a page", number(record.align_bytes), "");
  if (options.writers != Writers::exclusive && (options.seats == 0 || options.seats > kMaxSeats))
    refuse_argument(name, "1 to " + number(kMaxSeats) + " seats", number(options.seats), "");
  if (options.full == Full::wait && (options.consumers == 0 || options.consumers > kMaxConsumers))
    refuse_argument(name, "1 to " + number(kMaxConsumers) + " consumers", number(options.consumers), "");
  if (options.patience < std::chrono::nanoseconds{0})
    refuse_argument(name, "patience of 0 ns (without end) or more", std::to_string(options.patience.count()) + " ns",
                    "");
  if (options.full == Full::overwrite && options.patience != std::chrono::nanoseconds{0})
    refuse_argument(name, "patience in a lossless arena only", "one that overwrites",
                    "make it lossless: let it wait when it is full");
  if ((options.mode & ~0777U) != 0)
    refuse_argument(name, "a mode of permission bits, 0 to 0777", "mode " + octal_text(options.mode), "");
  if (record.name.size() >= sizeof(Header::type_name))
    refuse_argument(name, "a type name shorter than " + number(sizeof(Header::type_name)) + " bytes", record.name,
                    "give the type a shorter name");
  if (record.name.find('\0') != std::string::npos)
    refuse_argument(name, "a type name without NUL",
                    "one in '" + record.name.substr(0, record.name.find('\0')) + "...'", "give the type another name");
  if (record.schema.size() > kMaxSchemaBytes)
    refuse_argument(name, "a schema of at most " + number(kMaxSchemaBytes) + " bytes",
                    number(record.schema.size()) + " bytes", "");
}

namespace {

std::array<std::uint8_t, 16> random_id() {
  std::array<std::uint8_t, 16> id{};
  if (::getrandom(id.data(), id.size(), 0) != static_cast<ssize_t>(id.size()))
    throw_errno(errno, Act::get_random, "get random bytes", "");
  return id;
}

void start_clock(Header& header) {
  const Clock clock = choose_clock();
  header.clock = static_cast<std::uint64_t>(clock);
  header.ticks_per_second = ticks_per_second(clock);
  header.time_namespace = own_time_namespace();
  header.created = take_anchor(clock);
}

}  // namespace

std::array<std::uint8_t, 16> boot_id() noexcept {
  std::array<std::uint8_t, 16> id{};
  const Descriptor file(open_above_standard("/proc/sys/kernel/random/boot_id", O_RDONLY));
  std::array<char, 36> text{};
  if (!file || ::read(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) return id;
  std::size_t digits = 0;
  for (const char c : text) {
    if (c == '-' || digits == 32) continue;
    const int value = c >= 'a' ? c - 'a' + 10 : c - '0';
    id[digits / 2] = static_cast<std::uint8_t>(id[digits / 2] << 4 | value);
    ++digits;
  }
  return id;
}

std::uint64_t header_checksum(Header header) noexcept {
  header.checksum = 0;
  std::array<char, sizeof(Header)> bytes{};
  std::memcpy(bytes.data(), &header, sizeof(header));
  return fnv1a(bytes.data(), bytes.size());
}

Header make_header(std::string_view name, const RecordType& record, const Options& options) {
  check_arguments(name, record, options);
  const std::uint64_t page = page_bytes();
  Header h{};
  h.magic = kMagic;
  h.layout_version = kLayoutVersion;
  h.byte_order = kByteOrderMark;
  h.header_bytes = sizeof(Header);
  const bool lossless = options.full == Full::wait;
  h.flags = flags_of(options.writers) | (lossless ? kFlagLossless : 0);
  h.page_bytes = page;
  h.seat_count = options.writers == Writers::exclusive ? 1 : options.seats;
  h.consumer_count = lossless ? options.consumers : 0;
  h.patience_ns = lossless ? nanoseconds_of(options) : 0;
  h.payload_bytes = record.size_bytes;
  h.payload_align_bytes = record.align_bytes;
  h.payload_offset_bytes = std::max<std::uint64_t>(slot_prefix_bytes(options.time), record.align_bytes);
  h.stride_bytes =
      round_up(h.payload_offset_bytes + record.size_bytes, std::max<std::uint64_t>(kWordBytes, record.align_bytes));
  h.slot_count = options.slots;
  const std::uint64_t most = kMaxSegmentBytes / lane_count(h);
  if (options.slots > most / h.stride_bytes || round_up(options.slots * h.stride_bytes, page) > most) {
    const std::string lanes = lane_count(h) == 1 ? "" : number(lane_count(h)) + " lanes of ";
    refuse_argument(name, "a segment of at most 2^47 bytes",
                    lanes + counted(options.slots, "slot") + " of " + number(h.stride_bytes) + " bytes",
                    "ask for fewer slots");
  }

  std::uint64_t end = page;
  const auto place = [&](std::uint64_t bytes) {
    const Region region{end, bytes};
    end += round_up(bytes, page);
    return region;
  };
  h.schema = place(record.schema.size());
  h.doorbell = place(sizeof(Doorbell));
  h.control = place(sizeof(Control));
  h.seats = place(all_seats(h) * sizeof(Seat));
  if (lossless) h.consumers = place(sizeof(ConsumersHead) + h.consumer_count * consumer_bytes(lane_count(h)));
  const std::uint64_t slots_bytes = h.slot_count * h.stride_bytes;
  h.slots = place((h.flags & kFlagLaned) == 0 ? slots_bytes : round_up(slots_bytes, page) * h.seat_count);
  h.segment_bytes = end;

  h.schema_hash = record.schema.empty() ? 0 : fnv1a(record.schema.data(), record.schema.size());
  std::ranges::copy(record.name, h.type_name.begin());
  h.epoch = random_id();
  h.boot_id = boot_id();
  if (options.time) start_clock(h);
  h.creator_pid = static_cast<std::uint32_t>(::getpid());
  h.created_ns =
      std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
  h.checksum = header_checksum(h);
  return h;
}

void check_record(const std::string& name, const RecordType& expected, const RecordType& found) {
  const auto agree = [](const std::string& a, const std::string& b) { return a.empty() || b.empty() || a == b; };
  SchemaDifference fields;
  if (!agree(expected.schema, found.schema)) fields = schema_difference(expected.schema, found.schema);
  if (expected.size_bytes == found.size_bytes && expected.align_bytes == found.align_bytes &&
      agree(expected.name, found.name) && fields.expected.empty())
    return;
  const auto describe = [](const RecordType& type, const std::string& differing) {
    return (type.name.empty() ? std::string("a record of unknown type") : "type '" + type.name + "'") + ", " +
           counted(type.size_bytes, "byte") + ", aligned to " + number(type.align_bytes) +
           (differing.empty() ? "" : ", with " + differing);
  };
  refuse_open(Code::incompatible_type, name, describe(expected, fields.expected), describe(found, fields.found),
              "use the record type that the arena was created with, or create another arena");
}

Info header_info(const std::string& name, const Header& h) {
  Info info;
  info.name = name;
  info.record.name = h.type_name.data();
  info.record.size_bytes = h.payload_bytes;
  info.record.align_bytes = h.payload_align_bytes;
  info.lanes = lane_count(h);
  info.slots = h.slot_count * info.lanes;
  info.stride_bytes = h.stride_bytes;
  info.segment_bytes = h.segment_bytes;
  info.seats = h.seat_count;
  info.writers = writers_of(h.flags);
  info.clock = static_cast<Clock>(h.clock);
  info.full = is_lossless(h) ? Full::wait : Full::overwrite;
  info.consumers = h.consumer_count;
  info.patience = std::chrono::nanoseconds(h.patience_ns);
  info.epoch = h.epoch;
  info.boot_id = h.boot_id;
  info.created_ns = h.created_ns;
  info.creator_pid = h.creator_pid;
  info.layout_version = h.layout_version;
  return info;
}

}  // namespace arena_shm::core
