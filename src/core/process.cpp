#include "arena_shm/core/process.hpp"

#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <new>

namespace arena_shm::core {
namespace {

/// A word that reads 0 in every new child. Where the kernel cannot do that, an ordinary one: then the pid has to do.
std::atomic<std::uint64_t>& wiped_on_fork() noexcept {
  static std::atomic<std::uint64_t> fallback{0};
  static std::atomic<std::uint64_t>* const word = []() noexcept -> std::atomic<std::uint64_t>* {
    const auto size = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    void* page = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED) return nullptr;
    if (::madvise(page, size, MADV_WIPEONFORK) == 0) return new (page) std::atomic<std::uint64_t>(0);
    ::munmap(page, size);
    return nullptr;
  }();
  return word != nullptr ? *word : fallback;
}

}  // namespace

ProcessMark ProcessMark::current() noexcept {
  static std::atomic<std::uint64_t> last_epoch{0};  // inherited: a child counts on from where its parent was
  std::atomic<std::uint64_t>& word = wiped_on_fork();
  std::uint64_t epoch = word.load(std::memory_order_relaxed);
  if (epoch == 0) {
    const std::uint64_t fresh = last_epoch.fetch_add(1, std::memory_order_relaxed) + 1;
    if (word.compare_exchange_strong(epoch, fresh, std::memory_order_relaxed)) epoch = fresh;
  }
  return {::getpid(), epoch};
}

namespace {

/// Taken by fork itself, too. A handler of pthread_atfork that forks again, or a signal handler that comes while its
/// thread is in fork, would wait for itself: so signals are kept out from the one handler to the other.
class ForkLock {
 public:
  ForkLock() { ::pthread_atfork([] { before_fork(); }, [] { after_fork(); }, [] { after_fork(); }); }
  void lock() noexcept { ::pthread_mutex_lock(&mutex_); }
  void unlock() noexcept { ::pthread_mutex_unlock(&mutex_); }

  static ForkLock& instance() noexcept {
    static ForkLock& lock = *new ForkLock;  // for ever: exit() destroys statics while other threads run
    return lock;
  }

 private:
  static void before_fork() noexcept {
    sigset_t all;
    sigset_t before;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    instance().lock();
    instance().mask_of_forking_ = before;
  }
  static void after_fork() noexcept {
    const sigset_t before = instance().mask_of_forking_;
    instance().unlock();
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  }

  pthread_mutex_t mutex_ = PTHREAD_MUTEX_INITIALIZER;
  sigset_t mask_of_forking_{};  // guarded by the mutex
};

}  // namespace

ForkGuard::ForkGuard() noexcept { ForkLock::instance().lock(); }
ForkGuard::~ForkGuard() { ForkLock::instance().unlock(); }

}  // namespace arena_shm::core
