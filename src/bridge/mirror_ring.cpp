#include "bridge/mirror_ring.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <string_view>
#include <utility>

#include "arena_shm/error.hpp"
#include "bridge/headers.hpp"
#include "text/quantities.hpp"

namespace arena_shm::bridge {

namespace {

// What a publisher can have a mirror take, if its user has not said how much.
constexpr std::uint64_t kMostUnasked = std::uint64_t{4} << 30;

[[noreturn]] void refuse_foreign(const std::string& name, std::string found) {
  throw Error(Code::already_exists, {.name = name,
                                     .doing = "mirror into",
                                     .expected = "no such ring, or one that only mirrors have written",
                                     .found = std::move(found),
                                     .remedy = "choose another name, or remove it: arena-shm rm NAME"});
}

std::string holder_of(const core::Seat& seat) {
  std::array<char, sizeof(seat.name)> bytes{};
  for (std::size_t i = 0; i < seat.name.size(); ++i) {
    const std::uint64_t word = seat.name[i].load(std::memory_order_relaxed);
    std::memcpy(bytes.data() + i * sizeof(word), &word, sizeof(word));
  }
  const std::string_view text(bytes.data(), bytes.size());
  return std::string(text.substr(0, text.find('\0')));
}

// Of which epoch it is; nothing if nobody has written it yet.
std::optional<Epoch> epoch_of(const RawView& view) {
  const core::Ring& ring = view.share()->ring();
  std::optional<Epoch> epoch;
  for (std::uint32_t i = 0; i < ring.seat_count; ++i) {
    const core::Seat& seat = ring.seats[i];
    if (seat.session.load(std::memory_order_acquire) == 0) continue;
    const std::string holder = holder_of(seat);
    const auto named = parse_epoch(holder);
    if (!named || view.info().writers == Writers::shared)
      refuse_foreign(view.name(), fmt::format("one that '{}' has written", holder));
    if (epoch && *epoch != *named) refuse_foreign(view.name(), "one of two origins");
    epoch = named;
  }
  return epoch;
}

std::optional<RawArena> open_if_there(const std::string& name) {
  try {
    return RawArena::open(name);
  } catch (const Error& error) {
    if (error.code() != Code::not_found) throw;
    return std::nullopt;
  }
}

Options options_of(const std::string& name, const Origin& origin, std::uint64_t slots) {
  Options options{.slots = slots,
                  .writers = origin.lanes > 1 ? Writers::laned : Writers::exclusive,
                  .seats = static_cast<std::uint32_t>(origin.lanes)};
  if (slots == 0) {
    options.slots = std::max<std::uint64_t>(1, origin.slots / origin.lanes);
    const std::uint64_t most = kMostUnasked / (origin.record_bytes + 2 * core::kWordBytes) / origin.lanes;
    if (options.slots > most) {
      throw Error(Code::no_space, {.name = name,
                                   .doing = "mirror into",
                                   .expected = fmt::format("an origin of {} at most", text::counted(most, "slot")),
                                   .found = fmt::format("one of {}", options.slots),
                                   .remedy = "say how many this ring shall have: --slots N"});
    }
  }
  return options;
}

}  // namespace

MirrorRing::MirrorRing(RawArena arena, const Epoch& epoch)
    : arena_(std::move(arena)), epoch_(epoch), schema_hash_(hash_of(arena_.info().record.schema)) {
  const std::uint32_t lanes = arena_.lanes();
  for (std::uint32_t k = 0; k < lanes; ++k) writers_.push_back(arena_.writer(hex_of(epoch)));
  std::ranges::sort(writers_, {}, &RawWriter::seat);
  for (std::uint32_t k = 0; k < lanes; ++k) {
    const core::Ring lane = arena_.share()->lane_of_seat(k);
    next_.push_back(lane.seq_of(lane.head->load(std::memory_order_acquire)));
  }
}

std::optional<MirrorRing> MirrorRing::find(const std::string& name) {
  auto arena = open_if_there(name);
  if (!arena) return std::nullopt;
  const auto epoch = epoch_of(*arena);
  if (!epoch) return std::nullopt;
  return MirrorRing(std::move(*arena), *epoch);
}

MirrorRing MirrorRing::make(const std::string& name, const Origin& origin, const Epoch& epoch, std::uint64_t slots) {
  const RecordType record{.name = origin.type,
                          .size_bytes = origin.record_bytes,
                          .align_bytes = origin.align_bytes,
                          .schema = origin.schema};
  const Options options = options_of(name, origin, slots);
  if (auto before = open_if_there(name)) {
    if (before->has_writers()) refuse_foreign(name, "one that has a living writer");
    // Nobody has written it: it was made to be mirrored into, or its maker was killed before he could.
    if (!epoch_of(*before)) return {RawArena::open_or_create(name, record, options), epoch};
    RawArena::remove(name);
  }
  return {RawArena::create(name, record, options), epoch};
}

std::uint64_t MirrorRing::sum() const noexcept {
  std::uint64_t sum = 0;
  for (std::uint64_t k = 0; k < next_.size(); ++k) sum += (next_[k] - k) / next_.size();
  return sum;
}

bool MirrorRing::is_beyond(const std::vector<std::uint64_t>& next) const noexcept {
  if (next.size() != next_.size()) return false;
  for (std::size_t k = 0; k < next.size(); ++k) {
    if (next[k] > next_[k]) return false;
  }
  return true;
}

void MirrorRing::require_alike(const Message& message) const {
  if (message.record_bytes == arena_.info().record.size_bytes && message.lanes() == next_.size() &&
      (schema_hash_ == 0 || message.schema_hash == schema_hash_))
    return;
  refuse("its records", "those of the epoch's schema",
         fmt::format("{} in {}, schema {:016x}", text::counted(message.record_bytes, "byte"),
                     text::counted(message.lanes(), "lane"), message.schema_hash));
}

std::uint64_t MirrorRing::advance(std::uint64_t lane, std::uint64_t to) {
  if (to <= next_[lane]) return 0;
  const std::uint64_t left_out = writers_[lane].advance_to(to);
  next_[lane] = to;
  return left_out;
}

void MirrorRing::write_run(const Message& message, std::size_t begin, std::size_t end) {
  const std::uint64_t lane = message.seqs[begin] % next_.size();
  const auto bytes = message.records.subspan(begin * message.record_bytes, (end - begin) * message.record_bytes);
  writers_[lane].alloc_repeatable(bytes);  // a mirror that is killed there begins with it again
  next_[lane] = message.seqs[end - 1] + next_.size();
}

Applied MirrorRing::apply(const Message& message) {
  require_alike(message);
  Applied applied;
  const std::uint64_t lanes = next_.size();
  for (std::size_t begin = 0, end = 0; begin < message.seqs.size(); begin = end) {
    const std::uint64_t first = message.seqs[begin];
    end = begin + 1;
    if (first < next_[first % lanes]) {
      ++applied.again;
      continue;
    }
    while (end < message.seqs.size() && message.seqs[end] == message.seqs[end - 1] + lanes) ++end;
    applied.left_out += advance(first % lanes, first);
    write_run(message, begin, end);
    applied.values += end - begin;
  }
  for (std::uint64_t k = 0; k < lanes; ++k) applied.left_out += advance(k, message.next[k]);
  return applied;
}

}  // namespace arena_shm::bridge
