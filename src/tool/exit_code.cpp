#include "tool/exit_code.hpp"

#include <string>
#include <vector>

#include "tool/names.hpp"
#include "tool/output.hpp"

namespace arena_shm::tool {

ExitCode exit_code_of(Code code) noexcept {
  switch (code) {
    case Code::not_found: return ExitCode::absent;
    case Code::invalid_name:
    case Code::invalid_argument: return ExitCode::usage;
    case Code::incompatible_version:
    case Code::incompatible_byte_order:
    case Code::incompatible_type:
    case Code::incompatible_options: return ExitCode::incompatible;
    default: return ExitCode::failed;
  }
}

ExitCode report(const Error& error) {
  std::string text = error.what();
  if (error.code() == Code::not_found) {
    std::vector<std::string> names;
    try {
      for_each_arena([&](const inspect::Image& arena) { names.push_back(arena.label()); }, [](const Error&) {});
    } catch (const Error&) {  // it was only for a hint
    }
    if (const auto meant = nearest(error.name(), names)) text += "; did you mean '" + *meant + "'?";
  }
  note(text);
  return exit_code_of(error.code());
}

}  // namespace arena_shm::tool
