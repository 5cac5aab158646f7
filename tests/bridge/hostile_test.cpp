// Messages that somebody else has written, or altered: each is refused, with a word about what is wrong.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "arena_shm/error.hpp"
#include "bridge/sample.hpp"

namespace arena_shm::bridge {
namespace {

// What is wrong with it, or nothing.
std::string complaint(const Wire& wire) {
  try {
    decode(wire.headers, wire.payload);
  } catch (const Error& error) {
    EXPECT_TRUE(error.code() == Code::corrupt || error.code() == Code::incompatible_version);
    return error.what();
  }
  return "";
}

std::string& header(Wire& wire, const std::string& name) {
  const auto found = std::ranges::find(wire.headers, kHeaderPrefix + name, &Headers::value_type::first);
  EXPECT_NE(found, wire.headers.end()) << name;
  return found->second;
}

std::string complaint(Wire wire, const std::string& name, const std::string& value) {
  header(wire, name) = value;
  return complaint(wire);
}

void set_number(Wire& wire, std::size_t at_bytes, std::uint64_t number) {
  ASSERT_LE(at_bytes + 8, wire.payload.size());
  for (std::size_t i = 0; i < 8; ++i) wire.payload[at_bytes + i] = static_cast<std::byte>(number >> 8 * i);
}

Wire some_values() { return values_of({5, 7, 8}).wire(); }
Wire some_losses() { return losses_of({{.first = 5, .last = 9}, {.first = 20, .last = 29}}).wire(); }
Wire a_schema() { return schema_of(an_origin()).wire(); }

TEST(HostileMessageTest, ThatTheseAreRightIsWhyTheOthersAreWrong) {
  EXPECT_EQ(complaint(some_values()), "");
  EXPECT_EQ(complaint(some_losses()), "");
  EXPECT_EQ(complaint(a_schema()), "");
}

TEST(HostileMessageTest, NumbersAreDecimalDigitsAlone) {
  for (const char* bad : {"", " 3", "3 ", "+3", "-3", "03", "0x3", "3.0", "3e0", "18446744073709551616", "3\r\nA: b"})
    EXPECT_NE(complaint(some_values(), "Count", bad), "") << bad;
}

TEST(HostileMessageTest, NumbersOutOfTheirRangeAreRefused) {
  const std::string most = "18446744073709551615";
  for (const char* name : {"Number", "Record", "Lanes", "Values", "Overwritten", "Holes", "Passed-Over", "Left-Out",
                           "Count", "First", "Last", "Times", "Seqs", "Positions"})
    EXPECT_NE(complaint(some_values(), name, most), "") << name;
  for (const char* name : {"Record", "Lanes", "Count"}) EXPECT_NE(complaint(some_values(), name, "0"), "") << name;
}

TEST(HostileMessageTest, AnotherVersionIsSaid) {
  EXPECT_NE(complaint(some_values(), "Version", "2").find("version 2"), std::string::npos);
}

TEST(HostileMessageTest, OtherWordsAndDigitsAreRefused) {
  EXPECT_NE(complaint(some_values(), "Kind", "Values"), "");
  EXPECT_NE(complaint(some_values(), "Kind", "losses"), "");
  EXPECT_NE(complaint(some_values(), "Epoch", std::string(31, '0')), "");
  EXPECT_NE(complaint(some_values(), "Epoch", std::string(31, '0') + "G"), "");
  EXPECT_NE(complaint(some_values(), "Run", std::string(16, 'A')), "");
  EXPECT_NE(complaint(some_values(), "Schema", "0"), "");
}

TEST(HostileMessageTest, EachHeaderIsThereOnce) {
  for (const Wire& whole : {some_values(), some_losses(), a_schema()}) {
    for (std::size_t i = 0; i < whole.headers.size(); ++i) {
      Wire less = whole;
      less.headers.erase(less.headers.begin() + static_cast<std::ptrdiff_t>(i));
      EXPECT_NE(complaint(less), "") << whole.headers[i].first;
      Wire more = whole;
      more.headers.push_back(whole.headers[i]);
      EXPECT_NE(complaint(more), "") << whole.headers[i].first;
    }
    Wire other = whole;
    other.headers.emplace_back(std::string(kHeaderPrefix) + "Other", "1");
    EXPECT_NE(complaint(other), "");
  }
}

TEST(HostileMessageTest, ManyHeadersAreRefused) {
  Wire wire = some_values();
  for (int i = 0; i < 100'000; ++i) wire.headers.emplace_back(kHeaderPrefix + std::to_string(i), "1");
  EXPECT_NE(complaint(wire), "");
}

TEST(HostileMessageTest, ThePayloadHasToFit) {
  for (Wire wire : {some_values(), some_losses(), a_schema()}) {
    wire.payload.push_back({});
    EXPECT_NE(complaint(wire), "");
    wire.payload.resize(wire.payload.size() - 2);
    EXPECT_NE(complaint(wire), "");
    wire.payload.clear();
    EXPECT_NE(complaint(wire), "");
  }
  EXPECT_NE(complaint(some_values(), "Count", "4"), "");
  EXPECT_NE(complaint(some_values(), "Record", "5"), "");
  EXPECT_NE(complaint(some_values(), "Times", "1"), "");
  EXPECT_NE(complaint(some_values(), "Seqs", "0"), "");
  EXPECT_NE(complaint(some_values(), "Positions", "0"), "");
}

TEST(HostileMessageTest, ACountThatWouldOverflowReservesNothing) {
  for (const char* count : {"2305843009213693952", "1152921504606846976", "96076792050570582"}) {
    EXPECT_NE(complaint(some_values(), "Count", count), "");
    EXPECT_NE(complaint(some_losses(), "Count", count), "");
    EXPECT_NE(complaint(a_schema(), "Count", count), "");
  }
  Wire wire = some_values();
  header(wire, "Record") = "2147483648";
  EXPECT_NE(complaint(wire, "Count", "2147483648"), "");
}

TEST(HostileMessageTest, NumbersOfALaneRiseAndStayBelowItsPosition) {
  for (const std::uint64_t bad : {std::uint64_t{5}, std::uint64_t{8}, std::uint64_t{9}, ~std::uint64_t{0}}) {
    Wire wire = some_values();
    set_number(wire, 3 * 4 + 8, bad);  // the second of three
    EXPECT_NE(complaint(wire), "") << bad;
  }
  EXPECT_NE(complaint(some_values(), "First", "4"), "");
  EXPECT_NE(complaint(some_values(), "Last", "9"), "");
}

TEST(HostileMessageTest, PositionsAreOfEachLaneOnce) {
  const Wire whole = values_of({8, 1, 2}, 4).wire();
  const std::size_t begin = whole.payload.size() - 3 * 8;
  ASSERT_EQ(complaint(whole), "");
  for (const std::uint64_t bad : {0U, 1U, 16U, 6U, 1U << 30}) {
    Wire wire = whole;
    set_number(wire, begin + 8, bad);
    EXPECT_NE(complaint(wire), "") << bad;
  }
}

TEST(HostileMessageTest, CountsHaveToAddUp) {
  for (const char* name : {"Values", "Overwritten", "Holes", "Passed-Over", "Left-Out"}) {
    EXPECT_NE(complaint(some_values(), name, "77"), "") << name;
    EXPECT_NE(complaint(some_losses(), name, "777"), "") << name;
  }
  Wire wire = some_values();  // they do, but there are fewer values in all than in the message
  header(wire, "Values") = "2";
  EXPECT_NE(complaint(wire, "Left-Out", "7"), "");
}

TEST(HostileMessageTest, LossesAreDisjointAndCounted) {
  for (const auto& [first, last, cause] : std::vector<std::array<std::uint64_t, 3>>{
           {9, 29, 0}, {30, 29, 0}, {20, 100, 0}, {20, 28, 3}, {20, 29, 1}, {20, ~std::uint64_t{0}, 0}, {20, 30, 0}}) {
    Wire wire = some_losses();
    set_number(wire, 24, first);
    set_number(wire, 32, last);
    set_number(wire, 40, cause);
    EXPECT_NE(complaint(wire), "") << first << ' ' << last << ' ' << cause;
  }
}

TEST(HostileMessageTest, TheTextHasToSayWhatTheHeadersSay) {
  const auto with = [](const std::string& from, const std::string& to) {
    Wire wire = a_schema();
    std::string text = to_json(an_origin());
    const std::size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    text.replace(at, from.size(), to);
    std::vector<std::byte> payload(text.size());
    std::ranges::transform(text, payload.begin(), [](char c) { return static_cast<std::byte>(c); });
    wire.payload = payload;
    header(wire, "Count") = std::to_string(text.size());
    return complaint(wire);
  };
  EXPECT_EQ(with("ticks", "tocks"), "");
  for (const auto& [from, to] : std::vector<std::array<std::string, 2>>{
           {"\"record_bytes\":24", "\"record_bytes\":25"},
           {"\"record_bytes\":24", "\"record_bytes\":-24"},
           {"\"record_bytes\":24", "\"record_bytes\":24.0"},
           {"\"record_bytes\":24", "\"record\":24"},
           {"\"align_bytes\":8", "\"align_bytes\":7"},
           {"\"align_bytes\":8", "\"align_bytes\":1048576"},
           {"\"lanes\":4", "\"lanes\":3"},
           {"\"slots\":64", "\"slots\":63"},
           {"\"slots\":64", "\"slots\":0"},
           {"\"laned\"", "\"shared\""},
           {"\"laned\"", "3"},
           {"\"times\":true", "\"times\":1"},
           {"\"where\":\"px > 1\"", "\"where\":1"},
           {"itemsize", "otherone"},
           {"\"complete\":true", "\"complete\":null"},
           {"{\"epoch\"", "{\"epo\""},
           {"\"arena\":\"ticks\"", "\"arena\":" + std::string(10'000, '[') + std::string(10'000, ']')},
           {"{", "["},
           {"ticks", "ti\xff"}})
    EXPECT_NE(with(from, to), "") << from << " -> " << to;
}

// Any change leads to a message that is whole, or to an error, and to nothing else.
TEST(HostileMessageTest, ChangesAtRandomAreErrorsAtMost) {
  std::mt19937 random(7);
  const auto below = [&](std::size_t end) { return std::uniform_int_distribution<std::size_t>(0, end - 1)(random); };
  for (int i = 0; i < 30'000; ++i) {
    Wire wire = i % 3 == 0 ? some_values() : i % 3 == 1 ? some_losses() : a_schema();
    for (std::size_t changes = below(3) + 1; changes > 0; --changes) {
      std::string& value = wire.headers[below(wire.headers.size())].second;
      switch (below(4)) {
        case 0: value[below(value.size())] = static_cast<char>('0' + below(10)); break;
        case 1: value = std::to_string(std::uint64_t{1} << below(64)); break;
        case 2: wire.payload[below(wire.payload.size())] = static_cast<std::byte>(below(256)); break;
        default: std::swap(value, wire.headers[below(wire.headers.size())].second);
      }
    }
    complaint(wire);
  }
}

}  // namespace
}  // namespace arena_shm::bridge
