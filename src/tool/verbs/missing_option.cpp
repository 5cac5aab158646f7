#include "tool/verbs/missing_option.hpp"

#include <string_view>
#include <vector>

namespace arena_shm::tool {

void add_missing_option(const terminal::Command& verb, std::optional<std::string>& spellings) {
  verb.add_option("--missing", spellings,
                  "Texts that mean NaN in a column of f32 or f64, like 'NA,-999,' (default: empty, NA, N/A, null, "
                  "None, ?, ...)")
      .type_name("TEXTS");
}

schema::Missing missing_from(const std::optional<std::string>& spellings) {
  if (!spellings) return {};
  std::vector<std::string> parts;
  std::string_view rest = *spellings;
  for (;;) {
    const std::size_t comma = rest.find(',');
    parts.emplace_back(rest.substr(0, comma));
    if (comma == std::string_view::npos) return schema::Missing(parts);
    rest.remove_prefix(comma + 1);
  }
}

}  // namespace arena_shm::tool
