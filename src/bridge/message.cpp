#include "bridge/message.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <string_view>

#include "bridge/headers.hpp"

namespace arena_shm::bridge {

static_assert(std::endian::native == std::endian::little);  // as the numbers of a payload are

namespace {

constexpr std::size_t kNumber = sizeof(std::uint64_t);
constexpr std::size_t kNumbersOfGap = 3;  // first, last, cause
constexpr std::array<std::string_view, 3> kKinds{"schema", "values", "losses"};

std::string_view word_of(Kind kind) { return kKinds[static_cast<std::size_t>(kind)]; }

template <class Number>
void append(std::vector<std::byte>& out, const std::vector<Number>& numbers) {
  const auto bytes = std::as_bytes(std::span(numbers));
  out.insert(out.end(), bytes.begin(), bytes.end());
}

void append(std::vector<std::byte>& out, std::uint64_t number) {
  const auto bytes = std::as_bytes(std::span(&number, 1));
  out.insert(out.end(), bytes.begin(), bytes.end());
}

// Are they first, first + lanes, ...?
bool is_row(const std::vector<std::uint64_t>& seqs, std::uint64_t lanes) {
  return std::ranges::adjacent_find(seqs, [&](auto a, auto b) { return a + lanes != b; }) == seqs.end();
}

void encode_values(const Message& message, HeaderWriter& headers, std::vector<std::byte>& payload) {
  const bool listed = !is_row(message.seqs, message.lanes());
  headers.put("First", message.seqs.front());
  headers.put("Last", message.seqs.back());
  headers.put("Times", message.times.empty() ? 0U : 1U);
  headers.put("Seqs", listed ? 1U : 0U);
  payload.insert(payload.end(), message.records.begin(), message.records.end());
  append(payload, message.times);
  if (listed) append(payload, message.seqs);
}

std::uint64_t encode_body(const Message& message, HeaderWriter& headers, std::vector<std::byte>& payload) {
  if (message.kind == Kind::values) {
    encode_values(message, headers, payload);
    return message.seqs.size();
  }
  if (message.kind == Kind::losses) {
    for (const Gap& gap : message.gaps) {
      append(payload, gap.first);
      append(payload, gap.last);
      append(payload, static_cast<std::uint64_t>(gap.cause));
    }
    return message.gaps.size();
  }
  const std::string text = to_json(message.origin);
  const auto bytes = std::as_bytes(std::span(text));
  payload.insert(payload.end(), bytes.begin(), bytes.end());
  return text.size();
}

// The parts of a payload, one after the other.
class Payload {
 public:
  explicit Payload(std::span<const std::byte> bytes) : rest_(bytes) {}

  std::span<const std::byte> bytes(std::uint64_t count, std::uint64_t each) {
    if (count > rest_.size() / each) refuse_payload("more than there is");
    const auto part = rest_.first(count * each);
    rest_ = rest_.subspan(part.size());
    return part;
  }
  template <class Number>
  std::vector<Number> numbers(std::uint64_t count) {
    const auto from = bytes(count, sizeof(Number));
    std::vector<Number> numbers(count);
    if (count > 0) std::memcpy(numbers.data(), from.data(), from.size());
    return numbers;
  }
  void end() const {
    if (!rest_.empty()) refuse_payload(fmt::format("{} bytes less than there are", rest_.size()));
  }
  [[noreturn]] static void refuse_payload(const std::string& asked) {
    refuse("its payload", "as many bytes as its headers ask for", asked);
  }

 private:
  std::span<const std::byte> rest_;
};

// Behind the body.
void decode_positions(Message& message, std::uint64_t count, Payload& payload) {
  const std::uint64_t lanes = message.lanes();
  std::uint64_t lane = 0;  // the lowest that may come
  for (const std::uint64_t next : payload.numbers<std::uint64_t>(count)) {
    const std::uint64_t k = next % lanes;
    if (k < lane || next == k || next > kMostSeq)
      refuse("its positions", "one for each lane that has begun, in their order", fmt::format("{}", next));
    message.next[k] = next;
    lane = k + 1;
  }
}

// Each lane has to come to its end by as many numbers as are accounted for.
void check_sum(const Message& message) {
  std::uint64_t sum = 0;  // each lane adds at most kMostSeq / lanes
  for (std::uint64_t k = 0; k < message.lanes(); ++k) sum += (message.next[k] - k) / message.lanes();
  if (sum != message.tally.sum())
    refuse("its counts", fmt::format("{} numbers in all, as its positions have it", sum),
           fmt::format("{}", message.tally.sum()));
}

// Of each lane: does what comes next rise, and stay below its end?
class Rising {
 public:
  explicit Rising(const Message& message) : next_(message.next), floor_(message.lanes()) {
    for (std::uint64_t k = 0; k < floor_.size(); ++k) floor_[k] = k;
  }
  void take(std::uint64_t first, std::uint64_t last) {
    const std::uint64_t lanes = floor_.size();
    std::uint64_t& floor = floor_[first % lanes];
    if (last % lanes != first % lanes || first < floor || last < first || last >= next_[first % lanes])
      refuse("its sequence numbers", "those of each lane in their order, below its position",
             fmt::format("{}..{}", first, last));
    floor = last + lanes;
  }

 private:
  const std::vector<std::uint64_t>& next_;
  std::vector<std::uint64_t> floor_;
};

void decode_values(Message& message, std::uint64_t count, HeaderReader& headers, Payload& payload) {
  const std::uint64_t first = headers.number("First", 0, kMostSeq);
  const std::uint64_t last = headers.number("Last", 0, kMostSeq);
  const bool has_times = headers.number("Times", 0, 1) == 1;
  const bool listed = headers.number("Seqs", 0, 1) == 1;
  if (count == 0 || count > message.tally.values)
    refuse("its header Count", "1 at least, and what the header Values has at most", fmt::format("{}", count));
  message.records = payload.bytes(count, message.record_bytes);
  if (has_times) message.times = payload.numbers<std::int64_t>(count);
  if (listed) {
    message.seqs = payload.numbers<std::uint64_t>(count);
  } else {
    message.seqs.resize(count);  // not more than there are bytes of records
    for (std::uint64_t i = 0; i < count; ++i) message.seqs[i] = first + i * message.lanes();
  }
  if (message.seqs.front() != first || message.seqs.back() != last)
    refuse("its headers First and Last", "the seqs of its first and last value", fmt::format("{}, {}", first, last));
}

void decode_losses(Message& message, std::uint64_t count, Payload& payload) {
  if (count > kMostSeq / (kNumbersOfGap * kNumber)) Payload::refuse_payload("more than there can be");
  const auto numbers = payload.numbers<std::uint64_t>(count * kNumbersOfGap);
  message.gaps.reserve(count);
  for (std::size_t i = 0; i < numbers.size(); i += kNumbersOfGap) {
    if (numbers[i + 2] > static_cast<std::uint64_t>(Loss::passed_over))
      refuse("the cause of a loss", "0, 1 or 2", fmt::format("{}", numbers[i + 2]));
    message.gaps.push_back({.first = numbers[i],
                            .last = numbers[i + 1],
                            .cause = static_cast<Loss>(numbers[i + 2]),
                            .step = message.lanes()});
  }
}

void check_losses(const Message& message) {
  Rising rising(message);
  Tally own;
  for (const Gap& gap : message.gaps) {
    rising.take(gap.first, gap.last);
    own.of(gap.cause) += gap.count();
  }
  const Tally& all = message.tally;
  if (own.overwritten > all.overwritten || own.holes > all.holes || own.passed_over > all.passed_over)
    refuse("its losses", "not more than are counted in its headers", fmt::format("{} of them", own.lost()));
}

void decode_origin(Message& message, std::uint64_t count, Payload& payload) {
  const auto bytes = payload.bytes(count, 1);
  std::string text(bytes.size(), '\0');
  std::transform(bytes.begin(), bytes.end(), text.begin(), [](std::byte byte) { return static_cast<char>(byte); });
  message.origin = parse_origin(text);
  if (message.origin.record_bytes != message.record_bytes || message.origin.lanes != message.lanes() ||
      hash_of(message.origin.schema) != message.schema_hash)
    refuse("its text", "the record's size, the lanes and the schema's hash as in its headers", "others");
}

}  // namespace

std::uint64_t most_wire_bytes(std::uint64_t values, std::uint64_t record_bytes, std::uint64_t lanes, bool has_times) {
  constexpr std::uint64_t kMostHeaderBytes = 1024;  // 19 headers, names and values
  return kMostHeaderBytes + values * (record_bytes + kNumber + (has_times ? kNumber : 0)) + lanes * kNumber;
}

void encode(const Message& message, Wire& wire) {
  wire.payload.clear();
  HeaderWriter headers(wire.headers);
  headers.put("Version", kVersion);
  headers.put("Kind", word_of(message.kind));
  headers.put_hex("Run", message.link.run);
  headers.put("Number", message.link.number);
  headers.put("Epoch", hex_of(message.epoch));
  headers.put_hex("Schema", message.schema_hash);
  headers.put("Record", message.record_bytes);
  headers.put("Lanes", message.lanes());
  headers.put("Values", message.tally.values);
  headers.put("Overwritten", message.tally.overwritten);
  headers.put("Holes", message.tally.holes);
  headers.put("Passed-Over", message.tally.passed_over);
  headers.put("Left-Out", message.tally.left_out);
  headers.put("Count", encode_body(message, headers, wire.payload));
  std::uint64_t positions = 0;
  for (std::uint64_t k = 0; k < message.lanes(); ++k) {
    if (message.next[k] == k) continue;
    append(wire.payload, message.next[k]);
    ++positions;
  }
  headers.put("Positions", positions);
  headers.end();
}

bool is_of_ours(const Headers& headers) noexcept {
  return std::ranges::any_of(headers, [](const auto& header) { return header.first.starts_with(kHeaderPrefix); });
}

Message decode(const Headers& given, std::span<const std::byte> bytes) {
  HeaderReader headers(given);
  if (const std::uint64_t version = headers.number("Version", 0, kMostSeq); version != kVersion)
    refuse_version(version, kVersion);
  Message message;
  message.kind = static_cast<Kind>(headers.word("Kind", kKinds));
  message.link = {.run = headers.hex("Run"), .number = headers.number("Number", 0, kMostSeq)};
  message.epoch = headers.epoch("Epoch");
  message.schema_hash = headers.hex("Schema");
  message.record_bytes = headers.number("Record", 1, kMostRecordBytes);
  message.next.resize(headers.number("Lanes", 1, kMostLanes));
  for (std::uint64_t k = 0; k < message.lanes(); ++k) message.next[k] = k;
  message.tally = {.values = headers.number("Values", 0, kMostSeq),
                   .overwritten = headers.number("Overwritten", 0, kMostSeq),
                   .holes = headers.number("Holes", 0, kMostSeq),
                   .passed_over = headers.number("Passed-Over", 0, kMostSeq),
                   .left_out = headers.number("Left-Out", 0, kMostSeq)};
  const std::uint64_t count = headers.number("Count", 0, kMostSeq);
  Payload payload(bytes);
  switch (message.kind) {
    case Kind::schema: decode_origin(message, count, payload); break;
    case Kind::values: decode_values(message, count, headers, payload); break;
    case Kind::losses: decode_losses(message, count, payload); break;
  }
  decode_positions(message, headers.number("Positions", 0, message.lanes()), payload);
  payload.end();
  headers.end();
  check_sum(message);
  if (message.kind == Kind::losses) check_losses(message);
  if (message.kind == Kind::values) {
    Rising rising(message);
    for (const std::uint64_t seq : message.seqs) rising.take(seq, seq);
  }
  return message;
}

}  // namespace arena_shm::bridge
