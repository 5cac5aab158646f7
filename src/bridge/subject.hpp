// Names of streams, and subjects.
#pragma once

#include <string>
#include <string_view>

namespace arena_shm::bridge {

/// Replaces each {name} by the arena's name, in which what a subject cannot have is replaced by '_'.
std::string with_name(std::string_view pattern, std::string_view arena);
/// What is wrong with the name of a stream, or nothing.
std::string stream_defect(std::string_view name);
/// What is wrong with a subject to publish to, or nothing.
std::string subject_defect(std::string_view subject);
/// Does a pattern with * for one token and > for all that follow take the subject?
bool subject_matches(std::string_view pattern, std::string_view subject) noexcept;

}  // namespace arena_shm::bridge
