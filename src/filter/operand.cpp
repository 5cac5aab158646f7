#include "filter/operand.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <utility>

#include "text/time_text.hpp"
#include "text/utf8.hpp"

namespace arena_shm::filter {

namespace {

using schema::Field;
using schema::Kind;

constexpr std::int64_t kNsPerSecond = 1'000'000'000;

Load load_of(const Field& field) {
  const auto of_size = [&](Load first) {  // 1, 2, 4, 8 bytes follow each other
    const auto steps = static_cast<unsigned>(std::countr_zero(field.element_bytes));
    return static_cast<Load>(static_cast<unsigned>(first) + steps);
  };
  switch (field.kind) {
    case Kind::unsigned_integer: return of_size(Load::u8);
    case Kind::signed_integer: return of_size(Load::i8);
    case Kind::floating: return field.element_bytes == sizeof(float) ? Load::f32 : Load::f64;
    default: return Load::truth;
  }
}

// All whole numbers x for which x * step `relation` constant: [first, last], or all others. The step of a real one is
// 1.
struct Span {
  Wide first = 0;
  Wide last = -1;
  bool is_inverted = false;
};

constexpr Wide kFar = Wide{1} << 100;  // beyond what any field can hold

Span span_of_whole(Relation relation, const Number& constant, Wide step) {
  Wide floor = 0;
  bool is_exact = true;
  if (constant.kind == Number::Kind::whole) {
    floor = constant.whole / step;
    is_exact = constant.whole % step == 0;
    if (!is_exact && constant.whole < 0) --floor;
  } else {
    if (std::isnan(constant.real)) return {.is_inverted = relation == Relation::unequal};
    const double lower = std::floor(constant.real);
    is_exact = lower == constant.real;
    floor = static_cast<Wide>(std::clamp(lower, -0x1p100, 0x1p100));
  }
  floor = std::clamp(floor, -kFar, kFar);
  switch (relation) {
    case Relation::equal:
    case Relation::unequal:
      return {.first = floor, .last = is_exact ? floor : floor - 1, .is_inverted = relation == Relation::unequal};
    case Relation::less: return {.first = -kFar, .last = is_exact ? floor - 1 : floor};
    case Relation::less_equal: return {.first = -kFar, .last = floor};
    case Relation::greater: return {.first = floor + 1, .last = kFar};
    case Relation::greater_equal: return {.first = is_exact ? floor : floor + 1, .last = kFar};
  }
  return {};
}

}  // namespace

Unit unit_of(const Field& field) {
  if (!field.unit.empty()) {
    const auto per_second = text::units_per_second(field.unit);
    return {.ns_per_one = per_second ? kNsPerSecond / *per_second : 0, .is_said = true};
  }
  const std::string_view name(field.name);
  for (const char* unit : {"us", "ms", "s"}) {
    if (name.ends_with(fmt::format("_{}", unit)))
      return {.ns_per_one = kNsPerSecond / *text::units_per_second(unit), .is_said = true};
  }
  return {.is_said = field.name.ends_with("_ns")};
}

Operand field_operand(const Field& field, const Place& place) {
  Operand operand{.place = place, .field = field, .unit = unit_of(field)};
  if (field.kind == Kind::text) {
    operand.type = Type::text;
    return operand;
  }
  const auto offset = static_cast<std::uint32_t>(field.offset_bytes);
  operand.numbers = 1;
  if (field.kind == Kind::boolean) {
    operand.type = Type::truth;
    operand.code = {{.op = Op::test_whole, .load = Load::truth, .offset = offset, .low = 1, .span = 0}};
  } else {
    operand.code = {{.op = Op::push_field, .load = load_of(field), .offset = offset}};
  }
  return operand;
}

Operand loaded(Load load, const Place& place) {
  return {.place = place,
          .unit = {.ns_per_one = load == Load::time ? 1 : 0},
          .code = {{.op = Op::push_field, .load = load}},
          .numbers = 1};
}

Operand constant_operand(const Number& number, const Place& place, Unit unit) {
  return {.place = place, .constant = number, .unit = unit, .numbers = 1};
}

void Assembler::make_pushed(Operand& operand) {
  if (operand.type == Type::truth) {
    operand.code.push_back({.op = Op::push_truth});
    operand.type = Type::number;
    operand.numbers = std::max<std::size_t>(operand.numbers, 1);
  } else if (operand.constant) {
    program_.numbers.push_back(*operand.constant);
    operand.code = {{.op = Op::push_constant, .argument = static_cast<std::uint32_t>(program_.numbers.size() - 1)}};
    operand.constant.reset();
  }
}

void Assembler::join(Operand& left, Operand&& right, Instruction op) {
  left.code.insert(left.code.end(), right.code.begin(), right.code.end());
  left.code.push_back(op);
  left.numbers = std::max(left.numbers, right.numbers + 1);
  left.field.reset();
  left.place = span_of(left.place, right.place);
  if (left.numbers > kMaxNumbers) {
    throw Complaint(expression_, left.place,
                    {.expected = fmt::format("at most {} numbers that wait for others in parentheses", kMaxNumbers),
                     .found = fmt::format("{}", left.numbers),
                     .remedy = "write the part in parentheses first, as in (b * c) + a"});
  }
}

bool Assembler::test(Operand& field, Relation relation, const Number& constant, std::int64_t ns_per_one) {
  if (field.code.size() != 1 || field.code.front().op != Op::push_field || constant.kind == Number::Kind::none)
    return false;
  Instruction& one = field.code.front();
  if (one.load == Load::time || (constant.kind == Number::Kind::real && ns_per_one != 1)) return false;
  if (one.load == Load::f32 || one.load == Load::f64) {
    const double value = constant.kind == Number::Kind::real ? constant.real : static_cast<double>(constant.whole);
    if (ns_per_one != 1 || (constant.kind == Number::Kind::whole && compare(constant, real(value)) != 0)) return false;
    one = {.op = Op::test_real, .load = one.load, .relation = relation, .offset = one.offset};
    one.argument = static_cast<std::uint32_t>(program_.reals.size());
    program_.reals.push_back(value);
    field.type = Type::truth;
    return true;
  }
  field.type = Type::truth;
  const bool is_signed = one.load >= Load::i8 && one.load <= Load::i64;
  Wide least = 0;
  Wide most = std::numeric_limits<std::uint64_t>::max();
  if (is_signed) {
    least = std::numeric_limits<std::int64_t>::min();
    most = std::numeric_limits<std::int64_t>::max();
  }
  const Span span = span_of_whole(relation, constant, ns_per_one);
  const Wide first = std::max(span.first, least);
  const Wide last = std::min(span.last, most);
  if (first > last) {
    field.code = {{.op = Op::set, .flag = span.is_inverted}};
    return true;
  }
  one = {.op = Op::test_whole, .load = one.load, .flag = span.is_inverted, .offset = one.offset};
  one.low = key_of(static_cast<std::uint64_t>(first), is_signed);
  one.span = static_cast<std::uint64_t>(last - first);
  return true;
}

void Assembler::count_in_ns(Operand& operand) {
  if (operand.unit.is_time || operand.constant) return;
  require_time(operand);
  if (operand.unit.ns_per_one != 1) {
    Operand factor = constant_operand(whole(operand.unit.ns_per_one), operand.place);
    make_pushed(factor);
    join(operand, std::move(factor), {.op = Op::multiply});
  }
  operand.unit = {.is_time = true};
}

void Assembler::require_time(const Operand& operand) const {
  if (operand.unit.is_time || operand.unit.ns_per_one != 0) return;
  const bool has_unit = operand.field && !operand.field->unit.empty();
  const std::string source =
      text::excerpt(expression_.substr(operand.place.begin, operand.place.end - operand.place.begin));
  throw Complaint(expression_, operand.place,
                  {.expected = "a number that counts ns, us, ms or s, beside a time",
                   .found = has_unit ? source + " in " + text::printable(operand.field->unit) : source,
                   .remedy = "write the number without a unit of time"});
}

Operand Assembler::chain(const std::vector<Operand>& parts, Op skip, const Place& place) {
  Operand all{.type = Type::truth, .place = place};
  std::vector<std::size_t> skips;
  for (const Operand& part : parts) {
    if (!all.code.empty()) {
      skips.push_back(all.code.size());
      all.code.push_back({.op = skip});
    }
    all.numbers = std::max(all.numbers, part.numbers);
    all.code.insert(all.code.end(), part.code.begin(), part.code.end());
  }
  for (const std::size_t at : skips) all.code[at].argument = static_cast<std::uint32_t>(all.code.size() - 1 - at);
  return all;
}

}  // namespace arena_shm::filter
