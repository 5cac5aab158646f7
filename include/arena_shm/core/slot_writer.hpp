// Building a value in its slot, front to back, without a private copy first.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "arena_shm/core/words.hpp"

namespace arena_shm {

/// Handed to a noexcept callable by `alloc_with`: appends bytes to the value that is being published. What is not
/// written is zero in the end, so that nothing of an older value shows. There is no way to read, or to go back.
class SlotWriter {
 public:
  SlotWriter(std::uint64_t* payload, std::size_t size_bytes) noexcept : payload_(payload), size_(size_bytes) {}
  SlotWriter(const SlotWriter&) = delete;
  SlotWriter& operator=(const SlotWriter&) = delete;

  std::size_t size_bytes() const noexcept { return size_; }
  std::size_t written_bytes() const noexcept { return written_; }

  /// Appends `count` bytes. Returns false, and appends nothing, if they do not fit.
  [[gnu::always_inline]] bool append(const void* bytes, std::size_t count) noexcept {
    if (count > size_ - written_) return false;
    const auto* from = static_cast<const std::byte*>(bytes);
    if (written_ % core::kWordBytes == 0) {
      const std::size_t whole = count - count % core::kWordBytes;
      core::store_words(payload_ + written_ / core::kWordBytes, from, whole);
      from += whole;
      count -= whole;
      written_ += whole;
    }
    while (count > 0) {
      const std::size_t at = written_ % core::kWordBytes;
      const std::size_t step = count < core::kWordBytes - at ? count : core::kWordBytes - at;
      std::memcpy(reinterpret_cast<std::byte*>(&word_) + at, from, step);
      from += step;
      count -= step;
      written_ += step;
      if (written_ % core::kWordBytes == 0) flush(written_ / core::kWordBytes - 1);
    }
    return true;
  }

  /// Appends the bytes of a value.
  template <class U>
  requires std::is_trivially_copyable_v<U>
  bool append(const U& value) noexcept { return append(&value, sizeof(U)); }

  /// Zeroes what was not written. Called by the library.
  void finish() noexcept {
    std::size_t next = written_ / core::kWordBytes;
    if (written_ % core::kWordBytes != 0) flush(next++);
    for (; next < core::words_for(size_); ++next) core::store_word(payload_ + next, 0);
  }

 private:
  void flush(std::size_t index) noexcept {
    core::store_word(payload_ + index, word_);
    word_ = 0;
  }

  std::uint64_t* payload_;
  std::size_t size_;
  std::size_t written_ = 0;
  std::uint64_t word_ = 0;
};

}  // namespace arena_shm
