#include "tool/verbs/chosen_arenas.hpp"

#include "inspect/arenas.hpp"
#include "terminal/names.hpp"
#include "tool/views/report.hpp"

namespace arena_shm::tool {

terminal::ExitCode ChosenArenas::for_each(const std::function<terminal::ExitCode(const inspect::Image&)>& look) const {
  if (!file.empty()) return look(inspect::Image::of_file(file));
  if (names.size() == 1) return look(inspect::Image::of_arena(names.front()));
  terminal::Verdict verdict;
  if (names.empty()) {
    inspect::for_each_arena([&](const inspect::Image& image) { verdict.add(look(image)); },
                            [&](const Error& error) { terminal::note_skipped(error, verdict); });
    return verdict.code();
  }
  for (const std::string& name : names) {
    try {
      verdict.add(look(inspect::Image::of_arena(name)));
    } catch (const Error& error) {
      verdict.add(report(error));
    }
  }
  return verdict.code();
}

terminal::Option add_arenas(const terminal::Command& verb, ChosenArenas& chosen) {
  return verb.add_option("NAME", chosen.names, "Names of arenas (default: all on this host)").type_name("");
}

void add_arenas_or_file(const terminal::Command& verb, ChosenArenas& chosen) {
  terminal::Option names = add_arenas(verb, chosen);
  verb.add_option("--file", chosen.file, "A saved segment, instead of an arena").type_name("IMAGE").excludes(names);
}

}  // namespace arena_shm::tool
