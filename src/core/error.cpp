#include "arena_shm/error.hpp"

#include <array>
#include <utility>

#include "arena_shm/core/system.hpp"
#include "arena_shm/options.hpp"

namespace arena_shm {
namespace {

std::string compose(Code code, const ErrorParts& parts) {
  std::string text = "cannot ";
  text += parts.doing.empty() ? "use" : parts.doing;
  if (!parts.name.empty()) text += " '" + parts.name + "'";
  text += ": ";
  if (!parts.expected.empty()) text += "expected " + parts.expected + ", ";
  if (!parts.found.empty())
    text += "found " + parts.found;
  else
    text += to_string(code);
  if (parts.system_error != 0) text += " (" + core::errno_text(parts.system_error) + ")";
  if (!parts.remedy.empty()) text += "; " + parts.remedy;
  return text;
}

}  // namespace

std::string_view to_string(Code code) noexcept {
  switch (code) {
    case Code::not_found: return "not_found";
    case Code::already_exists: return "already_exists";
    case Code::permission_denied: return "permission_denied";
    case Code::invalid_name: return "invalid_name";
    case Code::invalid_argument: return "invalid_argument";
    case Code::not_an_arena: return "not_an_arena";
    case Code::incompatible_version: return "incompatible_version";
    case Code::incompatible_byte_order: return "incompatible_byte_order";
    case Code::incompatible_type: return "incompatible_type";
    case Code::incompatible_options: return "incompatible_options";
    case Code::truncated: return "truncated";
    case Code::corrupt: return "corrupt";
    case Code::no_space: return "no_space";
    case Code::file_size_limit: return "file_size_limit";
    case Code::table_full: return "table_full";
    case Code::obstructed: return "obstructed";
    case Code::exhausted: return "exhausted";
    case Code::reentered: return "reentered";
    case Code::forked: return "forked";
    case Code::evicted: return "evicted";
    case Code::timed_out: return "timed_out";
    case Code::would_deadlock: return "would_deadlock";
    case Code::unsupported: return "unsupported";
    case Code::system: return "system";
  }
  return "unknown";
}

std::string_view to_string(ReadStatus status) noexcept {
  switch (status) {
    case ReadStatus::ok: return "ok";
    case ReadStatus::not_yet: return "not_yet";
    case ReadStatus::pending: return "pending";
    case ReadStatus::overwritten: return "overwritten";
    case ReadStatus::hole: return "hole";
  }
  return "unknown";
}

std::string_view to_string(Loss loss) noexcept {
  switch (loss) {
    case Loss::overwritten: return "overwritten";
    case Loss::hole: return "hole";
    case Loss::passed_over: return "passed over";
  }
  return "unknown";
}

Error::Error(Code code, ErrorParts parts)
    : std::runtime_error(compose(code, parts)), code_(code), parts_(std::move(parts)) {}

}  // namespace arena_shm
