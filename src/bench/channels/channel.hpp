// A channel carries values from writing to reading members. Ours, the floors and the peers have the same shape, so that
// each workload is written once:
//
//   explicit C(slots)         in the coordinator, or in the only process
//   join_writer()             opens what writing needs, and maps every page of it; likewise join_reader()
//   all_joined()              takes names away
//   push(value)               false: full
//   pop(use)                  calls use(value) if there is one; false: empty
//   pop_some(use)             the same for as many as there are, up to kSome; how many. May wait for a moment.
//   wait_pop(use)             sleeps until there is one
//   lost()                    how many values the reader was too late for
//   kOverwrites               a writer never finds it full
//   kBurst                    how many values fit for sure, if it does not overwrite
//
// A channel has only those of them that some workload asks of it.
#pragma once

#include <cstddef>
#include <cstdint>

namespace arena_shm::bench {

/// What every channel has unless it says otherwise.
struct ChannelDefaults {
  static constexpr bool kOverwrites = true;
  void join_writer() {}
  void join_reader() {}
  void all_joined() {}
  std::uint64_t lost() const { return 0; }
};

/// Turns the single pop into pop_some.
template <class Channel, class Use>
std::size_t pop_up_to(Channel& channel, std::size_t most, Use&& use) {
  std::size_t count = 0;
  while (count < most && channel.pop(use)) ++count;
  return count;
}

/// Takes what is left of filling it. A channel that cannot be asked without sleeping has never been filled.
template <class Channel, class T>
void empty(Channel& channel) {
  if constexpr (requires { channel.pop([](const T&) {}); }) {
    while (channel.pop([](const T&) {})) continue;
  }
}

inline constexpr std::size_t kSome = 256;

}  // namespace arena_shm::bench
