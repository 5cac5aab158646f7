// Behind damage each row that is read is one of the file's, with its values, in its order, and once; the rest is told.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "described_fixture.hpp"
#include "recording/arrow/messages.hpp"
#include "recording/mcap/records.hpp"

namespace arena_shm::recording {
namespace {

using RowBytes = std::vector<std::byte>;

const std::vector<unsigned> kAllBits{1, 2, 4, 8, 16, 32, 64, 128, 255};
const std::vector<unsigned> kSomeBits{1, 8, 64};

struct Recorded {
  std::string file;
  std::size_t head_bytes = 0;
  std::vector<RowBytes> rows;  // by sequence number
};

Recorded recorded(Form form, const RecordShape& shape, std::uint64_t rows, std::uint64_t per_block,
                  const std::function<void(std::uint64_t seq, RowBytes& row)>& fill) {
  const auto encoder = encoder_for(form, shape);
  Recorded made;
  encoder->begin(made.file);
  made.head_bytes = made.file.size();
  for (std::uint64_t seq = 0; seq < rows; ++seq) {
    RowBytes row(shape.size_bytes);
    fill(seq, row);
    encoder->add(seq, row, {});
    made.rows.push_back(row);
    if (seq % per_block == per_block - 1) encoder->end_block(made.file);
  }
  encoder->finish(made.file);
  return made;
}

template <class T>
void put_at(RowBytes& row, std::size_t at, T value) {
  std::memcpy(row.data() + at, &value, sizeof(value));
}

// Negative numbers, and enums whose values also have no name.
RecordShape varied_shape() {
  RecordShape shape = shape_of("i64 n, u8 side, i16 other");
  shape.schema->fields[1].enumerators = {{"buy", 0}, {"sell", 1}};
  shape.schema->fields[2].enumerators = {{"minus", static_cast<std::uint64_t>(-1)}, {"sell", 0}, {"buy", 1}};
  return shape;
}

void fill_varied(std::uint64_t seq, RowBytes& row) {
  put_at(row, 0, seq % 2 == 0 ? std::int64_t{-1} : static_cast<std::int64_t>(seq) * -1000);
  put_at(row, 8, static_cast<std::uint8_t>(seq % 7 == 6 ? seq : seq % 2));
  put_at(row, 10, static_cast<std::int16_t>(seq % 5 == 4 ? 100 + seq : seq % 3 - 1));
}

Recorded varied(Form form) { return recorded(form, varied_shape(), 20, 4, fill_varied); }

// An empty text, if all is as it should be.
std::string wrong_in(const Seen& seen, const Recorded& made) {
  for (std::size_t i = 0; i < seen.rows.size(); ++i) {
    const std::uint64_t seq = seen.seqs[i];
    if (i > 0 && seq <= seen.seqs[i - 1]) return "not in order: " + std::to_string(seq);
    if (seq >= made.rows.size()) return "invented: " + std::to_string(seq);
    if (seen.rows[i] != made.rows[seq]) return "altered: " + std::to_string(seq);
  }
  const bool is_told = (seen.is_damaged || seen.refused > 0 || seen.shape.size_bytes == 0) && !seen.notes.empty();
  return seen.rows.size() < made.rows.size() && !is_told ? "nothing is told" : "";
}

std::string flipped(std::string file, std::size_t at, unsigned bits = 1) {
  file[at] = static_cast<char>(static_cast<unsigned char>(file[at]) ^ bits);
  return file;
}

struct Message {
  std::size_t at = 0;
  std::size_t body_at = 0;
  std::size_t end = 0;
  arrow::fb::Header type{};
};

std::vector<Message> messages_in(const std::string& file) {
  std::vector<Message> all;
  for (std::size_t at = 0; at + 8 < file.size();) {
    std::uint32_t bytes = 0;
    std::memcpy(&bytes, file.data() + at + 4, sizeof(bytes));
    const auto& message = *flatbuffers::GetRoot<arrow::fb::Message>(file.data() + at + 8);
    const std::size_t body_at = at + 8 + bytes;
    all.push_back({.at = at,
                   .body_at = body_at,
                   .end = body_at + arrow::aligned(static_cast<std::uint64_t>(message.body_length())),
                   .type = message.header_type()});
    at = all.back().end;
  }
  return all;
}

TEST(RecoveryTest, WhicheverBitOfAnArrowMessageIsAlteredNoRowIsWrong) {
  const Recorded made = varied(Form::arrow);
  ASSERT_EQ(wrong_in(read(made.file), made), "");
  ASSERT_EQ(read(made.file).rows.size(), 20u);
  for (const Message& message : messages_in(made.file)) {
    if (message.type == arrow::fb::Header::schema) continue;
    for (std::size_t at = message.at; at < message.body_at; at += kStride) {
      for (const unsigned bits : kIsLong ? kAllBits : kSomeBits) {
        const Seen seen = read(flipped(made.file, at, bits));
        ASSERT_EQ(wrong_in(seen, made), "") << at - message.at << ' ' << bits << ' ' << seen.notes;
        ASSERT_GE(seen.rows.size(), message.type == arrow::fb::Header::record_batch ? 16u : 10u)
            << at - message.at << ' ' << bits << ' ' << seen.notes;
      }
    }
  }
}

TEST(RecoveryTest, WhicheverByteOfAnMcapFileIsAlteredNoRowIsWrong) {
  const Recorded made = varied(Form::mcap);
  ASSERT_EQ(read(made.file).rows.size(), 20u);
  for (std::size_t at = made.head_bytes; at < made.file.size(); at += kStride) {
    for (const unsigned bits : kIsLong ? kAllBits : std::vector{1U}) {
      const Seen seen = read(flipped(made.file, at, bits));
      ASSERT_EQ(wrong_in(seen, made), "") << at << ' ' << bits << ' ' << seen.notes;
      ASSERT_GE(seen.rows.size(), 16u) << at << ' ' << bits << ' ' << seen.notes;
    }
  }
}

TEST(RecoveryTest, BehindTwoDamagesNoRowIsWrong) {
  std::mt19937 random(20260131);
  for (const Form form : {Form::arrow, Form::mcap}) {
    const Recorded made = varied(form);
    std::vector<std::size_t> places;
    for (std::size_t at = made.head_bytes; at < made.file.size(); ++at) places.push_back(at);
    if (form == Form::arrow) {  // bodies have no checksums
      places.clear();
      for (const Message& message : messages_in(made.file)) {
        for (std::size_t at = message.at; at < message.body_at && message.at > 0; ++at) places.push_back(at);
      }
    }
    const int rounds = kIsLong ? 20'000 : 1000;
    for (int round = 0; round < rounds; ++round) {
      const std::size_t one = places[random() % places.size()];
      const std::size_t two = places[random() % places.size()];
      const Seen seen = read(flipped(flipped(made.file, one, 1U << random() % 8), two, 1U << random() % 8));
      ASSERT_EQ(wrong_in(seen, made), "") << one << ' ' << two << ' ' << seen.notes;
    }
  }
}

// The batches of a stream, which begin with the number of their first row.
std::vector<Message> batches_in(const std::string& file) {
  auto all = messages_in(file);
  std::erase_if(all, [](const Message& message) { return message.type != arrow::fb::Header::record_batch; });
  return all;
}

Recorded numbered(Form form, std::uint64_t rows, std::uint64_t per_block) {
  return recorded(form, shape_of("u32 n"), rows, per_block,
                  [](std::uint64_t seq, RowBytes& row) { put_at(row, 0, static_cast<std::uint32_t>(seq)); });
}

TEST(RecoveryTest, ABatchThatHasBeenReadIsNotReadAgainBehindDamage) {
  const Recorded made = numbered(Form::arrow, 20, 4);
  const auto batches = batches_in(made.file);
  std::string file = flipped(made.file, batches[1].at);
  file.insert(batches[1].end, made.file, batches[0].at, batches[0].end - batches[0].at);
  const Seen seen = read(file);
  EXPECT_EQ(wrong_in(seen, made), "") << seen.notes;
  EXPECT_EQ(seen.rows.size(), 16u) << seen.notes;
}

TEST(RecoveryTest, ABatchWhoseNumbersWereAlteredIsNotReadBehindDamage) {
  const Recorded made = numbered(Form::arrow, 200, 40);
  const auto batches = batches_in(made.file);
  const std::string damaged = flipped(made.file, batches[3].at);
  const Message& last = batches[4];  // no other one behind it contradicts
  int altered = 0;
  for (std::size_t at = last.at; at < last.body_at; ++at) {
    for (const unsigned bits : {1U, 2U, 4U, 16U}) {
      const Seen seen = read(flipped(damaged, at, bits));
      ASSERT_EQ(wrong_in(seen, made), "") << at - last.at << ' ' << bits << ' ' << seen.notes;
      ++altered;
    }
  }
  EXPECT_GT(altered, 100);
}

TEST(RecoveryTest, AnAdditionToADictionaryThatIsMissingShiftsNoOther) {
  RecordShape shape = shape_of("u32 v, u32 e");
  shape.schema->fields[1].enumerators = {{"none", 0}};
  const Recorded made = recorded(Form::arrow, shape, 20'000, 1000, [](std::uint64_t seq, RowBytes& row) {
    put_at(row, 0, static_cast<std::uint32_t>(seq));
    put_at(row, 4, static_cast<std::uint32_t>(seq % 2 == 0 || seq < 2001 ? seq : seq - 2001));  // one of an older block
  });
  const auto messages = messages_in(made.file);
  for (std::size_t i = 1; i < messages.size(); ++i) {
    if (messages[i].type != arrow::fb::Header::dictionary_batch) continue;
    const Seen seen = read(flipped(made.file, messages[i].at));
    ASSERT_EQ(wrong_in(seen, made), "") << i;
    EXPECT_EQ(seen.rows.size() + seen.lost, made.rows.size()) << i;
    std::string without = made.file;
    without.erase(messages[i].at, messages[i].end - messages[i].at);
    ASSERT_EQ(wrong_in(read(without), made), "") << i;
  }
}

TEST(RecoveryTest, TheNamesOfAnEnumAreThoseOfTheSchemaWhereItsDictionaryIsDamaged) {
  RecordShape shape = shape_of("u32 n, u8 side");
  shape.schema->fields[1].enumerators = {{"buy", 0}, {"sell", 1}};
  const Recorded made = recorded(Form::arrow, shape, 1000, 100, [](std::uint64_t seq, RowBytes& row) {
    put_at(row, 0, static_cast<std::uint32_t>(seq));
    put_at(row, 4, static_cast<std::uint8_t>(seq % 2));
  });
  const Message dictionary = messages_in(made.file)[1];
  for (const std::size_t at : {dictionary.at, made.file.find("buysell") + 1}) {
    const Seen seen = read(flipped(made.file, at));
    EXPECT_EQ(seen.rows.size(), 1000u) << seen.notes;
    EXPECT_EQ(wrong_in(seen, made), "");
    EXPECT_TRUE(seen.is_damaged);
  }
}

// What a ring of bytes transports may be a recording of the same layout.
TEST(RecoveryTest, WhatValuesHoldIsNeverTakenForRows) {
  const RecordShape shape = shape_of("u8[2048] data");
  const Recorded inner = recorded(Form::arrow, shape, 30, 1, [](std::uint64_t seq, RowBytes& row) {
    std::fill(row.begin(), row.end(), std::byte{static_cast<std::uint8_t>(100 + seq)});
  });
  const Message from = messages_in(inner.file)[12];
  const std::string payload = inner.file.substr(from.at);
  const Recorded made = recorded(Form::arrow, shape, 32, 16, [&](std::uint64_t seq, RowBytes& row) {
    const std::size_t at = seq % 16 * row.size();
    if (at < payload.size()) std::memcpy(row.data(), payload.data() + at, std::min(row.size(), payload.size() - at));
  });
  for (std::size_t cut = 1; cut < 400; cut += 9) {
    const Seen seen = read(std::string_view(made.file).substr(0, made.file.size() - cut));
    ASSERT_EQ(wrong_in(seen, made), "") << cut << ' ' << seen.notes;
    ASSERT_EQ(seen.rows.size(), 32u);
  }
  for (const Message& message : messages_in(made.file)) {
    for (std::size_t at = message.at; at < message.at + 8 && message.at > 0; ++at)
      ASSERT_EQ(wrong_in(read(flipped(made.file, at, 0x10)), made), "") << at;
  }
}

TEST(RecoveryTest, NumbersThatLookLikeMessagesDoNotEndTheSearch) {
  const Recorded made = recorded(Form::arrow, shape_of("i64 n"), 80'000, 8000, [](std::uint64_t seq, RowBytes& row) {
    put_at(row, 0, seq % 2 == 0 ? std::int64_t{-1} : std::int64_t{150'000'000});
  });
  const Seen seen = read(flipped(made.file, messages_in(made.file)[3].at));
  EXPECT_EQ(wrong_in(seen, made), "");
  EXPECT_EQ(seen.rows.size(), 72'000u) << seen.notes;
}

TEST(RecoveryTest, ALengthThatStaysInsideOfAnMcapFileCostsNoChunk) {
  const Recorded made = numbered(Form::mcap, 2000, 100);
  std::size_t altered = 0;
  for (std::size_t at = mcap::kMcapMagic.size(); at + mcap::kRecordPrefixBytes < made.file.size() * 2 / 3;) {
    std::uint64_t length = 0;
    std::memcpy(&length, made.file.data() + at + 1, sizeof(length));
    for (std::size_t byte = 1; byte <= 2 && made.file[at] == static_cast<char>(mcap::Opcode::message_index); ++byte) {
      for (unsigned bit = 1; bit < 256; bit *= 2) {
        const Seen seen = read(flipped(made.file, at + 1 + byte, bit));
        ASSERT_EQ(wrong_in(seen, made), "") << at << ' ' << bit;
        ASSERT_EQ(seen.rows.size(), 2000u) << at << ' ' << bit << ' ' << seen.notes;
        ++altered;
      }
    }
    at += mcap::kRecordPrefixBytes + length;
  }
  EXPECT_GT(altered, 0u);
}

TEST(RecoveryTest, WhateverItsLengthSaysAnMcapChunkThatIsNotAsItWasWrittenGivesNoRows) {
  const Recorded made = varied(Form::mcap);
  for (std::size_t at = made.head_bytes; at < made.file.size();) {
    std::uint64_t length = 0;
    std::memcpy(&length, made.file.data() + at + 1, sizeof(length));
    if (made.file[at] == static_cast<char>(mcap::Opcode::chunk)) {
      const std::size_t digit = made.file.find("\"n\":-", at) + 5;
      for (const std::size_t byte : std::vector<std::size_t>{5, 3, 2}) {
        const Seen seen = read(flipped(flipped(made.file, at + byte, 1), digit));
        ASSERT_EQ(wrong_in(seen, made), "") << at << ' ' << byte;
      }
    }
    at += mcap::kRecordPrefixBytes + length;
  }
}

}  // namespace
}  // namespace arena_shm::recording
