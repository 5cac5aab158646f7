// A described record type that has one of everything.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "arena_shm/describe.hpp"

namespace arena_shm::test {

enum class Side : std::int8_t { none = -1, buy, sell };
BOOST_DESCRIBE_ENUM(Side, none, buy, sell)

struct Sourced {
  std::uint64_t source;
};
BOOST_DESCRIBE_STRUCT(Sourced, (), (source))

struct Leg {
  float px;
  std::int16_t steps[2][3];
};
BOOST_DESCRIBE_STRUCT(Leg, (), (px, steps))

struct Tick : Sourced {
  std::uint64_t ts;
  double px;
  Side side;
  bool last;
  char sym[8];
  Leg leg;
  std::array<Leg, 2> legs;
  std::array<double, 3> depth;
  char venues[2][4];
};
BOOST_DESCRIBE_STRUCT(Tick, (Sourced), (ts, px, side, last, sym, leg, legs, depth, venues))

/// offsetof, which is for structs without bases.
template <class Member>
std::size_t offset_in_tick(Member Tick::*member) {
  const Tick tick{};
  return static_cast<std::size_t>(reinterpret_cast<const char*>(&(tick.*member)) -
                                  reinterpret_cast<const char*>(&tick));
}

}  // namespace arena_shm::test

template <>
inline constexpr auto arena_shm::kFieldNotes<arena_shm::test::Tick> = std::array{
    arena_shm::FieldNote{.field = "ts", .unit = "ns", .is_time = true},
    arena_shm::FieldNote{.field = "px", .unit = "USD"},
};
