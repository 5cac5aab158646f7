// doctor: whether this host is good for arenas, and what would make it better.
#include <fmt/format.h>

#include <algorithm>

#include "inspect/host.hpp"
#include "schema/utf8.hpp"
#include "tool/output.hpp"
#include "tool/verbs.hpp"

namespace arena_shm::tool {

namespace {

struct Options {};

ExitCode run(const Options&) {
  using inspect::Health;
  const auto symptoms = inspect::examine_host();
  Output output;
  for (const inspect::Symptom& symptom : symptoms) {
    std::string line =
        fmt::format("{:<8} {:<15} {}{}{}\n", to_string(symptom.health), symptom.what, schema::printable(symptom.found),
                    symptom.remedy.empty() ? "" : "; ", symptom.remedy);
    output.text() += symptom.health == Health::broken ? alarming(std::move(line)) : line;
  }
  output.flush();
  const bool is_broken =
      std::any_of(symptoms.begin(), symptoms.end(), [](auto& symptom) { return symptom.health == Health::broken; });
  return is_broken ? ExitCode::failed : ExitCode::ok;
}

}  // namespace

void add_doctor(CLI::App& app, Action& action) {
  add_verb(
      app, action,
      {.name = "doctor",
       .summary = "Tell whether this host is good for arenas",
       .details = "A line for each thing that matters: ok, note, warning or broken, what was found, and what to do.\n"
                  "The exit code is 1 if something is broken: arenas do not work without it.",
       .example = "  arena-shm doctor"},
      std::make_shared<Options>(), run);
}

}  // namespace arena_shm::tool
