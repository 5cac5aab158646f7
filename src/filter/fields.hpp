// What the names in an expression mean.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "filter/complaint.hpp"
#include "filter/operand.hpp"
#include "filter/parser.hpp"
#include "schema/schema.hpp"

namespace arena_shm::filter {

/// What a name in an expression may mean.
struct Names {
  std::string_view expression;
  const schema::Schema& record;
  std::int64_t now_ns;
};

/// A field or an element of one; else _seq, _time_ns, now, true, false, nan or inf; else a name. Errors: Complaint, if
/// it is an array as a whole, or no element of it.
Operand named(const Names& names, const Node& node);

/// It is no field. Says which ones there are.
[[noreturn]] void refuse_name(const Names& names, const Operand& name);

/// The value of that name in an enum: "sell", or "Side.sell". Errors: Complaint.
Number enumerator(const Names& names, const schema::Field& field, const Operand& name);

/// The same as an operand.
Operand enum_value(const Names& names, const Operand& field, const Operand& name);

/// Of a word of the language, like now, that is the name of a value of the enum it stands beside: that value.
std::optional<Operand> word_of_enum(const Names& names, const Operand& field, const Operand& word, const Node& node);

/// As the expression has it, between quotes.
std::string source(const Names& names, const Place& place);
/// "the number 'px + 1'", for messages. Errors: of a name, as refuse_name.
std::string described(const Names& names, const Operand& operand);

/// "ts, px, sym and 12 more"
std::string listed(const std::vector<std::string>& words);

}  // namespace arena_shm::filter
