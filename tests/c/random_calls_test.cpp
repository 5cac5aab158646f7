// The C interface: calls in random order, with handles of all states and sizes of all kinds. Each ends with a status
// that is one, and with an error that says so; what is read is whole.
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <random>
#include <vector>

#include "c/c_fixture.hpp"

namespace arena_shm::test {
namespace {

struct Pair {
  std::uint64_t one;
  std::uint64_t other;  // ~one
};

class RandomCalls {
 public:
  explicit RandomCalls(unsigned seed) : random_(seed) {}

  void call() {
    switch (below(24)) {
      case 0: return make();
      case 1: return attach();
      case 2: return close(arenas_[some()]);
      case 3: return expect(arena_shm_remove(name(), &error_));
      case 4:
        return expect(write(
            [&](auto* value, auto size) { return arena_shm_alloc(arenas_[some()], value, size, entry(), &error_); }));
      case 5: return expect(arena_shm_writer_open(arenas_[some()], "random", &fresh(writers_), &error_));
      case 6: return close(writers_[some()]);
      case 7:
        return expect(write([&](auto* value, auto size) {
          return arena_shm_writer_try_alloc(writers_[some()], value, size, entry(), &error_);
        }));
      case 8:
        return expect(write([&](auto* value, auto size) {
          return arena_shm_writer_alloc_for(writers_[some()], timeout(), value, size, entry(), &error_);
        }));
      case 9: return open_reader();
      case 10: return close(readers_[some()]);
      case 11:
        return read([&](auto* value, auto size) {
          return arena_shm_reader_next(readers_[some()], value, size, entry(), &error_);
        });
      case 12:
        return read([&](auto* value, auto size) {
          return arena_shm_read(arenas_[some()], any(), value, size, entry(), &error_);
        });
      case 13:
        return read(
            [&](auto* value, auto size) { return arena_shm_latest(arenas_[some()], value, size, entry(), &error_); });
      case 14: return expect(arena_shm_reader_wait(readers_[some()], timeout(), &error_));
      case 15:
        return expect(arena_shm_reader_seek(readers_[some()], none_of_them<arena_shm_from>(below(4)), any(), &error_));
      case 16: return open_consumer();
      case 17: return close(consumers_[some()]);
      case 18:
        return read([&](auto* value, auto size) {
          return arena_shm_consumer_next(consumers_[some()], value, size, entry(), &error_);
        });
      case 19: return read_many();
      case 20: return expect(arena_shm_consumer_release(consumers_[some()], &error_));
      case 21: {
        const std::uint64_t end = any();
        return expect(
            arena_shm_consumer_release_before(consumers_[some()], below(4) == 0 ? nullptr : &end, below(2), &error_));
      }
      case 22: {
        std::uint64_t next = 0;
        return expect(
            arena_shm_consumer_position(consumers_[some()], below(4) == 0 ? nullptr : &next, below(2), &error_));
      }
      default: return use_set();
    }
  }

  ~RandomCalls() {
    for (std::size_t i = 0; i < kHandles; ++i) {
      close(consumers_[i]);
      close(readers_[i]);
      close(writers_[i]);
      close(arenas_[i]);
    }
    arena_shm_wait_set_close(set_);
  }

  std::uint64_t read_count() const noexcept { return read_; }

 private:
  static constexpr std::size_t kHandles = 3;  // of each kind; each of them may be null

  unsigned below(unsigned end) { return static_cast<unsigned>(random_() % end); }
  std::size_t some() { return below(kHandles); }
  std::uint64_t any() { return below(4) == 0 ? random_() : below(40); }
  std::int64_t timeout() { return static_cast<std::int64_t>(below(3) * 10'000) - 10'000; }
  const char* name() { return names_[below(2)].str().c_str(); }
  arena_shm_entry* entry() { return below(2) == 0 ? nullptr : &entry_; }
  std::size_t size() { return below(8) == 0 ? below(40) : sizeof(Pair); }

  template <class Handle>
  Handle*& fresh(std::array<Handle*, kHandles>& handles) {
    Handle*& handle = handles[some()];
    close(handle);
    return handle;
  }
  static void close(arena_shm_arena*& handle) { arena_shm_close(std::exchange(handle, nullptr)); }
  static void close(arena_shm_writer*& handle) { arena_shm_writer_close(std::exchange(handle, nullptr)); }
  static void close(arena_shm_reader*& handle) { arena_shm_reader_close(std::exchange(handle, nullptr)); }
  static void close(arena_shm_consumer*& handle) { arena_shm_consumer_close(std::exchange(handle, nullptr)); }

  void expect(arena_shm_status status) {
    EXPECT_STRNE(arena_shm_status_name(status), "UNKNOWN") << status;
    EXPECT_NE(status, ARENA_SHM_E_INTERNAL) << error_.message;
    EXPECT_NE(status, ARENA_SHM_E_CORRUPT) << error_.message;
    if (status >= 0) return;
    EXPECT_EQ(error_.status, status);
    EXPECT_STRNE(error_.message, "");
    error_ = {};
  }

  void make() {
    arena_shm_options options = ARENA_SHM_OPTIONS;
    options.slots = below(9);
    options.writers = none_of_them<arena_shm_writers>(below(4));
    options.seats = below(5);
    options.time = below(2) == 0;
    options.full = none_of_them<arena_shm_full>(below(3));
    options.consumers = below(4);
    // Without patience, writers wait for ever for a durable consumer that is away, as they have to.
    if (options.full == ARENA_SHM_WAIT || below(8) == 0) {
      options.patience_ns = static_cast<std::int64_t>(below(20'000)) + 1;
      if (below(8) == 0) options.patience_ns = -options.patience_ns;
    }
    arena_shm_record record = ARENA_SHM_RECORD(Pair);
    record.size_bytes = size();
    arena_shm_arena*& arena = fresh(arenas_);
    expect(below(2) == 0 ? arena_shm_create(name(), &record, &options, &arena, &error_)
                         : arena_shm_open_or_create(name(), &record, &options, &arena, &error_));
  }
  void attach() {
    arena_shm_arena*& arena = fresh(arenas_);
    expect(below(2) == 0 ? arena_shm_open(name(), nullptr, &arena, &error_)
                         : arena_shm_view(name(), nullptr, &arena, &error_));
  }
  void open_reader() {
    arena_shm_reader_options options = ARENA_SHM_READER_OPTIONS;
    options.from = none_of_them<arena_shm_from>(below(4));
    options.seq = any();
    options.manner = none_of_them<arena_shm_manner>(below(3));
    options.order = none_of_them<arena_shm_order>(below(3));
    options.hold_ns = timeout();
    options.keep_gaps = below(3);
    expect(arena_shm_reader_open(arenas_[some()], &options, &fresh(readers_), &error_));
  }
  void open_consumer() {
    arena_shm_consumer_options options = ARENA_SHM_CONSUMER_OPTIONS;
    options.from = none_of_them<arena_shm_from>(below(4));
    options.seq = any();
    options.share = below(2) == 0;
    options.durable = below(3) == 0;
    options.explicitly = below(3) == 0;
    expect(arena_shm_consumer_open(arenas_[some()], below(2) == 0 ? "a" : "b", &options, &fresh(consumers_), &error_));
  }

  template <class Write>
  arena_shm_status write(Write&& write) {
    const std::uint64_t one = random_();
    const std::array<Pair, 3> values{{{one, ~one}, {one, ~one}, {one, ~one}}};
    return write(values.data(), size());
  }
  template <class Read>
  void read(Read&& read) {
    std::array<Pair, 3> values{};
    const arena_shm_status status = read(values.data(), size());
    expect(status);
    if (status == ARENA_SHM_OK) expect_whole(values[0]);
  }
  void read_many() {
    std::array<Pair, 3> values{};
    std::array<arena_shm_entry, 3> entries{};
    const std::size_t capacity = below(4);
    std::size_t count = 0;
    arena_shm_entry* const wanted = below(3) == 0 ? nullptr : entries.data();
    expect(below(2) == 0 ? arena_shm_reader_next_many(readers_[some()], values.data(), capacity * sizeof(Pair), wanted,
                                                      capacity, &count, &error_)
                         : arena_shm_consumer_next_many(consumers_[some()], values.data(), capacity * sizeof(Pair),
                                                        wanted, capacity, &count, &error_));
    ASSERT_LE(count, capacity);
    for (std::size_t i = 0; i < count; ++i) expect_whole(values[i]);
  }
  void expect_whole(const Pair& value) {
    ++read_;
    // In a ring of smaller records there is no second half.
    EXPECT_TRUE(value.other == 0 || value.other == ~value.one) << value.one << ' ' << value.other;
  }
  void use_set() {
    if (set_ == nullptr) expect(arena_shm_wait_set_open(&set_, &error_));
    switch (below(8)) {
      case 0: return expect(arena_shm_wait_set_add_reader(set_, readers_[some()], &error_));
      case 1: return expect(arena_shm_wait_set_add_consumer(set_, consumers_[some()], &error_));
      case 2: return expect(arena_shm_wait_set_add_writer(set_, writers_[some()], &error_));
      case 3: return arena_shm_wait_set_remove_reader(set_, readers_[some()]);
      case 4: return arena_shm_wait_set_remove_consumer(set_, consumers_[some()]);
      case 5: return arena_shm_wait_set_remove_writer(set_, writers_[some()]);
      case 6: return arena_shm_wait_set_close(std::exchange(set_, nullptr));
      default: return expect(arena_shm_wait_set_wait(set_, timeout(), &error_));
    }
  }

  std::mt19937_64 random_;
  std::array<TempName, 2> names_;
  std::array<arena_shm_arena*, kHandles> arenas_{};
  std::array<arena_shm_writer*, kHandles> writers_{};
  std::array<arena_shm_reader*, kHandles> readers_{};
  std::array<arena_shm_consumer*, kHandles> consumers_{};
  arena_shm_wait_set* set_ = nullptr;
  arena_shm_error error_{};
  arena_shm_entry entry_{};
  std::uint64_t read_ = 0;
};

TEST(CRandomCallsTest, EachEndsWithAStatus) {
  const auto duration = std::chrono::seconds(std::getenv("ARENA_SHM_LONG") != nullptr ? 60 : 2);
  const auto end = std::chrono::steady_clock::now() + duration;
  std::uint64_t read = 0;
  for (unsigned seed = 1; std::chrono::steady_clock::now() < end && !::testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    RandomCalls calls(seed);
    for (int i = 0; i < 400; ++i) calls.call();
    read += calls.read_count();
  }
  EXPECT_GT(read, 0U);
}

}  // namespace
}  // namespace arena_shm::test
