// From a tree to a program: types, units, constants.
#pragma once

#include <cstdint>
#include <string_view>

#include "filter/program.hpp"
#include "schema/schema.hpp"

namespace arena_shm::filter {

/// Errors: Complaint, if it is no condition over the fields of the record.
Program compile(std::string_view expression, const schema::Schema& record, std::int64_t now_ns);

}  // namespace arena_shm::filter
