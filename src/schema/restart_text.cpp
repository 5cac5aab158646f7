#include "schema/restart_text.hpp"

#include <fmt/format.h>

#include "text/time_text.hpp"

namespace arena_shm::schema {

std::string describe(std::string_view arena, const Restart& restart) {
  constexpr std::int64_t kNsPerSecond = 1'000'000'000;
  return fmt::format("restarted: arena '{}' was created anew at {}, epoch {:02x}; the one before had {:02x}", arena,
                     text::time_text(restart.created_ns, kNsPerSecond), fmt::join(restart.now, ""),
                     fmt::join(restart.before, ""));
}

}  // namespace arena_shm::schema
