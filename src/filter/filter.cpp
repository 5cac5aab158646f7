#include "filter/filter.hpp"

#include <algorithm>

#include "filter/compiler.hpp"

namespace arena_shm::filter {

Filter::Filter(std::string_view expression, const schema::Schema& record, std::int64_t now_ns)
    : program_(compile(expression, record, now_ns)),
      needs_time_(
          std::ranges::any_of(program_.instructions, [](const Instruction& one) { return one.load == Load::time; })) {}

}  // namespace arena_shm::filter
