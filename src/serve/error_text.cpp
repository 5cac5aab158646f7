#include "serve/error_text.hpp"

#include "filter/complaint.hpp"

namespace arena_shm::serve {

std::string error_text(const std::exception& error) {
  std::string text = error.what();
  if (const auto* complaint = dynamic_cast<const filter::Complaint*>(&error)) {
    text += '\n';
    text += complaint->picture();
  }
  return text;
}

}  // namespace arena_shm::serve
