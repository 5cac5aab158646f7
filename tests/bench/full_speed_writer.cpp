// A writer at full speed: full_speed_writer NAME SLOTS. Says how many values it has written, whenever a line comes;
// ends with its input. For measurements of who only looks on (serve_cost.py).
#include <poll.h>

#include <array>
#include <boost/describe/class.hpp>
#include <cstdint>
#include <cstdio>
#include <iostream>
#include <string>

#include "arena_shm/arena.hpp"
#include "arena_shm/describe.hpp"

namespace {

struct Sample {
  std::uint64_t number;
  double px;
  std::array<double, 6> rest;
};
BOOST_DESCRIBE_STRUCT(Sample, (), (number, px, rest))

bool is_asked() {
  pollfd input{.fd = 0, .events = POLLIN, .revents = 0};
  return ::poll(&input, 1, 0) > 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  constexpr int kBetweenLooks = 65536;
  auto arena = arena_shm::Arena<Sample>::create(argv[1], {.slots = std::stoull(argv[2])});
  auto writer = arena.writer();
  Sample sample{};
  for (std::string line;;) {
    for (int i = 0; i < kBetweenLooks; ++i) {
      ++sample.number;
      sample.px += 0.5;
      writer.alloc(sample);
    }
    if (!is_asked()) continue;
    if (!std::getline(std::cin, line)) break;
    std::cout << sample.number << std::endl;
  }
  arena_shm::Arena<Sample>::remove(argv[1]);
}
