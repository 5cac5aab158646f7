// What a segment's header, schema, head and mutex say, and what is wrong with them. Works on what is left of a segment:
// each part that can be had is there, each that cannot is named among the problems.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "arena_shm/core/layout.hpp"
#include "arena_shm/error.hpp"
#include "arena_shm/info.hpp"
#include "inspect/heads.hpp"
#include "inspect/image.hpp"
#include "schema/schema.hpp"

namespace arena_shm::inspect {

struct Facts {
  core::Header header{};  ///< as it stands in the file, or zeros
  bool usable = false;    ///< the header's numbers agree with each other: the rest can be looked for
  Code refusal{};         ///< why the header is not usable
  Info info;              ///< of a usable header, with the schema's text
  std::uint64_t file_bytes = 0;
  std::optional<schema::Schema> schema;
  std::optional<std::uint64_t> head;  ///< that of heads, if they could be read
  Heads heads;
  std::optional<std::uint64_t> mutex;
  std::optional<std::uint32_t> doorbell;
  std::vector<std::string> problems;
};

/// What is wrong with the contents never throws.
Facts read_facts(const Image& image);

/// Does the file begin as an arena does? What `list` looks for.
bool has_magic(const Image& image) noexcept;

/// Looks at the heads once more, if it can. Requires: facts.usable.
void refresh_heads(const Image& image, Facts& facts);

}  // namespace arena_shm::inspect
