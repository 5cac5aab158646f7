#include "terminal/exit_code.hpp"

namespace arena_shm::terminal {

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

}  // namespace arena_shm::terminal
