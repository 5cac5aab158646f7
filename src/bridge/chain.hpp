// Which messages of a stream count: README.md, "What is void".
#pragma once

#include <cstdint>
#include <optional>

#include "bridge/message.hpp"

namespace arena_shm::bridge {

enum class Standing : std::uint8_t {
  valid,
  void_,    ///< it is behind one that is missing, and comes again
  unknown,  ///< it follows those that were seen, and what was before them was not
};

/// Takes the messages of ours in the order of the stream, from any of them on. Thread safety: none.
class Chain {
 public:
  /// `is_cut`: what was before it in the stream has been dropped.
  Standing take(const Link& link, bool is_cut) noexcept {
    if (link.number == 0) {
      standing_ = Standing::valid;
    } else if (!before_) {
      standing_ = is_cut ? Standing::valid : Standing::unknown;
    } else if (!follows(link, before_)) {
      // Of a run that was seen to be broken, whatever was dropped.
      if (!is_cut || broken_ == link.run) {
        broken_ = link.run;
        return Standing::void_;
      }
      standing_ = Standing::valid;
    } else if (standing_ == Standing::unknown && ++followed_ >= kMostUnderWay) {
      standing_ = Standing::valid;  // what is void is never longer than what may be under way
    }
    before_ = link;
    return standing_;
  }

 private:
  std::optional<Link> before_;  // the last one that is not void
  Standing standing_ = Standing::unknown;
  std::uint64_t followed_ = 0;
  std::optional<std::uint64_t> broken_;
};

}  // namespace arena_shm::bridge
