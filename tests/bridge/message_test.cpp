// What is written is read again.
#include "bridge/message.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "bridge/sample.hpp"

namespace arena_shm::bridge {
namespace {

std::string header(const Wire& wire, const std::string& name) {
  for (const auto& [key, value] : wire.headers)
    if (key == kHeaderPrefix + name) return value;
  return "absent";
}

void expect_same(Sample sample) {
  const Wire wire = sample.wire();
  const Message read = decode(wire.headers, wire.payload);
  const Message& message = sample.message;
  EXPECT_EQ(read.kind, message.kind);
  EXPECT_EQ(read.link, message.link);
  EXPECT_EQ(read.epoch, message.epoch);
  EXPECT_EQ(read.schema_hash, message.schema_hash);
  EXPECT_EQ(read.record_bytes, message.record_bytes);
  EXPECT_EQ(read.next, message.next);
  EXPECT_EQ(read.tally, message.tally);
  EXPECT_EQ(read.seqs, message.seqs);
  EXPECT_EQ(read.times, message.times);
  EXPECT_TRUE(std::ranges::equal(read.records, message.records));
  ASSERT_EQ(read.gaps.size(), message.gaps.size());
  for (std::size_t i = 0; i < read.gaps.size(); ++i) {
    EXPECT_EQ(read.gaps[i].first, message.gaps[i].first);
    EXPECT_EQ(read.gaps[i].last, message.gaps[i].last);
    EXPECT_EQ(read.gaps[i].cause, message.gaps[i].cause);
    EXPECT_EQ(read.gaps[i].step, message.lanes());
  }
  EXPECT_EQ(read.origin, message.origin);
  EXPECT_LE(wire.payload.size(), most_wire_bytes(message.seqs.size() + message.gaps.size() * 3, message.record_bytes,
                                                 message.lanes(), true) +
                                     (message.kind == Kind::schema ? to_json(message.origin).size() : 0));
}

TEST(MessageTest, ValuesInARowAreNotListed) {
  Sample sample = values_of({5, 6, 7});
  const Wire wire = sample.wire();
  EXPECT_EQ(header(wire, "Seqs"), "0");
  EXPECT_EQ(header(wire, "First"), "5");
  EXPECT_EQ(header(wire, "Last"), "7");
  EXPECT_EQ(header(wire, "Count"), "3");
  EXPECT_EQ(wire.payload.size(), 3 * 4 + 8);  // and the position
  expect_same(sample);
}

TEST(MessageTest, ValuesWithSomethingBetweenThemKeepTheirNumbers) { expect_same(values_of({5, 7, 8, 1000})); }

TEST(MessageTest, ALaneIsInARowByItsOwnNumbers) {
  Sample sample = values_of({9, 13, 17}, 4);
  EXPECT_EQ(header(sample.wire(), "Seqs"), "0");
  expect_same(sample);
}

TEST(MessageTest, LanesMayBeMixed) { expect_same(values_of({8, 1, 12, 5, 2, 16}, 4)); }

TEST(MessageTest, LanesThatHaveNotBegunTakeNoRoom) {
  Sample sample = values_of({5}, 4096);
  EXPECT_EQ(header(sample.wire(), "Positions"), "1");
  expect_same(sample);
}

TEST(MessageTest, TimesAreKept) {
  Sample sample = values_of({5, 6, 9});
  sample.message.times = {std::numeric_limits<std::int64_t>::min(), 0, std::numeric_limits<std::int64_t>::max()};
  expect_same(sample);
}

TEST(MessageTest, NumbersUpToTheLastOneAreKept) {
  expect_same(values_of({(std::uint64_t{1} << 61) - 2, (std::uint64_t{1} << 61) - 1}));
}

TEST(MessageTest, LossesAreKeptWithTheirCauses) {
  expect_same(losses_of({{.first = 0, .last = 9, .cause = Loss::overwritten},
                         {.first = 10, .last = 10, .cause = Loss::hole},
                         {.first = 20, .last = 99, .cause = Loss::passed_over}}));
}

TEST(MessageTest, LossesMayBeNoneWhereAFilterLeftOutWhatCame) {
  Sample sample = losses_of({});
  sample.message.tally = {.values = 1, .left_out = 99};
  expect_same(sample);
}

TEST(MessageTest, WhatValuesAreIsKept) {
  expect_same(schema_of(an_origin()));
  Origin plain = an_origin();
  plain.where.reset();
  plain.before.reset();
  plain.schema.clear();
  plain.created_ns = -1;
  expect_same(schema_of(plain));
}

TEST(MessageTest, MemoryOfAnotherMessageIsUsedAgain) {
  Wire wire = schema_of(an_origin()).wire();
  Sample sample = values_of({1, 3});
  sample.message.records = sample.records;
  encode(sample.message, wire);
  EXPECT_EQ(decode(wire.headers, wire.payload).seqs, (std::vector<std::uint64_t>{1, 3}));
}

TEST(MessageTest, NoHeaderContainsTheNameOfAFence) {
  for (Sample sample : {values_of({1, 3}), losses_of({}), schema_of(an_origin())}) {
    for (const auto& [name, value] : sample.wire().headers) {
      EXPECT_EQ(name.find("Nats"), std::string::npos);
      EXPECT_EQ(value.find("Nats"), std::string::npos);
      EXPECT_EQ(value.find_first_not_of("0123456789abcdefghijklmnopqrstuvwxyz"), std::string::npos) << value;
    }
  }
}

TEST(MessageTest, HeadersOfOthersAreNotLookedAt) {
  Wire wire = values_of({1}).wire();
  wire.headers.insert(wire.headers.begin(), {"Nats-Expected-Last-Sequence", "0"});
  wire.headers.emplace_back("Other", "1");
  wire.headers.emplace_back("Other", "1");
  EXPECT_EQ(decode(wire.headers, wire.payload).seqs.size(), 1);
  EXPECT_TRUE(is_of_ours(wire.headers));
  EXPECT_FALSE(is_of_ours({{"Nats-Expected-Last-Sequence", "0"}, {"Other", "1"}}));
}

TEST(LinkTest, AMessageBehindAnotherThanItsOwnIsVoid) {
  const Link third{.run = 5, .number = 3};
  EXPECT_TRUE(follows({.run = 5, .number = 4}, third));
  EXPECT_FALSE(follows({.run = 5, .number = 5}, third));
  EXPECT_FALSE(follows({.run = 5, .number = 3}, third));
  EXPECT_FALSE(follows({.run = 6, .number = 4}, third));
  EXPECT_FALSE(follows({.run = 6, .number = 4}, std::nullopt));
  EXPECT_TRUE(follows({.run = 6, .number = 0}, third));
  EXPECT_TRUE(follows({.run = 6, .number = 0}, std::nullopt));
}

}  // namespace
}  // namespace arena_shm::bridge
