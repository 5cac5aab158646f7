#include "tool/verbs/filter_option.hpp"

namespace arena_shm::tool {

terminal::Option add_where_option(const terminal::Command& verb, std::optional<std::string>& expression) {
  return verb
      .add_option(
          "--where", [&expression](const std::string& text) { expression = text; },
          "Only values for which this holds, like 'px > 100.5 && sym == \"ES\"'; see 'arena-shm help filters'")
      .type_name("EXPR");
}

}  // namespace arena_shm::tool
