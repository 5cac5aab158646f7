#include "inspect/seats.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <span>
#include <utility>

#include "arena_shm/core/lease.hpp"
#include "arena_shm/core/system.hpp"
#include "core/start_time.hpp"

namespace arena_shm::inspect {

namespace {

// A copy of a Seat: its atomics are not for files.
using SeatBytes = std::array<std::byte, sizeof(core::Seat)>;

template <class T>
T field(const SeatBytes& seat, std::size_t offset) {
  T value{};
  std::memcpy(&value, seat.data() + offset, sizeof(T));
  return value;
}

std::vector<SeatBytes> read_table(const Image& image, const core::Header& header) {
  std::vector<SeatBytes> table(header.seat_count);
  const std::size_t bytes = image.read(header.seats.offset_bytes, std::as_writable_bytes(std::span(table)));
  table.resize(bytes / sizeof(SeatBytes));
  return table;
}

std::string name_in(const SeatBytes& seat) {
  std::array<char, sizeof(core::Seat::name)> text{};
  std::memcpy(text.data(), seat.data() + offsetof(core::Seat, name), text.size());
  return {text.data(), ::strnlen(text.data(), text.size())};
}

bool is_zero(std::span<const std::byte> bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](std::byte b) { return b == std::byte{0}; });
}

// Who gives a seat back takes his pid out of it; who dies does not.
Holder holder_of(core::LeaseState lease, bool used, std::uint32_t pid) {
  switch (lease) {
    case core::LeaseState::held: return Holder::alive;
    case core::LeaseState::unknown: return used ? Holder::unknown : Holder::never;
    case core::LeaseState::free: break;
  }
  if (!used) return Holder::never;
  return pid == 0 ? Holder::left : Holder::dead;
}

SeatFacts decode(std::uint32_t index, const SeatBytes& bytes, core::LeaseState lease) {
  SeatFacts seat;
  seat.index = index;
  const auto claim = field<std::uint64_t>(bytes, offsetof(core::Seat, claim));
  seat.claim = core::claim_kind(claim);
  seat.claim_seq = core::claim_seq(claim);
  seat.hi = field<std::uint64_t>(bytes, offsetof(core::Seat, hi));
  seat.values = field<std::uint64_t>(bytes, offsetof(core::Seat, values));
  seat.skipped = field<std::uint64_t>(bytes, offsetof(core::Seat, skipped));
  seat.pid = field<std::uint32_t>(bytes, offsetof(core::Seat, pid));
  seat.tid = field<std::uint32_t>(bytes, offsetof(core::Seat, tid));
  seat.taken_ns = field<std::int64_t>(bytes, offsetof(core::Seat, taken_ns));
  seat.name = name_in(bytes);
  seat.reservations = field<std::uint32_t>(bytes, offsetof(core::Seat, reservations));
  seat.unused_is_zero = is_zero(std::span(bytes).subspan(offsetof(core::Seat, unused), sizeof(core::Seat::unused)));
  seat.holder = holder_of(lease, !is_zero(bytes), seat.pid);
  const auto pid_namespace = field<std::uint64_t>(bytes, offsetof(core::Seat, pid_namespace));
  seat.other_namespace = pid_namespace != 0 && pid_namespace != own_pid_namespace();
  if (seat.pid != 0 && !seat.other_namespace) {
    Process process = look_up(seat.pid);
    const auto start_time = field<std::uint64_t>(bytes, offsetof(core::Seat, start_time));
    // Where one of the two is not known, the lease is proof enough: a living holder's pid is nobody else's.
    const bool unknown = start_time == 0 || process.start_time == 0;
    if (core::same_start(process.start_time, start_time) || (unknown && lease == core::LeaseState::held))
      seat.process = std::move(process);
  }
  return seat;
}

}  // namespace

std::string_view to_string(Holder holder) noexcept {
  switch (holder) {
    case Holder::never: return "never used";
    case Holder::left: return "left";
    case Holder::dead: return "dead";
    case Holder::alive: return "alive";
    case Holder::unknown: break;
  }
  return "unknown";
}

std::size_t Seats::count(Holder holder) const noexcept {
  return static_cast<std::size_t>(
      std::count_if(all.begin(), all.end(), [&](const SeatFacts& seat) { return seat.holder == holder; }));
}

Seats read_seats(const Image& image, const core::Header& header) {
  Seats seats;
  const int fd = core::duplicate_above_standard(image.fd());
  if (fd < 0) core::throw_errno(errno, core::Act::duplicate, "look at the seats of", image.label());
  const core::LeaseFile leases(fd, image.label());
  const std::vector<SeatBytes> table = read_table(image, header);
  for (std::uint32_t i = 0; i < table.size(); ++i) {
    // The words came first, the lease comes after: a dead holder's words are then its last.
    const core::LeaseState lease = image.is_live() ? leases.test(i) : core::LeaseState::unknown;
    const SeatFacts& seat = seats.all.emplace_back(decode(i, table[i], lease));
    seats.values += seat.values;
    seats.skipped += seat.skipped;
  }
  return seats;
}

Counters read_counters(const Image& image, const core::Header& header) {
  Counters sum;
  for (const SeatBytes& seat : read_table(image, header)) {
    sum.values += field<std::uint64_t>(seat, offsetof(core::Seat, values));
    sum.skipped += field<std::uint64_t>(seat, offsetof(core::Seat, skipped));
  }
  return sum;
}

std::uint64_t read_value_count(const Image& image, const core::Header& header) {
  return read_counters(image, header).values;
}

double rate(std::uint64_t before, std::uint64_t after, std::chrono::duration<double> elapsed) noexcept {
  return after > before ? static_cast<double>(after - before) / elapsed.count() : 0;
}

std::string describe_claim(const SeatFacts& seat, bool exclusive) {
  switch (seat.claim) {
    case core::ClaimKind::idle: return exclusive ? fmt::format("since {}", seat.claim_seq) : "idle";
    case core::ClaimKind::claiming: return fmt::format("claiming {}", seat.claim_seq);
    case core::ClaimKind::writing:
      return seat.hi > seat.claim_seq + 1 ? fmt::format("writing {}..{}", seat.claim_seq, seat.hi - 1)
                                          : fmt::format("writing {}", seat.claim_seq);
    case core::ClaimKind::invalid: break;
  }
  return "not valid";
}

}  // namespace arena_shm::inspect
