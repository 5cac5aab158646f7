// The files of the page, as they are in the folder `page`; CMake puts them into the program.
#pragma once

#include <string_view>

namespace arena_shm::serve {

struct Asset {
  std::string_view path;  ///< "/chart.js"
  std::string_view type;  ///< "text/javascript; charset=utf-8"
  std::string_view text;
};

/// Null if there is none. The path "/" is index.html.
const Asset* find_asset(std::string_view path) noexcept;

}  // namespace arena_shm::serve
