// A header whose checksum is right and one of whose fields is not: each gets its own refusal, which names both sides.
#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "arena_shm/arena.hpp"
#include "arena_shm/raw.hpp"
#include "support/code_of.hpp"
#include "support/segment_file.hpp"
#include "support/temp_name.hpp"

namespace arena_shm {
namespace {

using core::Header;
using core::Region;
using test::code_of;
using test::SegmentFile;
using test::TempName;

using Change = std::function<void(Header&)>;

struct Refusal {
  const char* what;
  Code code;
  Change change;
};

constexpr std::uint64_t kHuge = ~std::uint64_t{0};

std::vector<Refusal> refusals_of_plain_fields() {
  return {
      {"magic", Code::not_an_arena, [](Header& h) { h.magic ^= 0x20; }},
      {"magic, other byte order", Code::incompatible_byte_order,
       [](Header& h) { h.magic = __builtin_bswap64(h.magic); }},
      {"byte order mark", Code::incompatible_byte_order, [](Header& h) { h.byte_order = 0x04030201; }},
      {"version 0", Code::incompatible_version, [](Header& h) { h.layout_version = 0; }},
      {"version 1", Code::incompatible_version, [](Header& h) { h.layout_version = 1; }},
      {"version 2", Code::incompatible_version, [](Header& h) { h.layout_version = 2; }},
      {"version 3", Code::incompatible_version, [](Header& h) { h.layout_version = 3; }},
      {"version 4", Code::incompatible_version, [](Header& h) { h.layout_version = 4; }},
      {"version 5", Code::incompatible_version, [](Header& h) { h.layout_version = 5; }},
      {"version 7", Code::incompatible_version, [](Header& h) { h.layout_version = 7; }},
      {"header size", Code::corrupt, [](Header& h) { h.header_bytes = 520; }},
      {"unknown flag", Code::incompatible_version, [](Header& h) { h.flags |= 0x80; }},
      {"exclusive with two seats", Code::corrupt, [](Header& h) { h.flags |= core::kFlagExclusive; }},
      {"segment longer than its file", Code::truncated, [](Header& h) { h.segment_bytes += h.page_bytes; }},
      {"segment shorter than its file", Code::corrupt, [](Header& h) { h.segment_bytes -= 1; }},
      {"segment of all the world", Code::truncated, [](Header& h) { h.segment_bytes = kHuge; }},
      {"no page size", Code::corrupt, [](Header& h) { h.page_bytes = 0; }},
      {"another page size", Code::corrupt, [](Header& h) { h.page_bytes *= 2; }},
      {"no slots", Code::corrupt, [](Header& h) { h.slot_count = 0; }},
      {"a slot too many", Code::corrupt, [](Header& h) { ++h.slot_count; }},
      {"a slot too few", Code::corrupt, [](Header& h) { --h.slot_count; }},
      {"slots that overflow", Code::corrupt, [](Header& h) { h.slot_count = kHuge / h.stride_bytes + 2; }},
      {"no stride", Code::corrupt, [](Header& h) { h.stride_bytes = 0; }},
      {"stride too short", Code::corrupt, [](Header& h) { h.stride_bytes -= 8; }},
      {"stride of odd bytes", Code::corrupt, [](Header& h) { h.stride_bytes += 1; }},
      {"huge stride", Code::corrupt, [](Header& h) { h.stride_bytes = kHuge - 7; }},
      {"payload on its stamp", Code::corrupt, [](Header& h) { h.payload_offset_bytes = 0; }},
      {"payload not aligned", Code::corrupt, [](Header& h) { h.payload_offset_bytes = 12; }},
      {"payload beyond its slot", Code::corrupt, [](Header& h) { h.payload_offset_bytes += 8; }},
      {"payload far away", Code::corrupt, [](Header& h) { h.payload_offset_bytes = kHuge - 7; }},
      {"no payload", Code::corrupt, [](Header& h) { h.payload_bytes = 0; }},
      {"payload too long", Code::corrupt, [](Header& h) { h.payload_bytes += 8; }},
      {"payload that overflows", Code::corrupt, [](Header& h) { h.payload_bytes = kHuge; }},
      {"no alignment", Code::corrupt, [](Header& h) { h.payload_align_bytes = 0; }},
      {"alignment to three", Code::corrupt, [](Header& h) { h.payload_align_bytes = 3; }},
      {"alignment beyond a page", Code::corrupt, [](Header& h) { h.payload_align_bytes = 2 * h.page_bytes; }},
      {"no seats", Code::corrupt, [](Header& h) { h.seat_count = 0; }},
      {"a seat too many", Code::corrupt, [](Header& h) { ++h.seat_count; }},
      {"seats beyond the limit", Code::corrupt, [](Header& h) { h.seat_count = core::kMaxSeats + 1; }},
      {"schema hash", Code::corrupt, [](Header& h) { h.schema_hash ^= 1; }},
      {"a clock without a rate", Code::corrupt, [](Header& h) { h.clock = 1; }},
      {"a rate without a clock", Code::corrupt, [](Header& h) { h.ticks_per_second = 1'000'000'000; }},
      {"a moment without a clock", Code::corrupt, [](Header& h) { h.saved.realtime_ns = 1; }},
      {"consumers in an arena that overwrites", Code::corrupt, [](Header& h) { h.consumer_count = 1; }},
      {"their seats, too", Code::corrupt,
       [](Header& h) {
         h.consumer_count = 1;
         h.seats.size_bytes += sizeof(core::Seat);
       }},
      {"a region of consumers there", Code::corrupt, [](Header& h) { h.consumers = h.doorbell; }},
      {"patience there", Code::corrupt, [](Header& h) { h.patience_ns = 1; }},
      {"a word that means nothing", Code::corrupt, [](Header& h) { h.unused = 1; }},
      {"lossless without consumers", Code::corrupt, [](Header& h) { h.flags |= core::kFlagLossless; }},
      {"endless type name", Code::corrupt, [](Header& h) { h.type_name.fill('x'); }},
      {"another type name", Code::incompatible_type, [](Header& h) { h.type_name[0] ^= 1; }},
  };
}

std::vector<Refusal> refusals_of_regions() {
  struct Named {
    const char* what;
    Region Header::*region;
  };
  std::vector<Refusal> refusals;
  for (const Named& named :
       {Named{"schema", &Header::schema}, Named{"doorbell", &Header::doorbell}, Named{"control", &Header::control},
        Named{"seats", &Header::seats}, Named{"slots", &Header::slots}}) {
    const auto region = named.region;
    const auto add = [&](const Change& change) { refusals.push_back({named.what, Code::corrupt, change}); };
    add([=](Header& h) { (h.*region).offset_bytes += 8; });
    add([=](Header& h) { (h.*region).offset_bytes = 0; });
    add([=](Header& h) { (h.*region).offset_bytes = h.segment_bytes; });
    add([=](Header& h) { (h.*region).offset_bytes = kHuge - h.page_bytes + 1; });
    add([=](Header& h) { (h.*region).offset_bytes = (region == &Header::seats ? h.control : h.seats).offset_bytes; });
    add([=](Header& h) { (h.*region).size_bytes += 1; });
    add([=](Header& h) { (h.*region).size_bytes -= 1; });
    add([=](Header& h) { (h.*region).size_bytes = h.segment_bytes; });
    add([=](Header& h) { (h.*region).size_bytes = kHuge; });
    add([=](Header& h) { (h.*region).size_bytes = kHuge - (h.*region).offset_bytes + 1; });
  }
  return refusals;
}

struct Tick {
  std::uint64_t time;
  std::uint32_t price;
};

class HeaderRefusalTest : public ::testing::Test {
 protected:
  static RecordType record() {
    RecordType type = RecordTraits<Tick>::describe();
    type.schema = "{}";
    return type;
  }

  /// What opening says after `change`; the header is whole again afterwards.
  std::optional<Error> open_after(const Change& change, bool seal = true) {
    const Header before = file_.header();
    change(file_.header());
    if (seal) file_.seal();
    std::optional<Error> error;
    try {
      ArenaView<Tick>::open(name_);
    } catch (const Error& caught) {
      error = caught;
    }
    EXPECT_EQ(code_of([&] { Arena<Tick>::open(name_); }), error ? std::optional(error->code()) : std::nullopt);
    file_.header() = before;
    return error;
  }

  void expect_refused(const std::vector<Refusal>& refusals) {
    for (const Refusal& refusal : refusals) {
      const std::optional<Error> error = open_after(refusal.change);
      ASSERT_TRUE(error.has_value()) << refusal.what;
      EXPECT_EQ(error->code(), refusal.code) << refusal.what << ": " << error->what();
      EXPECT_EQ(error->name(), name_.str()) << refusal.what;
      EXPECT_NE(error->expected(), "") << refusal.what;
      EXPECT_NE(error->found(), "") << refusal.what;
      EXPECT_NE(error->expected(), error->found()) << refusal.what;
    }
    EXPECT_EQ(code_of([&] { ArenaView<Tick>::open(name_); }), std::nullopt) << "the header is whole again";
  }

  TempName name_;
  HeaderRefusalTest() : HeaderRefusalTest(Options{.slots = 400, .seats = 2}) {}
  explicit HeaderRefusalTest(const Options& options) : arena_(RawArena::create(name_, record(), options)) {}

  void open_at_random(std::uint64_t seed);

  RawArena arena_;
  SegmentFile file_{name_};
};

class LanedHeaderRefusalTest : public HeaderRefusalTest {
 protected:
  LanedHeaderRefusalTest() : HeaderRefusalTest(Options{.slots = 400, .writers = Writers::laned, .seats = 3}) {}
};

TEST_F(LanedHeaderRefusalTest, ItsLanesHaveToFit) {
  expect_refused({
      {"exclusive, too", Code::corrupt, [](Header& h) { h.flags |= core::kFlagExclusive; }},
      {"exclusive instead", Code::corrupt, [](Header& h) { h.flags = core::kFlagExclusive; }},
      {"shared instead", Code::corrupt, [](Header& h) { h.flags = 0; }},
      {"lanes that reach into each other", Code::corrupt, [](Header& h) { h.slot_count *= 2; }},
      {"lanes apart from each other", Code::corrupt, [](Header& h) { h.slot_count /= 2; }},
      {"slots of all lanes", Code::corrupt, [](Header& h) { h.slot_count *= h.seat_count; }},
      {"slots that overflow", Code::corrupt, [](Header& h) { h.slot_count = kHuge / h.stride_bytes; }},
      {"a lane too few", Code::corrupt,
       [](Header& h) {
         --h.seat_count;
         h.seats.size_bytes -= sizeof(core::Seat);
       }},
      {"no lanes", Code::corrupt,
       [](Header& h) {
         h.seat_count = 0;
         h.seats.size_bytes = 0;
       }},
  });
}

TEST_F(LanedHeaderRefusalTest, RandomHeadersAreRefusedOrHarmless) { open_at_random(5); }

TEST_F(HeaderRefusalTest, EachPlainFieldHasItsCode) { expect_refused(refusals_of_plain_fields()); }

TEST_F(HeaderRefusalTest, EachRegionIsCheckedAgainstFileAndNeighbours) { expect_refused(refusals_of_regions()); }

TEST_F(HeaderRefusalTest, AChecksumThatIsWrongIsCorrupt) {
  const auto error = open_after([](Header& h) { h.created_ns += 1; }, false);
  ASSERT_TRUE(error.has_value());
  EXPECT_EQ(error->code(), Code::corrupt);
}

TEST_F(HeaderRefusalTest, SchemaTextThatChangedIsCorrupt) {
  file_.bytes()[file_.header().schema.offset_bytes] = std::byte{'['};
  EXPECT_EQ(code_of([&] { ArenaView<Tick>::open(name_); }), Code::corrupt);
}

// Whatever a header claims: opening ends with an Error, or with an arena all of whose slots can be looked at.
void HeaderRefusalTest::open_at_random(std::uint64_t seed) {
  std::mt19937_64 random(seed);
  const auto pick = [&]() -> std::uint64_t {
    switch (random() % 5) {
      case 0: return random();
      case 1: return random() % 64;
      case 2: return std::uint64_t{1} << (random() % 64);
      case 3: return (random() % 16) * file_.header().page_bytes;
      default: return kHuge - random() % 64;
    }
  };
  const Header before = file_.header();
  int opened = 0;
  for (int i = 0; i < 4000; ++i) {
    for (std::uint64_t changes = random() % 3 + 1; changes > 0; --changes)
      file_.at<std::uint64_t>(8 * (random() % 28)) = pick();
    file_.header().magic = before.magic;
    file_.header().layout_version = before.layout_version;
    file_.header().byte_order = before.byte_order;
    file_.header().header_bytes = before.header_bytes;
    file_.seal();
    try {
      const auto view = RawView::open(name_);
      ++opened;
      auto reader = view.reader(From::oldest);
      std::vector<std::byte> value(view.info().record.size_bytes);
      for (int n = 0; n < 3; ++n) reader.next(value);
      for (std::uint64_t slot = 0; slot < view.slots(); ++slot) static_cast<void>(*view.ptr_at(slot));
    } catch (const Error&) {
    }
    file_.header() = before;
  }
  EXPECT_GT(opened, 0) << "some changes are to fields that nothing depends on";
}

TEST_F(HeaderRefusalTest, RandomHeadersAreRefusedOrHarmless) { open_at_random(4); }

}  // namespace
}  // namespace arena_shm
