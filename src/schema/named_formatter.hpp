// Records of several arenas among each other: each line says which arena it is of.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "schema/record_formatter.hpp"

namespace arena_shm::schema {

/// What `lines` makes of records, with the name of their arena in front: a column or a member `_arena`; in influx the
/// measurement says it already. `lines` may be shared by several, which then have one heading. `width`: of the longest
/// name, for table and hex.
std::unique_ptr<RecordFormatter> behind_name(std::shared_ptr<RecordFormatter> lines, Format format,
                                             const std::string& name, std::size_t width);

}  // namespace arena_shm::schema
