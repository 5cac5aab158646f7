// Comparisons: what may stand beside what, and as which of them it is compared.
#pragma once

#include "filter/fields.hpp"
#include "filter/operand.hpp"
#include "filter/parser.hpp"

namespace arena_shm::filter {

/// Numbers by their values, texts by their bytes, an enum with the names of its values, a number with a time in quotes.
/// Errors: Complaint.
Operand compared(const Names& names, Assembler& assembler, Operand left, Operand right, const Node& node);

}  // namespace arena_shm::filter
