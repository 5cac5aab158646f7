// What a filter is compiled to: a row of instructions over a truth and a few numbers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "filter/number.hpp"

namespace arena_shm::filter {

/// What stands beside a record.
struct Beside {
  std::uint64_t seq = 0;
  std::optional<std::int64_t> time_ns{};  ///< when the value was appended, since 1970
};

/// How a number lies in the record, or beside it.
enum class Load : std::uint8_t { u8, u16, u32, u64, i8, i16, i32, i64, f32, f64, truth, seq, time };

enum class Op : std::uint8_t {
  // They set the truth.
  test_whole,     ///< the field's key - low <= span, or not so if `flag`; key: its bits, those of a signed one moved up
  test_real,      ///< the field `relation` reals[argument]
  compare_texts,  ///< the text of `argument` bytes `relation` texts[low], or, if not `flag`, the one of `span` at `low`
  compare,        ///< takes two numbers
  has_bits,       ///< takes two numbers
  is_nan,         ///< takes a number
  set,            ///< to `flag`
  invert,
  // They go on behind the next `argument` instructions.
  skip_if_false,
  skip_if_true,
  // They add to the numbers, or replace the last one or two.
  push_constant,  ///< numbers[argument]
  push_field,
  push_truth,
  add,
  subtract,
  multiply,
  divide,
  remainder,
  negate,
  absolute,
};

struct Instruction {
  Op op = Op::set;
  Load load = Load::u8;
  Relation relation = Relation::equal;
  bool flag = false;
  std::uint32_t offset = 0;  ///< of the field, in bytes
  std::uint32_t argument = 0;
  std::uint64_t low = 0;
  std::uint64_t span = 0;
};

inline constexpr std::size_t kMaxNumbers = 64;  ///< at the same time

struct Program {
  std::vector<Instruction> instructions;
  std::vector<Number> numbers;
  std::vector<double> reals;
  std::vector<std::string> texts;

  /// The truth at the end. Requires: a record of the schema it was compiled for. No allocation. Thread safety: any
  /// number of threads at the same time.
  bool run(std::span<const std::byte> record, const Beside& beside) const noexcept;
};

/// The key of a number of this kind: keys have the order of the numbers.
inline std::uint64_t key_of(std::uint64_t bits, bool is_signed) noexcept {
  return is_signed ? bits ^ (std::uint64_t{1} << 63) : bits;
}

}  // namespace arena_shm::filter
