// Recordings that describe themselves, from whomever: Arrow streams and MCAP files, as what `export` opens.
#include <sys/mman.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "arena_shm/error.hpp"
#include "recording/recording_source.hpp"

namespace {

class Silent final : public arena_shm::recording::Attendant {
 public:
  bool stop_requested() const noexcept override { return false; }
  void note(std::string_view) override {}
  void tell(std::string_view) override {}
  void show_progress(std::string_view) override {}
};

}  // namespace

// The first byte says whether fields are given.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace arena_shm;
  if (size == 0) return 0;
  static const int file = ::memfd_create("recording", MFD_CLOEXEC);
  static const std::string path = "/proc/self/fd/" + std::to_string(file);
  if (::ftruncate(file, 0) != 0 || ::pwrite(file, data + 1, size - 1, 0) != static_cast<ssize_t>(size - 1)) return 0;
  Silent attendant;
  try {
    const auto source =
        recording::open_recording(path, data[0] % 2 == 0 ? "" : "u64 ts, f64 px, s4 sym, 4x", attendant);
    std::uint64_t gaps = 0;
    source->on_gap([&](const Gap& gap) { gaps += gap.count(); });
    std::vector<std::byte> row(source->record().row_bytes());
    constexpr int kMostRows = 100'000;
    for (int i = 0; i < kMostRows && source->next(row); ++i) continue;
  } catch (const Error&) {
  }
  return 0;
}
