#include "tool/views/report.hpp"

#include <string>
#include <vector>

#include "filter/complaint.hpp"
#include "inspect/arenas.hpp"
#include "terminal/output.hpp"
#include "text/nearest.hpp"

namespace arena_shm::tool {

std::string error_text(const Error& error) {
  std::string text = error.what();
  if (error.code() == Code::not_found) {
    std::vector<std::string> names;
    try {
      inspect::for_each_arena([&](const inspect::Image& arena) { names.push_back(arena.label()); },
                              [](const Error&) {});
    } catch (const Error&) {  // it was only for a hint
    }
    const auto meant = text::nearest(error.name(), names);
    if (meant && *meant != error.name()) text += "; did you mean '" + *meant + "'?";
  }
  return text;
}

terminal::ExitCode report(const Error& error) {
  terminal::note(error_text(error));
  if (const auto* complaint = dynamic_cast<const filter::Complaint*>(&error)) terminal::picture(complaint->picture());
  return terminal::exit_code_of(error.code());
}

}  // namespace arena_shm::tool
