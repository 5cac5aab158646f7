// MCAP: files of others, and what JSON cannot say.
#include <gtest/gtest.h>

#include <cstring>
#include <limits>
#include <string>

#include "described_fixture.hpp"
#include "recording/mcap/log_time.hpp"
#include "recording/mcap/records.hpp"

namespace arena_shm::recording {
namespace {

using mcap::Opcode;

std::string channel(std::uint16_t id, std::string_view topic, std::string_view encoding = "json") {
  std::string content;
  mcap::put(content, id);
  mcap::put(content, std::uint16_t{0});
  mcap::put_text(content, topic);
  mcap::put_text(content, encoding);
  mcap::put_map(content, {});
  std::string record;
  mcap::put_record(record, Opcode::channel, content);
  return record;
}

std::string message(std::uint16_t channel, std::string_view data) {
  std::string content;
  mcap::put(content, channel);
  content.append(mcap::kMessageHeadBytes - sizeof(channel), '\0');
  content += data;
  std::string record;
  mcap::put_record(record, Opcode::message, content);
  return record;
}

std::string file_of(const std::string& records) {
  std::string file{mcap::kMcapMagic};
  file += records;
  mcap::put_record(file, Opcode::data_end, std::string(4, '\0'));
  return file + std::string(mcap::kMcapMagic);
}

TEST(McapTest, WhichChannelsOfOthersAreLeftOutIsTold) {
  const std::string records = channel(1, "a") + message(1, R"({"x":1})") + channel(2, "b") + message(2, R"({"x":2})") +
                              channel(3, "c", "cdr") + message(3, "?") + message(2, R"({"x":3})") + channel(4, "none");
  const Seen seen = read(file_of(records), "u64 x");
  EXPECT_EQ(seen.rows.size(), 1u);
  EXPECT_NE(seen.notes.find("taking the channel 'a' only; 3 messages of 2 other channels left out: 'b', 'c'"),
            std::string::npos)
      << seen.notes;
  EXPECT_EQ(read(file_of(channel(1, "a") + channel(2, "b") + message(1, R"({"x":1})")), "u64 x").notes, "");
}

TEST(McapTest, WhatNobodyAsksForIsNotReadIntoMemory) {
  constexpr std::uint64_t kBytes = std::uint64_t{1} << 42;  // of a hole
  for (const std::string& prefix : {std::string("\x09"), std::string("\x90"), std::string("\x05")}) {
    const std::string begin = std::string(mcap::kMcapMagic) + channel(1, "a") + channel(2, "b");
    const std::string end = message(1, R"({"x":7})");
    const int file = ::memfd_create("recording", MFD_CLOEXEC);
    std::string head = begin + prefix;
    mcap::put(head, kBytes);
    mcap::put(head, std::uint16_t{2});  // a message of another channel
    ASSERT_EQ(::pwrite(file, head.data(), head.size(), 0), static_cast<ssize_t>(head.size()));
    const auto at = static_cast<off_t>(head.size() - sizeof(std::uint16_t) + kBytes);
    ASSERT_EQ(::pwrite(file, end.data(), end.size(), at), static_cast<ssize_t>(end.size()));
    Listener listener;
    const auto source = open_recording("/proc/self/fd/" + std::to_string(file), "u64 x", listener);
    std::uint64_t x = 0;
    EXPECT_TRUE(source->next(std::as_writable_bytes(std::span(&x, 1))));
    EXPECT_EQ(x, 7u);
    ::close(file);
  }
}

TEST(McapTest, NanKeepsItsSignAndItsPayloadAndATruthItsBits) {
  const RecordShape real = shape_of("f64 d, u64 n, f32 f, bool on");
  std::vector<std::byte> row(real.size_bytes);
  for (const std::uint64_t bits :
       {0x7ff8000000000000U, 0xfff8000000000000U, 0x7ff8000000000001U, 0x7ff0000000000001U}) {
    for (const std::uint32_t narrow : {0x7fc00000U, 0xffc00000U, 0x7fc00001U, 0x7f800001U}) {
      std::memcpy(row.data(), &bits, sizeof(bits));
      std::memcpy(row.data() + 16, &narrow, sizeof(narrow));
      row[20] = std::byte{static_cast<std::uint8_t>(bits == 0x7ff8000000000000U && narrow == 0x7fc00000U ? 2 : 1)};
      const auto encoder = encoder_for(Form::mcap, real);
      std::string file;
      encoder->begin(file);
      encoder->add(5, row, {});
      encoder->finish(file);
      EXPECT_EQ(read(file).rows, (std::vector<std::vector<std::byte>>{row}));
    }
  }
}

TEST(McapTest, TheTimeOfAMessageIsThatOfTheRecordAlsoBeyondAnI64) {
  const auto time_of = [](const std::string& type, const std::string& unit, std::uint64_t value) {
    RecordShape shape = shape_of(type + " ts");
    shape.schema->fields[0].unit = unit;
    shape.schema->time_field = "ts";
    return mcap::LogTime(shape).of(0, std::as_bytes(std::span(&value, 1)).first(shape.size_bytes));
  };
  constexpr auto kMost = std::numeric_limits<std::uint64_t>::max();
  EXPECT_EQ(time_of("u64", "ns", kMost - 1), kMost - 1);
  EXPECT_EQ(time_of("u64", "us", 10'000'000'000'000'000), 10'000'000'000'000'000'000U);
  EXPECT_EQ(time_of("u64", "s", kMost), kMost);
  EXPECT_EQ(time_of("i64", "s", std::uint64_t{1} << 62), kMost);
  EXPECT_EQ(time_of("i64", "s", kMost), 0u);
  EXPECT_EQ(time_of("i64", "s", std::uint64_t{1} << 63), 0u);
  EXPECT_EQ(time_of("i64", "ns", 7), 7u);
}

}  // namespace
}  // namespace arena_shm::recording
