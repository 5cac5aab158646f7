#include "filter/program.hpp"

#include <array>
#include <cmath>
#include <cstring>
#include <string_view>

#include "schema/value_text.hpp"

namespace arena_shm::filter {

namespace {

template <class T>
T read(const std::byte* at) noexcept {
  T value;
  std::memcpy(&value, at, sizeof(value));
  return value;
}

template <class T>
std::uint64_t signed_bits(const std::byte* at) noexcept {
  return static_cast<std::uint64_t>(std::int64_t{read<T>(at)});
}

// Of whole numbers, as 64 bits.
std::uint64_t bits_of(Load load, const std::byte* at, const Beside& beside) noexcept {
  switch (load) {
    case Load::u8: return read<std::uint8_t>(at);
    case Load::u16: return read<std::uint16_t>(at);
    case Load::u32: return read<std::uint32_t>(at);
    case Load::u64: return read<std::uint64_t>(at);
    case Load::i8: return signed_bits<std::int8_t>(at);
    case Load::i16: return signed_bits<std::int16_t>(at);
    case Load::i32: return signed_bits<std::int32_t>(at);
    case Load::i64: return signed_bits<std::int64_t>(at);
    case Load::truth: return read<std::uint8_t>(at) != 0 ? 1 : 0;
    case Load::seq: return beside.seq;
    default: return 0;
  }
}

bool is_signed(Load load) noexcept { return load >= Load::i8 && load <= Load::i64; }

double real_of(Load load, const std::byte* at) noexcept {
  return load == Load::f32 ? static_cast<double>(read<float>(at)) : read<double>(at);
}

Number number_of(Load load, const std::byte* at, const Beside& beside) noexcept {
  if (load == Load::f32 || load == Load::f64) return real(real_of(load, at));
  if (load == Load::time) return beside.time_ns ? whole(*beside.time_ns) : none();
  const std::uint64_t bits = bits_of(load, at, beside);
  return is_signed(load) ? whole(static_cast<std::int64_t>(bits)) : whole(Wide{bits});
}

bool is_in_span(const Instruction& one, const std::byte* at, const Beside& beside) noexcept {
  const std::uint64_t key = key_of(bits_of(one.load, at, beside), is_signed(one.load));
  return (key - one.low <= one.span) != one.flag;
}

}  // namespace

bool Program::run(std::span<const std::byte> record, const Beside& beside) const noexcept {
  std::array<Number, kMaxNumbers> stack;
  Number* top = stack.data();  // behind the last one
  bool truth = false;
  const auto text_at = [&](std::uint64_t offset, std::uint64_t bytes) {
    return schema::text_of(record.subspan(offset, bytes));
  };
  const auto combine = [&](Number (*how)(const Number&, const Number&) noexcept) {
    --top;
    top[-1] = how(top[-1], top[0]);
  };
  for (std::size_t i = 0; i < instructions.size(); ++i) {
    const Instruction& one = instructions[i];
    const std::byte* at = record.data() + one.offset;
    switch (one.op) {
      case Op::test_whole: truth = is_in_span(one, at, beside); break;
      case Op::test_real: truth = holds(one.relation, real_of(one.load, at) <=> reals[one.argument]); break;
      case Op::compare_texts: {
        const std::string_view right = one.flag ? std::string_view(texts[one.low]) : text_at(one.low, one.span);
        truth = holds(one.relation, text_at(one.offset, one.argument) <=> right);
        break;
      }
      case Op::compare:
        top -= 2;
        truth = holds(one.relation, top[0], top[1]);
        break;
      case Op::has_bits:
        top -= 2;
        truth = has_bits(top[0], top[1]);
        break;
      case Op::is_nan:
        --top;
        truth = top->kind == Number::Kind::real && std::isnan(top->real);
        break;
      case Op::set: truth = one.flag; break;
      case Op::invert: truth = !truth; break;
      case Op::skip_if_false:
        if (!truth) i += one.argument;
        break;
      case Op::skip_if_true:
        if (truth) i += one.argument;
        break;
      case Op::push_constant: *top++ = numbers[one.argument]; break;
      case Op::push_field: *top++ = number_of(one.load, at, beside); break;
      case Op::push_truth: *top++ = whole(truth ? 1 : 0); break;
      case Op::add: combine(add); break;
      case Op::subtract: combine(subtract); break;
      case Op::multiply: combine(multiply); break;
      case Op::divide: combine(divide); break;
      case Op::remainder: combine(remainder); break;
      case Op::negate: top[-1] = negate(top[-1]); break;
      case Op::absolute: top[-1] = absolute(top[-1]); break;
    }
  }
  return truth;
}

}  // namespace arena_shm::filter
