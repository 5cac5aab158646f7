#include "filter/fields.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <vector>

#include "text/nearest.hpp"
#include "text/utf8.hpp"

namespace arena_shm::filter {

namespace {

using schema::Field;

// It begins with the name of an array, or of a struct.
void refuse_part(const Names& names, const Node& node) {
  const std::string base = node.text.substr(0, node.text.find_last_of('['));
  if (const auto array = names.record.find_part(base); array && base != node.text) {
    const bool is_array = array->is_array();
    throw Complaint(names.expression, node.place,
                    {.expected = is_array ? fmt::format("an element from {0}[0] to {0}[{1}]", text::printable(base),
                                                        array->shape.front() - 1)
                                          : fmt::format("{}, which is no array", text::printable(base)),
                     .found = text::excerpt(node.text),
                     .remedy = is_array ? "elements are counted from 0" : "leave out the brackets"});
  }
  std::vector<std::string> members;
  for (const Field& field : names.record.fields) {
    if (field.name.starts_with(node.text + '.') || field.name.starts_with(node.text + '['))
      members.push_back(text::printable(field.name));
  }
  if (members.empty()) return;
  throw Complaint(names.expression, node.place,
                  {.expected = fmt::format("a member of {}: {}", text::printable(node.text), listed(members)),
                   .found = text::excerpt(node.text),
                   .remedy = "name one of them"});
}

Operand truth_operand(bool truth, const Place& place) {
  return {.type = Type::truth, .place = place, .code = {{.op = Op::set, .flag = truth}}};
}

// The words of the language; a field of that name is that field.
std::optional<Operand> word(const Names& names, const Node& node) {
  const std::string& text = node.text;
  if (text == schema::kSeqColumn) return loaded(Load::seq, node.place);
  if (text == schema::kTimeColumn) return loaded(Load::time, node.place);
  if (text == "now") return constant_operand(whole(names.now_ns), node.place, {.is_time = true});
  if (text == "true" || text == "false") return truth_operand(text == "true", node.place);
  if (text == "nan") return constant_operand(real(std::numeric_limits<double>::quiet_NaN()), node.place);
  if (text == "inf") return constant_operand(real(std::numeric_limits<double>::infinity()), node.place);
  return std::nullopt;
}

std::string last_part(const std::string& name) { return name.substr(name.rfind('.') + 1); }

}  // namespace

std::string listed(const std::vector<std::string>& words) {
  constexpr std::size_t kShown = 20;
  const std::size_t shown = words.size() > kShown + 1 ? kShown : words.size();
  std::string text =
      fmt::format("{}", fmt::join(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(shown), ", "));
  if (shown < words.size()) text += fmt::format(" and {} more", words.size() - shown);
  return text;
}

Operand named(const Names& names, const Node& node) {
  if (const auto field = names.record.find_part(node.text)) {
    if (!field->is_array()) return field_operand(*field, node.place);
    throw Complaint(
        names.expression, node.place,
        {.expected = fmt::format("one element of {}, which is {}", text::printable(node.text), field->type_name()),
         .found = "all of them",
         .remedy = fmt::format("write {}, for example", text::printable(field->element_name(0)))});
  }
  if (!node.is_quoted) {
    if (auto known = word(names, node)) return *known;
  }
  refuse_part(names, node);
  return {.type = Type::name, .place = node.place, .literal = node.text};
}

void refuse_name(const Names& names, const Operand& name) {
  std::vector<std::string> fields;
  for (const Field& field : names.record.fields) fields.push_back(text::printable(field.name));
  const auto meant = text::nearest(*name.literal, fields);
  throw Complaint(
      names.expression, name.place,
      {.expected = fmt::format("a field: {}", listed(fields)),
       .found = text::excerpt(*name.literal),
       .remedy = meant ? fmt::format("did you mean '{}'?", *meant)
                       : fmt::format("texts are written in quotes: \"{}\"", text::printable(*name.literal))});
}

Number enumerator(const Names& names, const Field& field, const Operand& name) {
  for (const std::string& wanted : {*name.literal, last_part(*name.literal)}) {
    const auto found = std::ranges::find(field.enumerators, wanted, &schema::Enumerator::name);
    if (found == field.enumerators.end()) continue;
    if (field.kind == schema::Kind::signed_integer) return whole(static_cast<std::int64_t>(found->value));
    return whole(Wide{found->value});
  }
  std::vector<std::string> values;
  for (const schema::Enumerator& one : field.enumerators) values.push_back(text::printable(one.name));
  const auto meant = text::nearest(last_part(*name.literal), values);
  throw Complaint(names.expression, name.place,
                  {.expected = fmt::format("a value of {}: {}", text::printable(field.name), listed(values)),
                   .found = text::excerpt(*name.literal),
                   .remedy = meant ? fmt::format("did you mean '{}'?", *meant) : "or write its number"});
}

Operand enum_value(const Names& names, const Operand& field, const Operand& name) {
  return constant_operand(enumerator(names, *field.field, name), name.place);
}

std::optional<Operand> word_of_enum(const Names& names, const Operand& field, const Operand& word, const Node& node) {
  if (!field.is_enum() || node.sign != Sign::path || word.field || word.type == Type::name) return std::nullopt;
  const Operand name{.type = Type::name, .place = word.place, .literal = node.text};
  if (std::ranges::find(field.field->enumerators, node.text, &schema::Enumerator::name) ==
      field.field->enumerators.end())
    return std::nullopt;
  return enum_value(names, field, name);
}

std::string source(const Names& names, const Place& place) {
  return text::excerpt(names.expression.substr(place.begin, place.end - place.begin));
}

std::string described(const Names& names, const Operand& operand) {
  switch (operand.type) {
    case Type::number: return "the number " + source(names, operand.place);
    case Type::truth: return "the condition " + source(names, operand.place);
    case Type::text: return "the text " + source(names, operand.place);
    case Type::name: break;
  }
  refuse_name(names, operand);
}

}  // namespace arena_shm::filter
