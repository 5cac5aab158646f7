// Building a value in its slot, front to back, without a private copy first.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
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
    return append_by<core::store_words>(bytes, count);
  }

  /// Appends the bytes of a value. A small one may come from registers, or from stores that are still on their way.
  template <class U>
  requires std::is_trivially_copyable_v<U>
  [[gnu::always_inline]] bool append(const U& value) noexcept {
    if constexpr (sizeof(U) <= kSmallBytes)
      return append_by<core::store_single_words>(std::addressof(value), sizeof(U));
    else
      return append(std::addressof(value), sizeof(U));
  }

  /// Zeroes what was not written. Called by the library.
  [[gnu::always_inline]] void finish() noexcept {
    std::size_t next = written_ / core::kWordBytes;
    if (written_ % core::kWordBytes != 0) core::store_word(payload_ + next++, word_);
    for (; next < core::words_for(size_); ++next) core::store_word(payload_ + next, 0);
  }

 private:
  static constexpr std::size_t kSmallBytes = 8 * core::kWordBytes;

  /// `store(target, source, bytes)` stores whole words.
  template <auto store>
  [[gnu::always_inline]] bool append_by(const void* bytes, std::size_t count) noexcept {
    if (count > size_ - written_) return false;
    const auto* from = static_cast<const std::byte*>(bytes);
    if (written_ % core::kWordBytes == 0) {
      const std::size_t whole = count - count % core::kWordBytes;
      store(payload_ + written_ / core::kWordBytes, from, whole);
      from += whole;
      count -= whole;
      written_ += whole;
    }
    for (; count >= core::kWordBytes; from += core::kWordBytes, count -= core::kWordBytes)
      append_part(from, core::kWordBytes);
    append_part(from, count);
    return true;
  }

  /// At most a word. By shifts, not by addresses: so it stays in registers.
  [[gnu::always_inline]] void append_part(const std::byte* from, std::size_t count) noexcept {
    if (count == 0) return;
    std::uint64_t part = 0;
    std::memcpy(&part, from, count);
    const std::size_t at = written_ % core::kWordBytes;
    word_ |= part << at * 8;
    if (at + count >= core::kWordBytes) {
      core::store_word(payload_ + written_ / core::kWordBytes, word_);
      word_ = at == 0 ? 0 : part >> (core::kWordBytes - at) * 8;
    }
    written_ += count;
  }

  std::uint64_t* payload_;
  std::size_t size_;
  std::size_t written_ = 0;
  std::uint64_t word_ = 0;  // what is written of the word that `written_` is in; the rest of it is zero
};

}  // namespace arena_shm
