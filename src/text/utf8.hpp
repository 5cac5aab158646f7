// Text of unknown origin made fit to be shown or stored: record contents and names come from segments that anybody may
// have written.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace arena_shm::text {

/// Bytes of the well-formed sequence that the text begins with; 0 if it begins with none. Requires: it is not empty.
std::size_t character_bytes(std::string_view text) noexcept;

/// Is it well-formed UTF-8 (no overlong forms, no surrogates, nothing beyond U+10FFFF)?
bool is_utf8(std::string_view text) noexcept;

/// No more bytes of the text than so many, and none of a character that goes on behind them.
std::size_t whole_bytes(std::string_view text, std::size_t most) noexcept;

/// Appends the text with each ill-formed byte replaced by U+FFFD.
void append_utf8(std::string& out, std::string_view text);

/// Appends the text fit for a terminal: control characters and ill-formed bytes become \n, \t, \xHH. Not reversible, so
/// that to do it twice does no harm: a backslash stays as it is.
void append_printable(std::string& out, std::string_view text);
std::string printable(std::string_view text);

/// For messages: the text between quotes, printable and cut where it gets long; "nothing" if it is empty.
std::string excerpt(std::string_view text);

/// Appends a JSON string, with its quotes; ill-formed bytes become U+FFFD.
void append_json_string(std::string& out, std::string_view text);

}  // namespace arena_shm::text
