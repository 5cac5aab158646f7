#include <algorithm>
#include <array>
#include <cstring>
#include <exception>
#include <new>
#include <utility>

#include "arena_shm/version.h"
#include "c/guarded.hpp"

namespace arena_shm::c {
namespace {

arena_shm_status status_of(Code code) noexcept {
  switch (code) {
    case Code::not_found: return ARENA_SHM_E_NOT_FOUND;
    case Code::already_exists: return ARENA_SHM_E_ALREADY_EXISTS;
    case Code::permission_denied: return ARENA_SHM_E_PERMISSION_DENIED;
    case Code::invalid_name: return ARENA_SHM_E_INVALID_NAME;
    case Code::invalid_argument: return ARENA_SHM_E_INVALID_ARGUMENT;
    case Code::not_an_arena: return ARENA_SHM_E_NOT_AN_ARENA;
    case Code::incompatible_version: return ARENA_SHM_E_INCOMPATIBLE_VERSION;
    case Code::incompatible_byte_order: return ARENA_SHM_E_INCOMPATIBLE_BYTE_ORDER;
    case Code::incompatible_type: return ARENA_SHM_E_INCOMPATIBLE_TYPE;
    case Code::incompatible_options: return ARENA_SHM_E_INCOMPATIBLE_OPTIONS;
    case Code::truncated: return ARENA_SHM_E_TRUNCATED;
    case Code::corrupt: return ARENA_SHM_E_CORRUPT;
    case Code::no_space: return ARENA_SHM_E_NO_SPACE;
    case Code::file_size_limit: return ARENA_SHM_E_FILE_SIZE_LIMIT;
    case Code::table_full: return ARENA_SHM_E_TABLE_FULL;
    case Code::obstructed: return ARENA_SHM_E_OBSTRUCTED;
    case Code::exhausted: return ARENA_SHM_E_EXHAUSTED;
    case Code::reentered: return ARENA_SHM_E_REENTERED;
    case Code::forked: return ARENA_SHM_E_FORKED;
    case Code::evicted: return ARENA_SHM_E_EVICTED;
    case Code::timed_out: return ARENA_SHM_E_TIMED_OUT;
    case Code::would_deadlock: return ARENA_SHM_E_WOULD_DEADLOCK;
    case Code::unsupported: return ARENA_SHM_E_UNSUPPORTED;
    case Code::system: return ARENA_SHM_E_SYSTEM;
  }
  return ARENA_SHM_E_INTERNAL;
}

/// An error that is none of the library's own. Allocates nothing.
arena_shm_status fill(arena_shm_error* error, arena_shm_status status, const char* found, const char* remedy) noexcept {
  if (error == nullptr) return status;
  *error = {};
  error->status = status;
  copy_text(error->found, found);
  copy_text(error->remedy, remedy);
  copy_text(error->message, found);
  return status;
}

}  // namespace

void copy_text(std::span<char> target, std::string_view text) noexcept {
  constexpr std::string_view kCut = "...";
  std::size_t kept = std::min(text.find('\0'), text.size());
  std::string_view end;
  if (kept >= target.size()) {
    kept = target.size() - 1 - kCut.size();
    while (kept > 0 && (static_cast<unsigned char>(text[kept]) & 0xc0U) == 0x80U) --kept;  // inside of a character
    end = kCut;
  }
  std::copy_n(text.begin(), kept, target.begin());
  std::copy(end.begin(), end.end(), target.begin() + static_cast<std::ptrdiff_t>(kept));
  target[kept + end.size()] = '\0';
}

arena_shm_status report(arena_shm_error* error) noexcept {
  try {
    throw;
  } catch (const Error& thrown) {
    const arena_shm_status status = status_of(thrown.code());
    if (error == nullptr) return status;
    error->status = status;
    error->system_error = thrown.system_error();
    copy_text(error->name, thrown.name());
    copy_text(error->doing, thrown.doing());
    copy_text(error->expected, thrown.expected());
    copy_text(error->found, thrown.found());
    copy_text(error->remedy, thrown.remedy());
    copy_text(error->message, thrown.what());
    return status;
  } catch (const std::bad_alloc&) {
    return fill(error, ARENA_SHM_E_NO_MEMORY, "no memory left in this process", "free some, or raise its limit");
  } catch (const std::exception& thrown) {
    return fill(error, ARENA_SHM_E_INTERNAL, thrown.what(), "please report it");
  } catch (...) {
    return fill(error, ARENA_SHM_E_INTERNAL, "an unknown exception", "please report it");
  }
}

void refuse(const char* doing, std::string expected, std::string found, const char* remedy) {
  throw Error(
      Code::invalid_argument,
      {.name = {}, .doing = doing, .expected = std::move(expected), .found = std::move(found), .remedy = remedy});
}

void refuse_null(const char* what) {
  refuse("use the C interface", std::string(what).insert(0, "a pointer: "), "null", "was it opened, and not closed?");
}

void refuse_view(const std::string& name) {
  throw Error(Code::permission_denied, {.name = name,
                                        .doing = "write to",
                                        .expected = "a handle from arena_shm_open or arena_shm_create",
                                        .found = "one from arena_shm_view, which is mapped for reading only",
                                        .remedy = "open it to write: not as a view"});
}

void refuse_size(const char* what, std::size_t size) {
  std::string expected = what;
  expected += " with its size, and nothing set that this version of the library does not know";
  refuse("use the C interface", std::move(expected), "a size of " + std::to_string(size),
         "begin with the struct's initialiser; or take the library that belongs to the header");
}

}  // namespace arena_shm::c

const char* arena_shm_status_name(arena_shm_status status) {
  switch (status) {
    case ARENA_SHM_OK: return "OK";
    case ARENA_SHM_NOTHING: return "NOTHING";
    case ARENA_SHM_NOT_YET: return "NOT_YET";
    case ARENA_SHM_PENDING: return "PENDING";
    case ARENA_SHM_OVERWRITTEN: return "OVERWRITTEN";
    case ARENA_SHM_HOLE: return "HOLE";
    case ARENA_SHM_E_NOT_FOUND: return "NOT_FOUND";
    case ARENA_SHM_E_ALREADY_EXISTS: return "ALREADY_EXISTS";
    case ARENA_SHM_E_PERMISSION_DENIED: return "PERMISSION_DENIED";
    case ARENA_SHM_E_INVALID_NAME: return "INVALID_NAME";
    case ARENA_SHM_E_INVALID_ARGUMENT: return "INVALID_ARGUMENT";
    case ARENA_SHM_E_NOT_AN_ARENA: return "NOT_AN_ARENA";
    case ARENA_SHM_E_INCOMPATIBLE_VERSION: return "INCOMPATIBLE_VERSION";
    case ARENA_SHM_E_INCOMPATIBLE_BYTE_ORDER: return "INCOMPATIBLE_BYTE_ORDER";
    case ARENA_SHM_E_INCOMPATIBLE_TYPE: return "INCOMPATIBLE_TYPE";
    case ARENA_SHM_E_INCOMPATIBLE_OPTIONS: return "INCOMPATIBLE_OPTIONS";
    case ARENA_SHM_E_TRUNCATED: return "TRUNCATED";
    case ARENA_SHM_E_CORRUPT: return "CORRUPT";
    case ARENA_SHM_E_NO_SPACE: return "NO_SPACE";
    case ARENA_SHM_E_FILE_SIZE_LIMIT: return "FILE_SIZE_LIMIT";
    case ARENA_SHM_E_TABLE_FULL: return "TABLE_FULL";
    case ARENA_SHM_E_OBSTRUCTED: return "OBSTRUCTED";
    case ARENA_SHM_E_EXHAUSTED: return "EXHAUSTED";
    case ARENA_SHM_E_REENTERED: return "REENTERED";
    case ARENA_SHM_E_FORKED: return "FORKED";
    case ARENA_SHM_E_EVICTED: return "EVICTED";
    case ARENA_SHM_E_TIMED_OUT: return "TIMED_OUT";
    case ARENA_SHM_E_WOULD_DEADLOCK: return "WOULD_DEADLOCK";
    case ARENA_SHM_E_UNSUPPORTED: return "UNSUPPORTED";
    case ARENA_SHM_E_SYSTEM: return "SYSTEM";
    case ARENA_SHM_E_NO_MEMORY: return "NO_MEMORY";
    case ARENA_SHM_E_INTERNAL: return "INTERNAL";
  }
  return "UNKNOWN";
}

const char* arena_shm_version() { return ARENA_SHM_VERSION_STRING; }
