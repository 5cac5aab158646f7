#include "filter/comparison.hpp"

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <string>
#include <utility>

#include "text/time_text.hpp"

namespace arena_shm::filter {

namespace {

Relation relation_of(Sign sign) {
  return static_cast<Relation>(static_cast<unsigned>(sign) - static_cast<unsigned>(Sign::equal));
}
static_assert(static_cast<unsigned>(Sign::greater_equal) - static_cast<unsigned>(Sign::equal) ==
              static_cast<unsigned>(Relation::greater_equal));

bool is_equality(Relation relation) { return relation == Relation::equal || relation == Relation::unequal; }

class Comparison {
 public:
  Comparison(const Names& names, Assembler& assembler) : names_(names), assembler_(assembler) {}

  Operand run(Operand left, Operand right, const Node& node) {
    const Relation relation = relation_of(node.signs.front());
    settle(left, right, node.parts.front());
    settle(right, left, node.parts.back());
    if (left.type == Type::name) refuse_name(names_, left);
    if (right.type == Type::name) refuse_name(names_, right);
    if (left.type == Type::text && right.type == Type::text) return texts(left, right, relation, node.place);
    if (left.type == Type::text || right.type == Type::text) {
      const Operand& text = left.type == Type::text ? left : right;
      const Operand& other = left.type == Type::text ? right : left;
      refuse(other.place, "a text beside a text", described(names_, other),
             text.literal ? "write numbers without quotes" : "write texts in quotes: \"ES\"");
    }
    const bool has_truth = left.type == Type::truth || right.type == Type::truth;
    if (has_truth && !is_equality(relation)) {
      refuse(node.sign_places.front(), "== or != beside a condition", source(names_, node.sign_places.front()),
             "join conditions with && and ||");
    }
    return numbers(std::move(left), std::move(right), relation, node.place);
  }

 private:
  [[noreturn]] void refuse(const Place& place, std::string expected, std::string found, std::string remedy) const {
    throw Complaint(names_.expression, place,
                    {.expected = std::move(expected), .found = std::move(found), .remedy = std::move(remedy)});
  }

  // A name beside an enum is one of its values; a text beside a number is that, or a time.
  void settle(Operand& operand, const Operand& other, const Node& node) const {
    if (const auto value = word_of_enum(names_, other, operand, node)) {
      operand = *value;
    } else if (operand.type == Type::name && other.is_enum()) {
      operand = enum_value(names_, other, operand);
    } else if (operand.type == Type::text && operand.literal && other.type == Type::number) {
      operand = other.is_enum() ? enum_value(names_, other, operand) : time_of(operand, other);
    }
  }

  Operand time_of(const Operand& text, const Operand& other) const {
    constexpr std::int64_t kNsPerSecond = 1'000'000'000;
    std::int64_t ns = 0;
    std::uint64_t later = 0;
    const text::TimeReading reading = text::read_time(*text.literal, kNsPerSecond, ns);
    if (reading == text::TimeReading::ok) return constant_operand(whole(ns), text.place, {.is_time = true});
    if (text::read_time(*text.literal, kNsPerSecond, later) == text::TimeReading::ok)
      return constant_operand(whole(Wide{later}), text.place, {.is_time = true});
    if (reading == text::TimeReading::no_time) {
      refuse(text.place, fmt::format("a number or a time beside {}", source(names_, other.place)),
             source(names_, text.place), "times are written like '2026-01-31T12:34:56Z', numbers without quotes");
    }
    refuse(text.place, "a time from 1677-09-22 to 2554-07-21 in whole nanoseconds", source(names_, text.place),
           "write the number that the field has");
  }

  Operand texts(const Operand& left, const Operand& right, Relation relation, const Place& place) {
    if (!left.field && right.field) return texts(right, left, turned(relation), place);
    Operand result{.type = Type::truth, .place = place};
    if (!left.field) {
      result.code = {{.op = Op::set, .flag = holds(relation, *left.literal <=> *right.literal)}};
      return result;
    }
    Instruction one{.op = Op::compare_texts,
                    .relation = relation,
                    .offset = static_cast<std::uint32_t>(left.field->offset_bytes),
                    .argument = static_cast<std::uint32_t>(left.field->element_bytes)};
    if (right.field) {
      one.low = right.field->offset_bytes;
      one.span = right.field->element_bytes;
    } else {
      refuse_long_text(left, right, relation);
      one.flag = true;
      one.low = assembler_.program().texts.size();
      assembler_.program().texts.push_back(*right.literal);
    }
    result.code = {one};
    return result;
  }

  void refuse_long_text(const Operand& field, const Operand& text, Relation relation) const {
    if (!is_equality(relation) || text.literal->size() <= field.field->element_bytes) return;
    refuse(
        text.place,
        fmt::format("a text of at most {} bytes, as {} has", field.field->element_bytes, source(names_, field.place)),
        fmt::format("{}", text.literal->size()), "no value can be equal to it");
  }

  Operand numbers(Operand left, Operand right, Relation relation, const Place& place) {
    if (left.constant && !right.constant) return numbers(std::move(right), std::move(left), turned(relation), place);
    const bool is_time = left.unit.is_time || right.unit.is_time;
    std::int64_t ns_per_one = 1;
    if (is_time && left.type == Type::number && right.type == Type::number) {
      assembler_.require_time(left);
      assembler_.require_time(right);
      if (right.constant && !left.unit.is_time) ns_per_one = left.unit.ns_per_one;
    }
    if (left.field && right.constant) right.constant = rounded(*right.constant, *left.field);
    if (left.type == Type::number && right.constant && assembler_.test(left, relation, *right.constant, ns_per_one))
      return truth(std::move(left), place);
    if (is_time) {
      assembler_.count_in_ns(left);
      assembler_.count_in_ns(right);
    }
    assembler_.make_pushed(left);
    assembler_.make_pushed(right);
    assembler_.join(left, std::move(right), {.op = Op::compare, .relation = relation});
    return truth(std::move(left), place);
  }

  // As the field has it, if that can hold it.
  static Number rounded(const Number& constant, const schema::Field& field) {
    constexpr auto kMost = static_cast<double>(std::numeric_limits<float>::max());
    const bool is_narrow = field.kind == schema::Kind::floating && field.element_bytes == sizeof(float);
    if (!is_narrow || constant.kind != Number::Kind::real || !(std::fabs(constant.real) <= kMost)) return constant;
    return real(static_cast<double>(static_cast<float>(constant.real)));
  }

  static Operand truth(Operand operand, const Place& place) {
    operand.type = Type::truth;
    operand.field.reset();
    operand.place = place;
    return operand;
  }

  const Names& names_;
  Assembler& assembler_;
};

}  // namespace

Operand compared(const Names& names, Assembler& assembler, Operand left, Operand right, const Node& node) {
  return Comparison(names, assembler).run(std::move(left), std::move(right), node);
}

}  // namespace arena_shm::filter
