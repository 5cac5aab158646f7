#include "core/dump.hpp"

#include <sys/mman.h>

#include <cerrno>
#include <cstdlib>
#include <string_view>

namespace arena_shm::core {

void keep_out_of_dumps(void* address, std::size_t bytes) noexcept {
  const char* const asked = std::getenv(kDumpVariable);
  if (asked != nullptr && *asked != '\0' && std::string_view(asked) != "0") return;
  const int saved = errno;
  ::madvise(address, bytes, MADV_DONTDUMP);
  errno = saved;
}

}  // namespace arena_shm::core
