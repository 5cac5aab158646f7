// Shared memory for the floors and the peers: of the same kind as a segment's, in /dev/shm, all pages there.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <new>
#include <utility>

namespace arena_shm::bench {

/// A nameless piece of /dev/shm, zeroed, mapped shared: forked children have it at the same address.
class SharedBlock {
 public:
  explicit SharedBlock(std::size_t bytes);
  SharedBlock(const SharedBlock&) = delete;
  SharedBlock& operator=(const SharedBlock&) = delete;
  ~SharedBlock();

  std::byte* data() const noexcept { return data_; }
  /// Maps every page in the calling process.
  void touch() const noexcept;

 private:
  std::byte* data_ = nullptr;
  std::size_t bytes_ = 0;
};

/// An object in a block of its own. Its destructor does not run: other processes may still use it.
template <class T>
class Shared {
 public:
  template <class... Arguments>
  explicit Shared(Arguments&&... arguments)
      : block_(std::make_unique<SharedBlock>(sizeof(T))),
        object_(new (block_->data()) T(std::forward<Arguments>(arguments)...)) {}

  T& operator*() const noexcept { return *object_; }
  T* operator->() const noexcept { return object_; }
  T* get() const noexcept { return object_; }
  void touch() const noexcept { block_->touch(); }

 private:
  std::unique_ptr<SharedBlock> block_;
  T* object_;
};

}  // namespace arena_shm::bench
