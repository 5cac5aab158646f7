// A C++ program with the struct of partner_test.go.
//
//   go-partner create NAME   makes the ring, writes three values, and waits for the end of its input
//   go-partner read NAME     prints the values of one that somebody else has made
#include <arena_shm/arena.hpp>
#include <arena_shm/describe.hpp>
#include <array>
#include <cstdint>
#include <cstring>
#include <exception>
#include <iostream>
#include <string>

enum class Side : std::uint8_t { buy, sell };
BOOST_DESCRIBE_ENUM(Side, buy, sell)
struct Leg {
  double px;
  std::uint16_t qty;
};
BOOST_DESCRIBE_STRUCT(Leg, (), (px, qty))
struct Trade {
  std::int64_t ts;
  char sym[8];
  Side side;
  bool firm;
  Leg legs[2];
  std::array<std::uint8_t, 3> raw;
};
BOOST_DESCRIBE_STRUCT(Trade, (), (ts, sym, side, firm, legs, raw))
template <>
inline constexpr auto arena_shm::kFieldNotes<Trade> =
    std::array{arena_shm::FieldNote{.field = "ts", .unit = "ns", .is_time = true}};

namespace {

void create(const char* name) {
  auto arena = arena_shm::Arena<Trade>::create(name, {.slots = 8});
  auto writer = arena.writer();
  for (std::int64_t i = 1; i <= 3; ++i) {
    Trade trade{.ts = i, .sym = "ES", .side = Side::sell, .firm = true, .legs = {{1.5, 2}, {2.5, 3}}, .raw = {7, 8, 9}};
    writer.alloc(trade);
  }
  std::cout << "written" << std::endl;
  std::cin.get();
}

void read(const char* name) {
  auto reader = arena_shm::ArenaView<Trade>::open(name).reader(arena_shm::From::oldest);
  while (const auto entry = reader.next()) {
    const Trade& trade = entry->value;
    std::cout << entry->seq << ' ' << trade.ts << ' ' << std::string(trade.sym, ::strnlen(trade.sym, sizeof trade.sym))
              << ' ' << (trade.side == Side::buy ? "buy" : "sell") << ' ' << trade.firm << ' ' << trade.legs[1].px
              << ' ' << trade.legs[1].qty << ' ' << int{trade.raw[2]} << '\n';
  }
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 3) return 2;
  if (std::string(argv[1]) == "create")
    create(argv[2]);
  else
    read(argv[2]);
  return 0;
} catch (const std::exception& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
