// What is to be captured, as it was typed.
#pragma once

#include <string>

namespace arena_shm::serve {

struct CaptureOrder {
  std::string before{};  ///< a time like "5s", or a number of values; nothing is none
  std::string after{};   ///< the same
  std::string when{};    ///< a filter's expression: the first value from now on that matches triggers; nothing: now
};

}  // namespace arena_shm::serve
