// Messages to begin with.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "bridge/message.hpp"

namespace arena_shm::bridge {

/// A message with memory for its records.
struct Sample {
  Message message;
  std::vector<std::byte> records;

  Wire wire() {
    message.records = records;
    Wire wire;
    encode(message, wire);
    return wire;
  }
};

/// Values of one lane, or of several, with those seqs, behind which all lanes end.
inline Sample values_of(std::vector<std::uint64_t> seqs, std::uint64_t lanes = 1, std::uint64_t record_bytes = 4) {
  Sample sample;
  Message& message = sample.message;
  message.link = {.run = 0x0123456789abcdef, .number = 7};
  for (std::size_t i = 0; i < message.epoch.size(); ++i) message.epoch[i] = static_cast<std::uint8_t>(17 * i);
  message.schema_hash = 99;
  message.record_bytes = record_bytes;
  message.next.resize(lanes);
  for (std::uint64_t k = 0; k < lanes; ++k) message.next[k] = k;
  for (const std::uint64_t seq : seqs) message.next[seq % lanes] = seq + lanes;
  std::uint64_t sum = 0;
  for (std::uint64_t k = 0; k < lanes; ++k) sum += (message.next[k] - k) / lanes;
  message.tally = {.values = seqs.size(), .left_out = sum - seqs.size()};
  for (std::size_t i = 0; i < seqs.size() * record_bytes; ++i) sample.records.push_back(static_cast<std::byte>(i));
  message.seqs = std::move(seqs);
  return sample;
}

/// The same of losses: numbers of one lane, up to 100.
inline Sample losses_of(std::vector<Gap> gaps) {
  Sample sample = values_of({99});
  sample.message.kind = Kind::losses;
  sample.message.seqs.clear();
  sample.records.clear();
  Tally tally;
  for (const Gap& gap : gaps) tally.of(gap.cause) += gap.count();
  tally.values = 100 - tally.lost();
  sample.message.tally = tally;
  sample.message.gaps = std::move(gaps);
  return sample;
}

/// The same of what values are.
inline Sample schema_of(Origin origin) {
  Sample sample = values_of({});
  sample.message.kind = Kind::schema;
  sample.message.schema_hash = hash_of(origin.schema);
  sample.message.record_bytes = origin.record_bytes;
  sample.message.next.resize(origin.lanes);
  for (std::uint64_t k = 0; k < origin.lanes; ++k) sample.message.next[k] = k;
  sample.message.origin = std::move(origin);
  return sample;
}

inline Origin an_origin() {
  return {.arena = "ticks",
          .type = "mkt::Tick \"\\\n",
          .record_bytes = 24,
          .align_bytes = 8,
          .schema = R"({"names": ["ts"], "formats": ["<u8"], "offsets": [0], "itemsize": 24})",
          .writers = Writers::laned,
          .lanes = 4,
          .slots = 64,
          .has_times = true,
          .is_lossless = true,
          .created_ns = 1'700'000'000'000'000'000,
          .where = "px > 1",
          .before = Predecessor{.epoch = {1, 2, 3}, .is_complete = true}};
}

}  // namespace arena_shm::bridge
