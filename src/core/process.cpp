#include "arena_shm/core/process.hpp"

#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <new>
#include <type_traits>

#include "arena_shm/core/forked.hpp"
#include "arena_shm/error.hpp"

namespace arena_shm::core {
namespace {

/// A word that reads 0 in every new child. Where the kernel cannot do that, an ordinary one: then the pid has to do.
/// The compiler's way to make a static once is not taken: a signal handler that came in the middle of it would wait for
/// its own thread.
std::atomic<std::uint64_t>& wiped_on_fork() noexcept {
  static constinit std::atomic<std::uint64_t> fallback{0};
  static constinit std::atomic<std::atomic<std::uint64_t>*> word{nullptr};
  std::atomic<std::uint64_t>* known = word.load(std::memory_order_acquire);
  if (known != nullptr) return *known;
  const auto size = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  void* page = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  const bool wiped = page != MAP_FAILED && ::madvise(page, size, MADV_WIPEONFORK) == 0;
  std::atomic<std::uint64_t>* mine = wiped ? new (page) std::atomic<std::uint64_t>(0) : &fallback;
  if (word.compare_exchange_strong(known, mine, std::memory_order_acq_rel)) known = mine;
  if (page != MAP_FAILED && known != page) ::munmap(page, size);
  return *known;
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

/// Taken by fork itself, too. A handler of pthread_atfork that forks again, or a signal handler that comes while its
/// thread is in fork, would wait for itself: so signals are kept out from the one handler to the other.
class ForkLock {
 public:
  ForkLock() {
    ::pthread_atfork([] { before_fork(); }, [] { after_fork(); }, [] { in_child(); });
  }
  void lock() noexcept { ::pthread_mutex_lock(&mutex_); }
  void unlock() noexcept { ::pthread_mutex_unlock(&mutex_); }

  /// Require: it is locked.
  void add(InForkedChild& part) noexcept {
    part.next_ = parts_;
    if (parts_ != nullptr) parts_->before_ = &part;
    parts_ = &part;
  }
  void remove(InForkedChild& part) noexcept {
    (part.before_ != nullptr ? part.before_->next_ : parts_) = part.next_;
    if (part.next_ != nullptr) part.next_->before_ = part.before_;
  }

  static ForkLock& instance() noexcept {
    static ForkLock lock;  // not destroyed at exit: there is nothing to destroy
    static_assert(std::is_trivially_destructible_v<ForkLock>);
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
  static void in_child() noexcept {
    for (InForkedChild* part = instance().parts_; part != nullptr; part = part->next_) {
      part->holds_ = true;
      part->refuse_(part->part_);
    }
    after_fork();
  }
  static void after_fork() noexcept {
    const sigset_t before = instance().mask_of_forking_;
    instance().unlock();
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  }

  pthread_mutex_t mutex_ = PTHREAD_MUTEX_INITIALIZER;
  // Guarded by the mutex:
  sigset_t mask_of_forking_{};
  InForkedChild* parts_ = nullptr;
};

namespace {

/// Before anybody else can register handlers of fork: theirs then run while ours is not held, before fork and after it,
/// and may make and destroy handles. In the order of initialisation, 101 is the first that a program may ask for.
[[gnu::constructor(101)]] void register_for_fork() { ForkLock::instance(); }

}  // namespace

ForkGuard::ForkGuard() noexcept { ForkLock::instance().lock(); }
ForkGuard::~ForkGuard() { ForkLock::instance().unlock(); }

InForkedChild::InForkedChild(void (*refuse)(void* part) noexcept, void* part) noexcept : refuse_(refuse), part_(part) {
  const ForkGuard guard;
  ForkLock::instance().add(*this);
}

InForkedChild::~InForkedChild() {
  const ForkGuard guard;
  ForkLock::instance().remove(*this);
}

void refuse_forked(const std::string& name) {
  throw Error(Code::forked, {.name = name,
                             .doing = "use",
                             .expected = "a handle that this process opened",
                             .found = "a handle of the parent process, inherited by fork",
                             .remedy = "open the arena again in the child"});
}

}  // namespace arena_shm::core
