#include "tool/verbs/chosen_arenas.hpp"

#include <functional>

#include "inspect/arenas.hpp"
#include "terminal/names.hpp"
#include "tool/views/report.hpp"

namespace arena_shm::tool {

terminal::ExitCode ChosenArenas::for_each(const std::function<terminal::ExitCode(const inspect::Image&)>& look) const {
  using terminal::ExitCode;
  if (!file.empty()) return look(inspect::Image::of_file(file));
  if (names.size() == 1) return look(inspect::Image::of_arena(names.front()));
  ExitCode first = ExitCode::ok;
  const auto keep_first = [&](ExitCode code) { first = first == ExitCode::ok ? code : first; };
  if (names.empty()) {
    terminal::Skipped skipped;
    inspect::for_each_arena([&](const inspect::Image& image) { keep_first(look(image)); }, std::ref(skipped));
    if (skipped.has_failed()) keep_first(ExitCode::failed);
    return first;
  }
  for (const std::string& name : names) {
    try {
      keep_first(look(inspect::Image::of_arena(name)));
    } catch (const Error& error) {
      keep_first(report(error));
    }
  }
  return first;
}

terminal::Option add_arenas(const terminal::Command& verb, ChosenArenas& chosen) {
  return verb.add_option("NAME", chosen.names, "Names of arenas (default: all on this host)").type_name("");
}

void add_arenas_or_file(const terminal::Command& verb, ChosenArenas& chosen) {
  terminal::Option names = add_arenas(verb, chosen);
  verb.add_option("--file", chosen.file, "A saved segment, instead of an arena").type_name("IMAGE").excludes(names);
}

}  // namespace arena_shm::tool
