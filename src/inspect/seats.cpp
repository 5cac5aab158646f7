#include "inspect/seats.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <span>
#include <utility>

#include "arena_shm/core/consumer_table.hpp"
#include "arena_shm/core/lease.hpp"
#include "arena_shm/core/system.hpp"
#include "core/process_death.hpp"
#include "core/start_time.hpp"
#include "inspect/heads.hpp"

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

// Of a lane's header, its seat alone.
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

Holder holder_of(const SeatFacts& seat, core::LeaseState lease, const core::Holder& holder) {
  if (seat.session == 0) return Holder::never;
  if (seat.ended >= seat.session) return Holder::left;
  switch (lease) {
    case core::LeaseState::free: return Holder::dead;
    case core::LeaseState::unknown: return Holder::unknown;
    case core::LeaseState::held: break;
  }
  switch (core::how_it_dies(holder)) {
    case core::Dying::exiting: return Holder::dying;
    case core::Dying::dumping_core: return Holder::dumping;
    case core::Dying::gone: return Holder::gone;
    case core::Dying::no: break;
  }
  return Holder::alive;
}

ClaimFacts claim_in(const SeatBytes& seat, std::size_t word, std::size_t hi) {
  const auto claim = field<std::uint64_t>(seat, word);
  return {.kind = core::claim_kind(claim), .seq = core::claim_seq(claim), .hi = field<std::uint64_t>(seat, hi)};
}

std::uint64_t session_in(const SeatBytes& seat) { return field<std::uint64_t>(seat, offsetof(core::Seat, session)); }

SeatFacts decode(std::uint32_t index, const SeatBytes& bytes, core::LeaseState lease) {
  SeatFacts seat;
  seat.index = index;
  seat.claims[0] = claim_in(bytes, offsetof(core::Seat, claim), offsetof(core::Seat, hi));
  seat.claims[1] = claim_in(bytes, offsetof(core::Seat, others_claim), offsetof(core::Seat, others_hi));
  seat.session = session_in(bytes);
  seat.ended = field<std::uint64_t>(bytes, offsetof(core::Seat, ended));
  seat.values = field<std::uint64_t>(bytes, offsetof(core::Seat, values));
  seat.skipped = field<std::uint64_t>(bytes, offsetof(core::Seat, skipped));
  seat.pid = field<std::uint32_t>(bytes, offsetof(core::Seat, pid));
  seat.tid = field<std::uint32_t>(bytes, offsetof(core::Seat, tid));
  seat.taken_ns = field<std::int64_t>(bytes, offsetof(core::Seat, taken_ns));
  seat.name = name_in(bytes);
  seat.reservations = field<std::uint64_t>(bytes, offsetof(core::Seat, reservations));
  seat.waits_for = field<std::uint64_t>(bytes, offsetof(core::Seat, waits_for));
  seat.waits_since_ns = field<std::int64_t>(bytes, offsetof(core::Seat, waits_since_ns));
  seat.is_zero = is_zero(bytes);
  seat.unused_is_zero = is_zero(std::span(bytes).subspan(offsetof(core::Seat, unused), sizeof(core::Seat::unused)));
  const auto pid_namespace = field<std::uint64_t>(bytes, offsetof(core::Seat, pid_namespace));
  const auto start_time = field<std::uint64_t>(bytes, offsetof(core::Seat, start_time));
  seat.holder = holder_of(seat, lease,
                          {.pid = seat.pid,
                           .start_time = start_time,
                           .pid_namespace = pid_namespace,
                           .lease_page = field<std::uint64_t>(bytes, offsetof(core::Seat, lease_page))});
  seat.other_namespace = pid_namespace != 0 && pid_namespace != own_pid_namespace();
  if (seat.pid != 0 && !seat.other_namespace) {
    Process process = look_up(seat.pid);
    // Where one of the two is not known, the lease is proof enough: a living holder's pid is nobody else's.
    const bool unknown = start_time == 0 || process.start_time == 0;
    if (core::same_start(process.start_time, start_time) || (unknown && lease == core::LeaseState::held))
      seat.process = std::move(process);
  }
  return seat;
}

// `first` is the number of the first one among all.
Seats read_seats(const Image& image, const core::Header& header, std::uint32_t first) {
  Seats seats;
  const int fd = core::duplicate_above_standard(image.fd());
  if (fd < 0) core::throw_errno(errno, core::Act::duplicate, "look at the seats of", image.label());
  const core::LeaseFile leases(fd, image.label());
  std::uint32_t index = first;
  for (const SeatBytes& bytes : read_table(image, header)) {
    // The words came first, the lease comes after: a dead holder's words are then its last.
    const core::LeaseState lease = image.is_live() ? leases.test(index, session_in(bytes)) : core::LeaseState::unknown;
    const SeatFacts& seat = seats.all.emplace_back(decode(index++, bytes, lease));
    seats.values += seat.values;
    seats.skipped += seat.skipped;
  }
  return seats;
}

// Behind those of the writers.
core::Header consumer_seats(core::Header header) {
  header.seats.offset_bytes += header.seat_count * sizeof(core::Seat);
  header.seats.size_bytes = header.consumer_count * sizeof(core::Seat);
  header.seat_count = header.consumer_count;
  return header;
}

std::int64_t boottime_ns() {
  timespec now{};
  ::clock_gettime(CLOCK_BOOTTIME, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

// What the dead say of waiting is over; so it is in a saved segment.
void read_waits(const Image& image, const core::Header& header, Seats& seats) {
  if (!image.is_live() || !core::is_lossless(header)) return;
  const core::Region names = consumer_seats(header).seats;
  for (SeatFacts& seat : seats.all) {
    if (seat.waits_for == 0 || seat.waits_for > header.consumer_count || !may_go_on(seat.holder)) continue;
    const auto consumer = static_cast<std::uint32_t>(seat.waits_for - 1);
    SeatBytes bytes{};
    image.read(names.offset_bytes + consumer * sizeof(core::Seat), bytes);
    std::uint64_t state = 0;
    image.load(header.consumers.offset_bytes + sizeof(core::ConsumersHead) +
                   consumer * core::consumer_bytes(core::lane_count(header)),
               state);
    const std::int64_t now_ns = boottime_ns();
    seat.waits = {.consumer = consumer,
                  .name = name_in(bytes),
                  .is_member = core::kind(state) == core::Kind::member,
                  .pid = field<std::uint32_t>(bytes, offsetof(core::Seat, pid)),
                  .waits_ns = now_ns - std::clamp<std::int64_t>(seat.waits_since_ns, 0, now_ns)};
  }
}

}  // namespace

std::string_view to_string(Holder holder) noexcept {
  switch (holder) {
    case Holder::never: return "never used";
    case Holder::left: return "left";
    case Holder::dead: return "dead";
    case Holder::dying: return "dying";
    case Holder::dumping: return "dumping core";
    case Holder::gone: return "gone, memory shared";
    case Holder::alive: return "alive";
    case Holder::unknown: break;
  }
  return "unknown";
}

std::size_t Seats::count(Holder holder) const noexcept {
  return static_cast<std::size_t>(
      std::count_if(all.begin(), all.end(), [&](const SeatFacts& seat) { return seat.holder == holder; }));
}

std::size_t Seats::count_dead() const noexcept {
  return static_cast<std::size_t>(
      std::count_if(all.begin(), all.end(), [](const SeatFacts& seat) { return is_dead(seat.holder); }));
}

Seats read_seats(const Image& image, const core::Header& header) {
  Seats seats = read_seats(image, header, 0);
  read_waits(image, header, seats);
  return seats;
}

Seats read_consumer_seats(const Image& image, const core::Header& header) {
  return read_seats(image, consumer_seats(header), header.seat_count);
}

Seats read_seats_of_lane(const Image& image, const core::Header& header, std::uint32_t lane) {
  return read_seats(image, core::lane_header(header, lane), lane);
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

std::uint64_t claim_seq(const SeatFacts& seat, const core::Header& header) noexcept {
  return seq_of(header, core::lane_count(header) == 1 ? 0 : seat.index, seat.claim().seq);
}

std::string describe_claim(const SeatFacts& seat, const core::Header& header) {
  const ClaimFacts& claim = seat.claim();
  const bool lanes = has_lanes(header);
  const std::uint64_t seq = claim_seq(seat, header);
  if (seat.holder == Holder::left && !lanes) return "idle";
  switch (claim.kind) {
    case core::ClaimKind::idle: return lanes ? fmt::format("since {}", seq) : "idle";
    case core::ClaimKind::claiming: return fmt::format("claiming {}", seq);
    case core::ClaimKind::writing:
      return !lanes && claim.hi > seq + 1 ? fmt::format("writing {}..{}", seq, claim.hi - 1)
                                          : fmt::format("writing {}", seq);
    case core::ClaimKind::invalid: break;
  }
  return "not valid";
}

}  // namespace arena_shm::inspect
