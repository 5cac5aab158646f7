// A part of an expression whose type is known, with the code that calculates it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "filter/complaint.hpp"
#include "filter/number.hpp"
#include "filter/parser.hpp"
#include "filter/program.hpp"
#include "schema/schema.hpp"

namespace arena_shm::filter {

enum class Type : std::uint8_t {
  number,
  truth,
  text,
  name,  ///< of no field: that of an enum's value, if it stands beside that enum
};

/// What a number counts, where it meets a time.
struct Unit {
  bool is_time = false;         ///< ns, as now, 5s and times in quotes are
  std::int64_t ns_per_one = 1;  ///< else so many; 0: it is no time
  bool is_said = false;         ///< by the schema or the name, that it counts so many; else it may be any number

  bool counts_time() const noexcept { return is_time || (is_said && ns_per_one != 0); }
};

struct Operand {
  Type type = Type::number;
  Place place{};
  std::optional<Number> constant{};      ///< of a number
  std::optional<std::string> literal{};  ///< of a text or a name
  std::optional<schema::Field> field{};  ///< it is just that, or one element of it
  Unit unit{};
  std::vector<Instruction>
      code{};               ///< of what is no constant: pushes the number, or sets the truth; skips are relative
  std::size_t numbers = 0;  ///< that it needs at the same time

  bool is_enum() const noexcept { return field && !field->enumerators.empty(); }
};

/// A number of the record or beside it. `field` is the element; of kind boolean it is a truth.
Operand field_operand(const schema::Field& field, const Place& place);
Operand loaded(Load load, const Place& place);
Operand constant_operand(const Number& number, const Place& place, Unit unit = {});

/// Of a field: its own unit, else what its name ends with (_us), else ns.
Unit unit_of(const schema::Field& field);

/// Compiles the parts of expressions into one program.
class Assembler {
 public:
  explicit Assembler(std::string_view expression) : expression_(expression) {}

  Program& program() noexcept { return program_; }

  /// Numbers: the code that pushes it. Truths: as a number, 0 or 1.
  void make_pushed(Operand& operand);
  /// `left` op `right`, both pushed already; the result is in `left`. Errors: Complaint, if it needs too many numbers.
  void join(Operand& left, Operand&& right, Instruction op);
  /// Makes of a field that was not joined a test: field * ns_per_one `relation` constant. Returns: false, and it is as
  /// it was, if there is no instruction for that.
  bool test(Operand& field, Relation relation, const Number& constant, std::int64_t ns_per_one);
  /// Errors: Complaint, if it cannot stand beside a time.
  void require_time(const Operand& operand) const;
  /// Makes ns of what a number counts; a constant counts them already. Errors: as require_time.
  void count_in_ns(Operand& operand);
  /// Puts the code of all conditions together, with a skip to the end between any two.
  Operand chain(const std::vector<Operand>& parts, Op skip, const Place& place);

 private:
  std::string_view expression_;
  Program program_;
};

}  // namespace arena_shm::filter
