#include "filter/compiler.hpp"

#include <fmt/format.h>

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "filter/comparison.hpp"
#include "filter/fields.hpp"
#include "filter/operand.hpp"
#include "filter/parser.hpp"
#include "text/nearest.hpp"
#include "text/utf8.hpp"

namespace arena_shm::filter {

namespace {

using Calculation = Number (*)(const Number&, const Number&) noexcept;

struct Calculator {
  Sign sign;
  Op op;
  Calculation of;
};
constexpr std::array kCalculators{Calculator{Sign::plus, Op::add, add}, Calculator{Sign::minus, Op::subtract, subtract},
                                  Calculator{Sign::times, Op::multiply, multiply},
                                  Calculator{Sign::divide, Op::divide, divide},
                                  Calculator{Sign::remainder, Op::remainder, remainder}};

class Compiler {
 public:
  Compiler(std::string_view expression, const schema::Schema& record, std::int64_t now_ns)
      : names_{expression, record, now_ns}, assembler_(expression) {}

  Program run() {
    assembler_.program().instructions = condition(parse(names_.expression)).code;
    return std::move(assembler_.program());
  }

 private:
  [[noreturn]] void refuse(const Place& place, std::string expected, std::string found, std::string remedy) const {
    throw Complaint(names_.expression, place,
                    {.expected = std::move(expected), .found = std::move(found), .remedy = std::move(remedy)});
  }

  Operand condition(const Node& node) {
    Operand operand = compile(node);
    if (operand.type == Type::truth) return operand;
    refuse(operand.place, "a condition", described(names_, operand), "compare it with something, as in px > 100.5");
  }

  Operand number(const Node& node) {
    Operand operand = compile(node);
    if (operand.type == Type::number) return operand;
    refuse(operand.place, "a number", described(names_, operand),
           operand.type == Type::text ? "texts can only be compared" : "only numbers can be calculated with");
  }

  Operand compile(const Node& node) {
    switch (node.sign) {
      case Sign::number: return constant_operand(node.number, node.place);
      case Sign::duration: return constant_operand(node.number, node.place, {.is_time = true});
      case Sign::text: return {.type = Type::text, .place = node.place, .literal = node.text};
      case Sign::path: return with_place(named(names_, node), node.place);
      case Sign::minus: return negated(node);
      case Sign::no: return inverted(node);
      case Sign::plus:
      case Sign::times: return calculated(node);
      case Sign::equal:
        return compared(names_, assembler_, compile(node.parts.front()), compile(node.parts.back()), node);
      case Sign::both:
      case Sign::either: return chained(node);
      default: return called(node);
    }
  }

  static Operand with_place(Operand operand, const Place& place) {
    operand.place = place;
    return operand;
  }

  Operand chained(const Node& node) {
    std::vector<Operand> parts;
    parts.reserve(node.parts.size());
    for (const Node& part : node.parts) parts.push_back(condition(part));
    return assembler_.chain(parts, node.sign == Sign::both ? Op::skip_if_false : Op::skip_if_true, node.place);
  }

  Operand inverted(const Node& node) {
    Operand operand = compile(node.parts.front());
    if (operand.type != Type::truth)
      refuse(operand.place, "a condition behind '!'", described(names_, operand),
             "write !(px > 100.5), with parentheses");
    operand.code.push_back({.op = Op::invert});
    operand.field.reset();
    return with_place(std::move(operand), node.place);
  }

  Operand negated(const Node& node) { return applied(number(node.parts.front()), Op::negate, negate, node.place); }

  Operand applied(Operand operand, Op op, Number (*of)(const Number&) noexcept, const Place& place) {
    operand.place = place;
    if (operand.constant) {
      operand.constant = of(*operand.constant);
      refuse_none(operand, false);
      return operand;
    }
    operand.code.push_back({.op = op});
    operand.field.reset();
    return operand;
  }

  // A constant that is no value is a mistake.
  void refuse_none(const Operand& operand, bool is_division) const {
    if (operand.constant->kind != Number::Kind::none) return;
    refuse(operand.place, is_division ? "a divisor other than zero" : "a number within 128 bits",
           is_division ? "a division by zero" : "a larger one", "write another number");
  }

  Operand calculated(const Node& node) {
    Operand left = number(node.parts.front());
    for (std::size_t i = 0; i < node.signs.size(); ++i) {
      for (const Calculator& calculator : kCalculators) {
        if (calculator.sign == node.signs[i]) calculate(left, number(node.parts[i + 1]), calculator);
      }
    }
    left.place = node.place;
    return left;
  }

  void calculate(Operand& left, Operand right, const Calculator& calculator) {
    const Unit unit = unit_of_result(left, right, calculator.sign);
    if (left.constant && right.constant) {
      left.constant = calculator.of(*left.constant, *right.constant);
      left.place = span_of(left.place, right.place);
      refuse_none(left, calculator.sign == Sign::divide || calculator.sign == Sign::remainder);
    } else {
      assembler_.make_pushed(left);
      assembler_.make_pushed(right);
      assembler_.join(left, std::move(right), {.op = calculator.op});
    }
    left.unit = unit;
  }

  // Where a time meets a field, the field is counted in ns, too.
  Unit unit_of_result(Operand& left, Operand& right, Sign sign) {
    const bool any = left.unit.is_time || right.unit.is_time;
    if (any && sign == Sign::times && left.unit.counts_time() && right.unit.counts_time()) {
      refuse(span_of(left.place, right.place), "a time multiplied by a number", "by another time",
             "times are added, subtracted and divided, as in late_us / 1ms * 2");
    }
    if (any && sign != Sign::times && !(sign == Sign::divide && !right.unit.counts_time())) {
      assembler_.count_in_ns(left);
      assembler_.count_in_ns(right);
    }
    if (any) return {.is_time = sign != Sign::divide || !right.unit.is_time, .ns_per_one = 0};
    if (left.constant && sign != Sign::divide) return right.unit;
    if (right.constant) return left.unit;
    const bool is_same = left.unit.ns_per_one == right.unit.ns_per_one && sign != Sign::times && sign != Sign::divide;
    return {.ns_per_one = is_same ? left.unit.ns_per_one : 0};
  }

  Operand called(const Node& node) {
    const auto expect = [&](std::size_t count) {
      if (node.parts.size() == count) return;
      refuse(node.place,
             fmt::format("{} between the parentheses of {}", count == 1 ? "one number" : "two numbers", node.text),
             fmt::format("{}", node.parts.size()), count == 1 ? "as in abs(px - 100)" : "as in has(flags, 4)");
    };
    if (node.text == "abs") {
      expect(1);
      return applied(number(node.parts.front()), Op::absolute, absolute, node.place);
    }
    if (node.text == "isnan") {
      expect(1);
      Operand operand = number(node.parts.front());
      assembler_.make_pushed(operand);
      operand.code.push_back({.op = Op::is_nan});
      return truth(std::move(operand), node.place);
    }
    if (node.text == "has") {
      expect(2);
      return bits_tested(node);
    }
    const auto meant = text::nearest(node.text, {"has", "abs", "isnan"});
    refuse(node.place, "has(flags, 4), abs(x) or isnan(x)", fmt::format("the function {}", text::excerpt(node.text)),
           meant ? fmt::format("did you mean '{}'?", *meant) : "there are no other functions");
  }

  Operand bits_tested(const Node& node) {
    Operand left = number(node.parts.front());
    refuse_real(left);
    Operand bits = compile(node.parts.back());
    if (const auto value = word_of_enum(names_, left, bits, node.parts.back()))
      bits = *value;
    else if (bits.type == Type::name && left.is_enum())
      bits = enum_value(names_, left, bits);
    if (bits.type != Type::number)
      refuse(bits.place, "a number whose bits are looked for", described(names_, bits), "as in has(flags, 4)");
    refuse_real(bits);
    assembler_.make_pushed(left);
    assembler_.make_pushed(bits);
    assembler_.join(left, std::move(bits), {.op = Op::has_bits});
    return truth(std::move(left), node.place);
  }

  void refuse_real(const Operand& operand) const {
    const bool is_real = (operand.field && operand.field->kind == schema::Kind::floating) ||
                         (operand.constant && operand.constant->kind == Number::Kind::real);
    if (is_real)
      refuse(operand.place, "a whole number, for its bits", described(names_, operand), "as in has(flags, 4)");
  }

  static Operand truth(Operand operand, const Place& place) {
    operand.type = Type::truth;
    operand.field.reset();
    return with_place(std::move(operand), place);
  }

  Names names_;
  Assembler assembler_;
};

}  // namespace

Program compile(std::string_view expression, const schema::Schema& record, std::int64_t now_ns) {
  return Compiler(expression, record, now_ns).run();
}

}  // namespace arena_shm::filter
