#include "bench/channels/roudi.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <functional>
#include <iceoryx_hoofs/error_handling/error_handling.hpp>
#include <iceoryx_hoofs/log/logmanager.hpp>
#include <iceoryx_hoofs/posix_wrapper/posix_access_rights.hpp>
#include <iceoryx_posh/iceoryx_posh_config.hpp>
#include <iceoryx_posh/internal/roudi/roudi.hpp>
#include <iceoryx_posh/roudi/iceoryx_roudi_components.hpp>
#include <iceoryx_posh/runtime/posh_runtime.hpp>
#include <initializer_list>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>

namespace arena_shm::bench {
namespace {

constexpr std::string_view kReady = "ready";
constexpr std::chrono::seconds kPatience{10};
constexpr std::uint64_t kMiB = 1 << 20;
constexpr std::uint64_t kNeededMiB = 66;  // 63 for what RouDi keeps about ports, of which it has hundreds
constexpr std::uint32_t kChunks = 1024;   // more than the queues of a group hold

void be_silent() {
  iox::log::LogManager::GetLogManager().SetDefaultLogLevel(iox::log::LogLevel::kOff,
                                                           iox::log::LogLevelOutput::kHideLogLevel);
}

/// What the names of the members of this benchmark begin with.
std::string member_prefix(pid_t coordinator) { return "arena-bench-member." + std::to_string(coordinator) + "."; }

/// A member is ended from outside, and leaves behind the socket on which RouDi has answered it, and a lock.
void remove_files(pid_t coordinator) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(iox::platform::IOX_UDS_SOCKET_PATH_PREFIX, error)) {
    if (entry.path().filename().string().starts_with(member_prefix(coordinator))) {
      std::filesystem::remove(entry.path(), error);
    }
  }
}

/// RouDi dies if there is not enough, and leaves behind what it has taken.
bool has_space() {
  struct statvfs shm {};
  return ::statvfs("/dev/shm", &shm) == 0 && shm.f_bavail * shm.f_frsize >= kNeededMiB * kMiB;
}

void tell(int fd, std::string_view text) { static_cast<void>(::write(fd, text.data(), text.size())); }

/// Ends at SIGCONT, the only signal that also wakes who rests: it comes from ~Roudi, or when the benchmark is no more.
/// Others that ask for an end are for the benchmark.
[[noreturn]] void be_roudi(int report, std::size_t value_bytes, pid_t parent) {
  sigset_t end;
  ::sigemptyset(&end);
  ::sigaddset(&end, SIGCONT);
  ::pthread_sigmask(SIG_BLOCK, &end, nullptr);
  for (const int signal : {SIGHUP, SIGINT, SIGTERM}) ::signal(signal, SIG_IGN);
  ::setsid();  // nor does the terminal wake it
  ::prctl(PR_SET_PDEATHSIG, SIGCONT);
  if (::getppid() != parent) ::_exit(1);
  const int nowhere = ::open("/dev/null", O_RDWR);
  ::dup2(nowhere, STDOUT_FILENO);
  ::dup2(nowhere, STDERR_FILENO);

  be_silent();
  const auto handler = iox::ErrorHandler::setTemporaryErrorHandler(
      [report](iox::Error error, const std::function<void()>&, iox::ErrorLevel level) {
        if (level != iox::ErrorLevel::FATAL) return;
        const bool another = error == iox::Error::kICEORYX_ROUDI_MEMORY_MANAGER__ROUDI_STILL_RUNNING;
        tell(report, another ? "another one runs on this host" : iox::ErrorHandler::toString(error));
        ::_exit(1);
      });
  {
    iox::mepoo::MePooConfig chunks;
    chunks.addMemPool({static_cast<std::uint32_t>(value_bytes), kChunks});
    const auto group = iox::posix::PosixGroup::getGroupOfCurrentProcess().getName();
    iox::RouDiConfig_t config;
    config.m_sharedMemorySegments.emplace_back(group, group, chunks);
    iox::roudi::IceOryxRouDiComponents components(config);
    // It kills nobody: it learns of the members' end last.
    iox::roudi::RouDi roudi(components.rouDiMemoryManager, components.portManager,
                            {iox::roudi::MonitoringMode::OFF, false});
    tell(report, kReady);
    int signal = 0;
    ::sigwait(&end, &signal);
  }
  remove_files(parent);
  ::_exit(0);
}

/// What it reports when it runs, or cannot.
std::string await_report(int fd) {
  pollfd report{.fd = fd, .events = POLLIN, .revents = 0};
  std::array<char, 256> text{};
  const auto patience = static_cast<int>(std::chrono::milliseconds{kPatience}.count());
  if (::poll(&report, 1, patience) <= 0) return "it does not come up";
  const ssize_t bytes = ::read(fd, text.data(), text.size());
  return bytes > 0 ? std::string(text.data(), static_cast<std::size_t>(bytes)) : "it has died";
}

}  // namespace

std::shared_ptr<Roudi> Roudi::start(std::size_t value_bytes) {
  static bool refused = false;
  if (refused) return nullptr;

  std::string trouble;
  std::shared_ptr<Roudi> roudi;
  std::array<int, 2> pipe{};
  const pid_t parent = ::getpid();
  if (!has_space()) {
    trouble = "it needs " + std::to_string(kNeededMiB) + " MiB of /dev/shm";
  } else if (::pipe2(pipe.data(), O_CLOEXEC) != 0) {
    trouble = std::strerror(errno);
  } else {
    const pid_t pid = ::fork();
    if (pid == 0) be_roudi(pipe[1], value_bytes, parent);
    if (pid < 0) trouble = std::strerror(errno);
    ::close(pipe[1]);
    if (pid > 0) {
      roudi.reset(new Roudi(pid));
      trouble = await_report(pipe[0]);
    }
    ::close(pipe[0]);
  }
  if (trouble == kReady) {
    running_ = roudi;
    return roudi;
  }
  refused = true;
  std::fprintf(stderr, "iceoryx is left out: RouDi, its daemon, cannot be started: %s\n", trouble.c_str());
  return nullptr;
}

Roudi::~Roudi() {
  ::kill(pid_, SIGCONT);
  const auto stop = std::chrono::steady_clock::now() + kPatience;
  while (::waitpid(pid_, nullptr, WNOHANG) == 0) {
    if (std::chrono::steady_clock::now() > stop) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, nullptr, 0);
      return;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
  }
}

void Roudi::rest() { ::kill(pid_, SIGSTOP); }

void join_roudi() {
  static bool joined = false;
  if (joined) return;
  joined = true;
  be_silent();
  const std::string name = member_prefix(::getppid()) + std::to_string(::getpid());
  iox::runtime::PoshRuntime::initRuntime(iox::RuntimeName_t(iox::cxx::TruncateToCapacity, name.c_str()));
}

}  // namespace arena_shm::bench
