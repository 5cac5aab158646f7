// What a batch says of itself, in its own metadata; with kEpochNote, of the arena that its rows are of.
#pragma once

#include <string_view>

namespace arena_shm::recording::arrow {

inline constexpr std::string_view kFirstRowNote = "arena_shm.first_row";  // so many rows are in front of it
inline constexpr std::string_view kGapsNote = "arena_shm.gaps";           // as row_notes.hpp has them
// Of the empty batch behind the last row only.
inline constexpr std::string_view kEndNote = "arena_shm.rows";   // so many rows are in the stream
inline constexpr std::string_view kLostNote = "arena_shm.lost";  // so many values were lost

inline constexpr std::string_view kLongestNumber = "18446744073709551615";

}  // namespace arena_shm::recording::arrow
