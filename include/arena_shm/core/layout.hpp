// The segment's bytes, layout version 6: what every process that maps a segment agrees on.
//
//   +----------------------+ 0
//   | Header               |  written once, before the segment has a name; then never again
//   +----------------------+ header.schema.offset_bytes
//   | schema               |  UTF-8 JSON text, may be empty; written once
//   +----------------------+ header.doorbell.offset_bytes
//   | Doorbell             |  one futex word; written by readers that go to sleep, and by writers
//   +----------------------+ header.control.offset_bytes
//   | Control              |  head, of shared arenas, and mutex, a cache line each; written by writers
//   +----------------------+ header.seats.offset_bytes
//   | Seat[seat_count]     |  192 bytes each; written by the holder of the seat
//   | Seat[consumer_count] |  lossless arenas: those of the consumers behind those of the writers
//   +----------------------+ header.consumers.offset_bytes, in lossless arenas only
//   | ConsumersHead        |  one futex word; written by writers that wait for room, and by consumers
//   | [consumer_count]     |  consumer_bytes() each: { Consumer, a number for each lane, padding }; by its consumer, or
//   |                      |  by a group's members
//   +----------------------+ header.slots.offset_bytes
//   | slot[slots]          |  stride_bytes each: { stamp, gap up to payload_offset_bytes, payload, padding }; timed:
//   |                      |  { stamp, time, gap, payload, padding }
//   |                      |  laned: slot[slots] of the first seat's lane, from the next page on of the second, ...
//   +----------------------+ header.segment_bytes = the file's size
//
// Every region begins on a page, so that each can be mapped with its own protection. All numbers are little-endian.
// There are no pointers. The file has no bytes beyond `segment_bytes`; locks on bytes from kLeaseBase on are the leases
// of those who hold seats (lease.hpp).
//
// Nothing here is trusted after attach: header.hpp validates a private copy of the Header, and only that copy is used.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "arena_shm/core/fnv1a.hpp"

#if !defined(__linux__)
#error "arena-shm needs Linux: futexes, open-file-description locks, O_TMPFILE"
#endif
static_assert(std::endian::native == std::endian::little, "arena-shm needs a little-endian machine");
static_assert(sizeof(void*) == 8, "arena-shm needs a 64-bit machine");
static_assert(std::atomic<std::uint64_t>::is_always_lock_free && sizeof(std::atomic<std::uint64_t>) == 8);
static_assert(std::atomic<std::uint32_t>::is_always_lock_free && sizeof(std::atomic<std::uint32_t>) == 4);

namespace arena_shm::core {

inline constexpr std::uint64_t kMagic = 0x4d48'5341'4e45'5241;  // "ARENASHM"
inline constexpr std::uint32_t kLayoutVersion = 6;
inline constexpr std::uint32_t kByteOrderMark = 0x0102'0304;
inline constexpr std::uint32_t kMaxSeats = 4096;
inline constexpr std::uint32_t kMaxConsumers = 256;
inline constexpr std::uint64_t kMaxSchemaBytes = 1 << 20;
inline constexpr std::uint64_t kMaxRecordBytes = std::uint64_t{1} << 31;
inline constexpr std::uint64_t kMaxSegmentBytes = std::uint64_t{1} << 47;  // what fits into an address space
inline constexpr std::size_t kCacheLine = 64;
inline constexpr std::uint64_t kLeaseBase = std::uint64_t{1} << 62;  // far beyond any segment's end
inline constexpr unsigned kSessionBits = 48;                         // of a session's number, and of a reservation's
inline constexpr std::uint64_t kMaxSession = (std::uint64_t{1} << kSessionBits) - 1;
inline constexpr std::uint32_t kClaimsPerSeat = 2;
inline constexpr std::uint32_t kWordsPerMember = 2;

// Lanes: each seat has slots of its own, and a head, which its holder alone stores. Neither flag: all seats share both.
inline constexpr std::uint32_t kFlagExclusive = 1;  // one seat, one lane
inline constexpr std::uint32_t kFlagLaned = 2;      // a lane for each seat
inline constexpr std::uint32_t kFlagLossless = 4;   // writers wait for consumers: gate.hpp

struct Region {
  std::uint64_t offset_bytes;
  std::uint64_t size_bytes;
  friend bool operator==(const Region&, const Region&) = default;
};

/// One moment by three clocks.
struct ClockAnchor {
  std::uint64_t ticks;       // of the clock that the slots' times are read from
  std::int64_t boottime_ns;  // CLOCK_BOOTTIME
  std::int64_t realtime_ns;  // CLOCK_REALTIME
  friend bool operator==(const ClockAnchor&, const ClockAnchor&) = default;
};

struct Header {
  std::uint64_t magic;
  std::uint32_t layout_version;
  std::uint32_t byte_order;
  std::uint32_t header_bytes;
  std::uint32_t flags;
  std::uint64_t checksum;  // FNV-1a over the header with this field zero
  std::uint64_t segment_bytes;
  std::uint64_t page_bytes;
  Region schema;  // size_bytes is the text's exact length
  Region doorbell;
  Region control;
  Region seats;
  Region slots;
  std::uint64_t slot_count;  // laned: of each lane
  std::uint64_t stride_bytes;
  std::uint64_t payload_offset_bytes;  // within a slot
  std::uint64_t payload_bytes;
  std::uint64_t payload_align_bytes;
  std::uint32_t seat_count;
  std::uint32_t creator_pid;
  std::uint64_t schema_hash;             // FNV-1a over the schema text; 0 if there is none
  std::int64_t created_ns;               // CLOCK_REALTIME
  std::array<std::uint8_t, 16> epoch;    // random; tells two segments of one name apart
  std::array<std::uint8_t, 16> boot_id;  // of the kernel that the segment was made under
  // Times (clock.hpp, timescale.hpp); all of it 0 if the slots have none.
  std::uint64_t clock;             // what they are read from: Clock
  std::uint64_t ticks_per_second;  // of that, about: 1 in 10 000
  std::uint64_t time_namespace;    // inode of /proc/self/ns/time of who made it; 0: there are none
  ClockAnchor created;
  ClockAnchor saved;  // when a copy of the segment was made; in a live one, 0
  // Lossless arenas; all of it 0 in others.
  Region consumers;
  std::uint32_t consumer_count;
  std::uint32_t unused;
  std::uint64_t patience_ns;        // how long writers wait for a consumer that does nothing; 0: for ever
  std::array<char, 248> type_name;  // UTF-8, filled up with zeros; all zeros: unknown
};
static_assert(std::is_standard_layout_v<Header> && std::is_trivially_copyable_v<Header>);
static_assert(sizeof(Header) == 576);
static_assert(offsetof(Header, magic) == 0);
static_assert(offsetof(Header, layout_version) == 8);
static_assert(offsetof(Header, byte_order) == 12);
static_assert(offsetof(Header, header_bytes) == 16);
static_assert(offsetof(Header, flags) == 20);
static_assert(offsetof(Header, checksum) == 24);
static_assert(offsetof(Header, segment_bytes) == 32);
static_assert(offsetof(Header, page_bytes) == 40);
static_assert(offsetof(Header, schema) == 48);
static_assert(offsetof(Header, doorbell) == 64);
static_assert(offsetof(Header, control) == 80);
static_assert(offsetof(Header, seats) == 96);
static_assert(offsetof(Header, slots) == 112);
static_assert(offsetof(Header, slot_count) == 128);
static_assert(offsetof(Header, stride_bytes) == 136);
static_assert(offsetof(Header, payload_offset_bytes) == 144);
static_assert(offsetof(Header, payload_bytes) == 152);
static_assert(offsetof(Header, payload_align_bytes) == 160);
static_assert(offsetof(Header, seat_count) == 168);
static_assert(offsetof(Header, creator_pid) == 172);
static_assert(offsetof(Header, schema_hash) == 176);
static_assert(offsetof(Header, created_ns) == 184);
static_assert(offsetof(Header, epoch) == 192);
static_assert(offsetof(Header, boot_id) == 208);
static_assert(offsetof(Header, clock) == 224);
static_assert(offsetof(Header, ticks_per_second) == 232);
static_assert(offsetof(Header, time_namespace) == 240);
static_assert(offsetof(Header, created) == 248);
static_assert(offsetof(Header, saved) == 272);
static_assert(offsetof(Header, consumers) == 296);
static_assert(offsetof(Header, consumer_count) == 312);
static_assert(offsetof(Header, unused) == 316);
static_assert(offsetof(Header, patience_ns) == 320);
static_assert(offsetof(Header, type_name) == 328);

struct Doorbell {
  std::atomic<std::uint32_t> word;  // odd: some reader may be asleep; doorbell.hpp
};
static_assert(std::is_standard_layout_v<Doorbell> && sizeof(Doorbell) == 4);

struct Control {
  alignas(kCacheLine) std::atomic<std::uint64_t> head;   // shared: the next sequence number to be handed out
  alignas(kCacheLine) std::atomic<std::uint64_t> mutex;  // mutex.hpp: 0 free, else the owner's seat + 1, and more
};
static_assert(std::is_standard_layout_v<Control> && sizeof(Control) == 128);
static_assert(offsetof(Control, mutex) == 64);

/// What somebody who holds a seat is inside of: stamp.hpp.
struct ClaimWords {
  std::atomic<std::uint64_t>& word;  // idle, claiming or writing
  std::atomic<std::uint64_t>& hi;    // end of the newest batch; only grows
};

struct Seat {
  // The line that its holder writes with every value. The first claim is a writer's, or that of the first thread of a
  // handle that calls Arena::alloc; the second one is that of all its other threads.
  alignas(kCacheLine) std::atomic<std::uint64_t> claim;
  std::atomic<std::uint64_t> hi;  // lanes: the head, on the one line that its holder writes beside the slots
  std::atomic<std::uint64_t> others_claim;
  std::atomic<std::uint64_t> others_hi;
  std::atomic<std::uint64_t> values;   // published, over all holders
  std::atomic<std::uint64_t> skipped;  // sequence numbers given up, over all holders
  std::atomic<std::uint64_t> session;  // how often it was taken: seat.hpp
  std::atomic<std::uint64_t> ended;    // the newest session known to be over
  // Who holds it: written before the session begins. For display, and for proofs that it is dead (process_death.hpp).
  std::atomic<std::uint32_t> pid;
  std::atomic<std::uint32_t> tid;
  std::atomic<std::uint64_t> start_time;           // clock ticks after boot, in the initial time namespace
  std::atomic<std::uint64_t> pid_namespace;        // inode of /proc/PID/ns/pid
  std::atomic<std::int64_t> taken_ns;              // CLOCK_REALTIME
  std::array<std::atomic<std::uint64_t>, 4> name;  // 32 bytes of UTF-8, filled up with zeros
  // Seldom written.
  std::atomic<std::uint64_t> reservations;  // of the mutex, over all holders: mutex.hpp
  std::atomic<std::uint64_t> lease_page;    // where the holder has mapped the page of its lease; 0: not to be relied on
  // Lossless arenas: while it waits for room.
  std::atomic<std::uint64_t> waits_for;      // the consumer in its way + 1, or 0: it does not wait
  std::atomic<std::int64_t> waits_since_ns;  // CLOCK_BOOTTIME
  std::array<std::uint64_t, 4> unused;

  /// Requires: which < kClaimsPerSeat.
  ClaimWords claim_at(std::uint32_t which) noexcept {
    return which == 0 ? ClaimWords{claim, hi} : ClaimWords{others_claim, others_hi};
  }
};
static_assert(std::is_standard_layout_v<Seat> && sizeof(Seat) == 192);
static_assert(offsetof(Seat, hi) == 8);
static_assert(offsetof(Seat, others_claim) == 16);
static_assert(offsetof(Seat, others_hi) == 24);
static_assert(offsetof(Seat, values) == 32);
static_assert(offsetof(Seat, skipped) == 40);
static_assert(offsetof(Seat, session) == 48);
static_assert(offsetof(Seat, ended) == 56);
static_assert(offsetof(Seat, pid) == 64);
static_assert(offsetof(Seat, tid) == 68);
static_assert(offsetof(Seat, start_time) == 72);
static_assert(offsetof(Seat, pid_namespace) == 80);
static_assert(offsetof(Seat, taken_ns) == 88);
static_assert(offsetof(Seat, name) == 96);
static_assert(offsetof(Seat, reservations) == 128);
static_assert(offsetof(Seat, lease_page) == 136);
static_assert(offsetof(Seat, waits_for) == 144);
static_assert(offsetof(Seat, waits_since_ns) == 152);
static_assert(offsetof(Seat, unused) == 160);

/// The two bytes of a session of a seat whose locks mean something: lease.hpp. Both are valid off_t.
constexpr std::uint64_t door_position(std::uint32_t seat, std::uint64_t session) noexcept {
  return kLeaseBase + (std::uint64_t{seat} << (kSessionBits + 1)) + (session << 1);
}
constexpr std::uint64_t lease_position(std::uint32_t seat, std::uint64_t session) noexcept {
  return door_position(seat, session) + 1;
}
static_assert(lease_position(kMaxSeats + kMaxConsumers - 1, kMaxSession) < std::uint64_t{1} << 63);

/// The byte whose lock is for who looks for a consumer's name, and takes it.
constexpr std::uint64_t name_door_position(std::uint64_t hash) noexcept { return kLeaseBase / 2 + (hash >> 32); }

/// What lossless arenas have once.
struct ConsumersHead {
  alignas(kCacheLine) Doorbell room;  // writers may be asleep
};
static_assert(std::is_standard_layout_v<ConsumersHead> && sizeof(ConsumersHead) == kCacheLine);

/// What a consumer's line begins with; what it means: consumer_table.hpp. Behind it, a number for each lane.
struct Consumer {
  std::atomic<std::uint64_t> state;
  std::atomic<std::uint64_t> group;  // of a group, or of a member of one
  std::array<std::atomic<std::uint64_t>, kWordsPerMember> words;
};
static_assert(std::is_standard_layout_v<Consumer> && sizeof(Consumer) == 32);

/// From one consumer's line to the next one's.
constexpr std::uint64_t consumer_bytes(std::uint64_t lanes) noexcept {
  return (sizeof(Consumer) + lanes * sizeof(std::uint64_t) + kCacheLine - 1) / kCacheLine * kCacheLine;
}

/// One ring: 1. Requires, as those that follow: a header that was validated.
constexpr std::uint32_t lane_count(const Header& header) noexcept {
  return (header.flags & kFlagLaned) != 0 ? header.seat_count : 1;
}

constexpr bool is_lossless(const Header& header) noexcept { return (header.flags & kFlagLossless) != 0; }

/// Those of writers, and those of consumers behind them.
constexpr std::uint64_t all_seats(const Header& header) noexcept {
  return std::uint64_t{header.seat_count} + header.consumer_count;
}

/// Where a slot's time is, if it has one.
inline constexpr std::uint64_t kTimeOffsetBytes = 8;

/// What stands before the payload at least.
constexpr std::uint64_t slot_prefix_bytes(bool timed) noexcept { return timed ? kTimeOffsetBytes + 8 : 8; }

/// From one lane's first slot to the next lane's.
constexpr std::uint64_t lane_bytes(const Header& header) noexcept {
  return header.slots.size_bytes / lane_count(header);
}

/// One lane, as the arena of an exclusive writer that it is: of the whole, its seat and its slots. Of others, the
/// whole. Requires: lane < lane_count(header). Not to be validated: the checksum and the sizes are those of the whole.
constexpr Header lane_header(Header header, std::uint32_t lane) noexcept {
  if ((header.flags & kFlagLaned) == 0) return header;
  header.slots.offset_bytes += lane * lane_bytes(header);
  header.slots.size_bytes = header.slot_count * header.stride_bytes;
  header.seats = {header.seats.offset_bytes + lane * sizeof(Seat), sizeof(Seat)};
  header.seat_count = 1;
  header.flags = kFlagExclusive | (header.flags & kFlagLossless);
  return header;
}

/// Where the head is: the number of the next value. Requires: not laned; of a lane, its header.
constexpr std::uint64_t head_offset_bytes(const Header& header) noexcept {
  return (header.flags & kFlagExclusive) != 0 ? header.seats.offset_bytes + offsetof(Seat, hi)
                                              : header.control.offset_bytes + offsetof(Control, head);
}

}  // namespace arena_shm::core
