// What a page is told of what went wrong.
#pragma once

#include <exception>
#include <string>

namespace arena_shm::serve {

/// The sentence of the error; of a filter::Complaint, behind a line end, its two lines that show the place, too.
std::string error_text(const std::exception& error);

}  // namespace arena_shm::serve
