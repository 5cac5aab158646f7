#include "inspect/facts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <span>
#include <utility>

#include "arena_shm/core/header.hpp"
#include "arena_shm/core/mutex.hpp"
#include "arena_shm/core/stamp.hpp"
#include "core/segment_files.hpp"
#include "schema/schema_json.hpp"
#include "text/quantities.hpp"

namespace arena_shm::inspect {

namespace {

std::string problem_of(const Error& error) {
  std::string text;
  if (!error.expected().empty()) text = "expected " + error.expected() + ", ";
  text += "found " + error.found();
  if (!error.remedy().empty()) text += "; " + error.remedy();
  return text;
}

void read_header(const Image& image, Facts& facts) {
  const std::size_t bytes = image.read(0, std::as_writable_bytes(std::span(&facts.header, 1)));
  facts.file_bytes = image.size_bytes();
  const auto validate = [&](std::uint64_t file_bytes, std::vector<std::string>& problems) {
    try {
      core::validate_header(image.label(), facts.header, bytes, file_bytes);
      return true;
    } catch (const Error& error) {
      problems.push_back("header: " + problem_of(error));
      facts.refusal = error.code();
      return false;
    }
  };
  facts.usable = validate(facts.file_bytes, facts.problems);
  if (facts.usable || facts.file_bytes == facts.header.segment_bytes) return;
  // A file that was cut off, or has grown, still has what it has: its header may be all right.
  std::vector<std::string> ignored;
  facts.usable = validate(facts.header.segment_bytes, ignored);
}

void check_pages(const Image& image, Facts& facts) {
  if (!image.is_live() || facts.file_bytes != facts.header.segment_bytes) return;
  try {
    core::check_reserved(image.fd(), image.label(), facts.header);
  } catch (const Error& error) {
    facts.problems.push_back("pages: " + problem_of(error));
  }
}

void read_schema(const Image& image, Facts& facts) {
  std::string text(facts.header.schema.size_bytes, '\0');
  if (text.empty()) return;
  const std::size_t got = image.read(facts.header.schema.offset_bytes, std::as_writable_bytes(std::span(text)));
  const std::uint64_t hash = core::fnv1a(text.data(), got);
  if (got != text.size() || hash != facts.header.schema_hash) {
    facts.problems.push_back(
        fmt::format("schema: expected {} with hash {:016x}, found {} with hash {:016x}; "
                    "the memory was overwritten: remove the arena and create it again",
                    text::counted(text.size(), "byte"), facts.header.schema_hash, got, hash));
    return;
  }
  facts.info.record.schema = text;
  try {
    facts.schema = schema::parse_json(text, facts.info.record.size_bytes);
  } catch (const Error& error) {
    facts.problems.push_back("schema: " + problem_of(error));
  }
}

template <class T>
std::optional<T> load(const Image& image, std::uint64_t offset, const char* what, Facts& facts) {
  T value{};
  if (image.load(offset, value)) return value;
  facts.problems.push_back(
      fmt::format("{}: expected it at byte {}, found the end of the file; the file was cut off", what, offset));
  return std::nullopt;
}

void find_heads(const Image& image, Facts& facts) {
  refresh_heads(image, facts);
  if (facts.head) return;
  const bool laned = (facts.header.flags & core::kFlagLaned) != 0;
  facts.problems.push_back(
      fmt::format("{}: expected {} at byte {}, found the end of the file; the file was cut off",
                  laned ? "heads" : "head", laned ? "the seats with them" : "it",
                  laned ? facts.header.seats.offset_bytes : core::head_offset_bytes(facts.header)));
}

// Of many lanes the first one is told.
void check_heads(Facts& facts) {
  const auto& heads = facts.heads.of_lanes();
  const std::uint64_t limit = number_limit(facts.header);
  const auto wrong = std::find_if(heads.begin(), heads.end(), [&](std::uint64_t head) { return head >= limit; });
  if (wrong == heads.end()) return;
  const auto lane = static_cast<std::uint32_t>(wrong - heads.begin());
  facts.problems.push_back(
      fmt::format("head{}: expected a number below {}, found {}; the memory was overwritten, or the "
                  "sequence numbers are used up: remove the arena and create it again",
                  facts.info.writers == Writers::laned ? fmt::format(" of lane {}", lane) : "", core::kSeqLimit,
                  seq_of(facts.header, lane, *wrong)));
}

void check_words(Facts& facts) {
  check_heads(facts);
  if (facts.mutex && core::mutex_owner(*facts.mutex) > facts.header.seat_count) {
    facts.problems.push_back(
        fmt::format("mutex: expected an owner among {}, found seat {}; the memory "
                    "was overwritten: remove the arena and create it again",
                    text::counted(facts.header.seat_count, "seat"), core::mutex_owner(*facts.mutex) - 1));
  }
}

}  // namespace

Facts read_facts(const Image& image) {
  Facts facts;
  read_header(image, facts);
  if (!facts.usable) return facts;
  facts.info = core::header_info(image.label(), facts.header);
  check_pages(image, facts);
  read_schema(image, facts);
  const std::uint64_t control = facts.header.control.offset_bytes;
  find_heads(image, facts);
  facts.mutex = load<std::uint64_t>(image, control + offsetof(core::Control, mutex), "mutex", facts);
  facts.doorbell = load<std::uint32_t>(image, facts.header.doorbell.offset_bytes, "doorbell", facts);
  check_words(facts);
  return facts;
}

bool has_magic(const Image& image) noexcept {
  std::uint64_t magic = 0;
  return image.load(0, magic) && (magic == core::kMagic || magic == __builtin_bswap64(core::kMagic));
}

void refresh_heads(const Image& image, Facts& facts) {
  auto heads = read_heads(image, facts.header);
  if (!heads) return;
  facts.heads = std::move(*heads);
  facts.head = facts.heads.end();
}

}  // namespace arena_shm::inspect
