#include "inspect/host.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/magic.h>
#include <sys/resource.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <optional>
#include <span>
#include <sstream>
#include <utility>

#include "arena_shm/core/doorbell.hpp"
#include "arena_shm/core/layout.hpp"
#include "arena_shm/core/system.hpp"
#include "arena_shm/raw.hpp"
#include "core/errno_meaning.hpp"
#include "core/memory_limits.hpp"
#include "core/segment_files.hpp"
#include "core/text_file.hpp"
#include "inspect/host_clock.hpp"
#include "inspect/logind.hpp"
#include "inspect/processes.hpp"
#include "text/quantities.hpp"

namespace arena_shm::inspect {

namespace {

constexpr std::uint64_t kMebibyte = 1 << 20;

std::string mebibytes(std::uint64_t bytes) { return fmt::format("{} MiB", bytes / kMebibyte); }

/// Of "MemAvailable:  123 kB"
std::optional<std::uint64_t> memory_info(std::string_view key) {
  std::istringstream file(core::text_of("/proc/meminfo").value_or(""));
  std::string word;
  for (std::uint64_t kibibytes = 0; file >> word >> kibibytes; std::getline(file, word)) {
    if (word == fmt::format("{}:", key)) return kibibytes * 1024;
  }
  return std::nullopt;
}

class Examination {
 public:
  std::vector<Symptom> run() {
    examine_directory();
    examine_memory();
    examine_limits();
    examine_files();
    examine_arena();
    examine_membarrier();
    examine_processes();
    examine_deaths();
    examine_remove_ipc();
    examine_pages();
    examine_processors();
    symptoms_.push_back(examine_clock());
    return std::move(symptoms_);
  }

 private:
  void add(Health health, std::string what, std::string found, std::string remedy = {}) {
    symptoms_.push_back({health, std::move(what), std::move(found), std::move(remedy)});
  }

  void add_failure(std::string what, int error, core::Act act) {
    core::Meaning meaning = core::meaning_of(error, act);
    add(Health::broken, std::move(what), meaning.found + " (" + core::errno_text(error) + ")",
        std::move(meaning.remedy));
  }

  void examine_directory() {
    struct statfs system {};
    if (::statfs(core::kDirectory, &system) != 0) {
      add(Health::broken, core::kDirectory, core::errno_text(errno), "mount -t tmpfs tmpfs /dev/shm");
      return;
    }
    if (system.f_type != TMPFS_MAGIC) {
      add(Health::warning, core::kDirectory, "not a tmpfs",
          "other file systems write the values to a disk: mount -t tmpfs tmpfs /dev/shm");
    }
    const auto block = static_cast<std::uint64_t>(system.f_bsize);
    const std::uint64_t size = system.f_blocks * block;
    const std::uint64_t free = system.f_bavail * block;
    const std::string found = fmt::format("{} of {} free", mebibytes(free), mebibytes(size));
    const bool is_limited = size != 0;
    if (::access(core::kDirectory, W_OK) != 0) {
      add(Health::broken, core::kDirectory, "no permission to write", "chmod 1777 /dev/shm");
    } else if (is_limited && free < 64 * kMebibyte) {
      add(Health::warning, core::kDirectory, found,
          "remove arenas (arena-shm gc), or make it larger: mount -o remount,size=SIZE /dev/shm; in a container: "
          "--shm-size=SIZE");
    } else {
      add(Health::ok, core::kDirectory, is_limited ? found : "no limit");
    }
    shm_free_ = is_limited ? free : 0;
  }

  void examine_memory() {
    const auto available = memory_info("MemAvailable");
    if (!available) {
      add(Health::note, "memory", "unknown: not in /proc/meminfo");
      return;
    }
    const bool is_short = shm_free_ > *available;
    add(is_short ? Health::note : Health::ok, "memory", mebibytes(*available) + " available",
        is_short ? "this is less than is free in /dev/shm: the kernel may kill processes before it is full" : "");
    examine_memory_limit();
    if (memory_info("SwapTotal").value_or(0) > 0) {
      add(Health::note, "swap", "on", "unused values may be swapped out; for steady latency: swapoff -a");
    }
    const auto overcommit = core::first_line_of("/proc/sys/vm/overcommit_memory");
    if (overcommit == "2") {
      add(Health::note, "overcommit", "2: strict",
          fmt::format("arenas count towards CommitLimit: {}, of which {} are in use",
                      mebibytes(memory_info("CommitLimit").value_or(0)),
                      mebibytes(memory_info("Committed_AS").value_or(0))));
    } else if (overcommit) {
      add(Health::ok, "overcommit", *overcommit);
    }
  }

  /// Of all that this process's control groups set, the one that counts.
  void examine_memory_limit() {
    const auto limit = core::tightest_memory_limit();
    if (!limit) {
      add(Health::ok, "memory limit", "none visible to this process");
      return;
    }
    add(limit->room_bytes() < 64 * kMebibyte ? Health::warning : Health::note, "memory limit",
        mebibytes(limit->room_bytes()) + " left " + limit->describe(),
        "an arena counts towards the limit of its creator; for larger arenas, raise this limit of the control group");
  }

  void examine_limits() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_FSIZE, &limit) == 0) {
      const bool is_free = limit.rlim_cur == RLIM_INFINITY;
      add(is_free ? Health::ok : Health::warning, "RLIMIT_FSIZE",
          is_free ? "unlimited" : text::counted(limit.rlim_cur, "byte"),
          is_free ? "" : "larger arenas cannot be created; raise the limit: ulimit -f unlimited");
    }
    if (::getrlimit(RLIMIT_MEMLOCK, &limit) == 0) {
      add(Health::ok, "RLIMIT_MEMLOCK",
          limit.rlim_cur == RLIM_INFINITY
              ? "unlimited"
              : fmt::format("{} KiB; this is enough unless a program calls mlockall", limit.rlim_cur / 1024));
    }
  }

  /// O_TMPFILE and OFD locks.
  void examine_files() {
    const core::Descriptor file(core::open_above_standard(core::kDirectory, O_TMPFILE | O_RDWR, 0600));
    if (!file && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL)) {
      add(Health::note, "O_TMPFILE", core::errno_text(errno), "arenas are created under a temporary name instead");
      return;
    }
    if (!file) {
      add_failure("O_TMPFILE", errno, core::Act::make);
      return;
    }
    add(Health::ok, "O_TMPFILE", "works");
    struct flock lease {};
    lease.l_type = F_WRLCK;
    lease.l_whence = SEEK_SET;
    lease.l_start = static_cast<off_t>(core::kLeaseBase);
    lease.l_len = 1;
    if (::fcntl(file.get(), F_OFD_SETLK, &lease) != 0) {
      add_failure("OFD locks", errno, core::Act::take_seat);
      return;
    }
    const core::Descriptor other(
        core::open_above_standard(fmt::format("/proc/self/fd/{}", file.get()).c_str(), O_RDWR));
    if (!other) {
      add(Health::note, "OFD locks", "can be taken; without /proc, it is unknown whether others see them");
      return;
    }
    lease.l_type = F_RDLCK;
    const bool is_seen = ::fcntl(other.get(), F_OFD_GETLK, &lease) == 0 && lease.l_type == F_WRLCK;
    add(is_seen ? Health::ok : Health::broken, "OFD locks",
        is_seen ? "work" : "can be taken, but other processes do not see them",
        is_seen ? "" : "use a real Linux kernel, not an emulation: writers need these locks");
  }

  void examine_arena() {
    const std::string name = fmt::format("arena-shm-doctor-{}", ::getpid());
    try {
      const RawArena arena =
          RawArena::create(name, {"", sizeof(std::uint64_t), sizeof(std::uint64_t), ""}, {.slots = 2});
      RawArena::remove(name);
      std::uint64_t value = 42;
      std::uint64_t back = 0;
      const std::uint64_t seq = arena.writer("doctor").alloc(std::as_bytes(std::span(&value, 1)));
      const bool is_back =
          arena.read(seq, std::as_writable_bytes(std::span(&back, 1))) == ReadStatus::ok && back == value;
      add(is_back ? Health::ok : Health::broken, "an arena",
          is_back ? "created, written, read and removed" : "a value was written, but could not be read back");
    } catch (const Error& error) {
      add(Health::broken, "an arena", error.what(), "see the other lines of this list");
    }
  }

  void examine_membarrier() {
    const bool works = core::register_for_membarrier();
    add(works ? Health::ok : Health::note, "membarrier", works ? "works" : "refused",
        works ? "" : "each append needs a full fence instead: use Linux 4.16 or later, without a membarrier filter");
  }

  void examine_processes() {
    if (core::first_line_of("/proc/self/stat") == std::nullopt) {
      add(Health::warning, "/proc", "not mounted", "nobody can tell who maps an arena: mount -t proc proc /proc");
    } else if (!sees_all_processes()) {
      add(Health::note, "/proc", "shows only the processes of this user (hidepid)",
          "run inspect and gc as root to see who maps an arena");
    } else if (::geteuid() != 0) {
      add(Health::ok, "/proc", "shows all processes; only root sees the mappings of other users' processes");
    } else {
      add(Health::ok, "/proc", "shows all processes");
    }
  }

  void examine_deaths() {
    if (const std::string_view obstacle = obstacle_to_early_proof(); !obstacle.empty()) {
      add(Health::note, "deaths", fmt::format("not detected early: {}", obstacle),
          "a death is seen only after the kernel has freed the memory (50 ms per GiB) or written the core dump");
    } else {
      add(Health::ok, "deaths",
          ::geteuid() == 0 ? "detected within milliseconds"
                           : "detected within milliseconds; later if a process of another user has forked meanwhile");
    }
  }

  void examine_remove_ipc() {
    if (::access("/run/systemd/system", F_OK) != 0) {
      add(Health::ok, "RemoveIPC", "no systemd on this host");
      return;
    }
    const auto setting = remove_ipc_setting();
    const bool removes = !setting || (*setting != "no" && *setting != "false" && *setting != "0" && *setting != "off" &&
                                      *setting != "n" && *setting != "f");
    add(removes ? Health::warning : Health::ok, "RemoveIPC", setting.value_or("yes, the default"),
        removes
            ? "when a user (not a system user) logs out for the last time, systemd removes the user's arenas; to keep "
              "them: RemoveIPC=no in /etc/systemd/logind.conf, or loginctl enable-linger"
            : "");
  }

  void examine_pages() {
    const auto setting = core::first_line_of("/sys/kernel/mm/transparent_hugepage/shmem_enabled");
    if (!setting) {
      add(Health::note, "huge pages", "this kernel does not support them for shared memory");
      return;
    }
    const std::size_t open = setting->find('[');
    const std::string chosen = setting->substr(open + 1, setting->find(']') - open - 1);
    const bool is_used = chosen == "always" || chosen == "within_size" || chosen == "force";
    add(is_used ? Health::ok : Health::note, "huge pages", chosen,
        is_used ? ""
                : "for rings of many megabytes: echo within_size > /sys/kernel/mm/transparent_hugepage/shmem_enabled");
  }

  void examine_processors() {
    const auto governor = core::first_line_of("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor");
    const bool is_slow = governor && *governor != "performance";
    add(is_slow ? Health::note : Health::ok, "frequency", governor.value_or("not visible to this process"),
        is_slow ? "for steady latency: cpupower frequency-set -g performance" : "");
    const std::string isolated = core::first_line_of("/sys/devices/system/cpu/isolated").value_or("");
    const std::string all = text::counted(static_cast<std::uint64_t>(::sysconf(_SC_NPROCESSORS_ONLN)), "processor");
    if (isolated.empty()) {
      add(Health::note, "pinning", all + ", none isolated",
          "for latency without outliers: isolcpus= on the kernel's command line, and taskset for writers and readers");
    } else {
      add(Health::ok, "pinning", fmt::format("{}, isolated: {}", all, isolated));
    }
  }

  std::vector<Symptom> symptoms_;
  std::uint64_t shm_free_ = 0;
};

}  // namespace

std::string_view to_string(Health health) noexcept {
  switch (health) {
    case Health::ok: return "ok";
    case Health::note: return "note";
    case Health::warning: return "warning";
    case Health::broken: break;
  }
  return "broken";
}

std::vector<Symptom> examine_host() { return Examination().run(); }

}  // namespace arena_shm::inspect
