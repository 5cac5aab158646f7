// doctor: whether this host is good for arenas, and what would make it better.
#include <fmt/format.h>

#include <algorithm>

#include "inspect/host.hpp"
#include "terminal/exit_code.hpp"
#include "terminal/object_lines.hpp"
#include "terminal/output.hpp"
#include "text/utf8.hpp"
#include "tool/verbs/verbs.hpp"

namespace arena_shm::tool {

namespace {

struct DoctorOptions {
  terminal::ObjectFormat format;
};

terminal::JsonObject object_of(const inspect::Symptom& symptom) {
  terminal::JsonObject object;
  object["what"] = symptom.what;
  object["state"] = to_string(symptom.health);
  object["found"] = symptom.found;
  object["remedy"] = symptom.remedy.empty() ? terminal::JsonObject() : terminal::JsonObject(symptom.remedy);
  return object;
}

std::string line_of(const inspect::Symptom& symptom) {
  std::string line = fmt::format("{:<8} {:<15} {}{}{}\n", to_string(symptom.health), symptom.what,
                                 text::printable(symptom.found), symptom.remedy.empty() ? "" : "; ", symptom.remedy);
  return symptom.health == inspect::Health::broken ? terminal::alarming(std::move(line)) : line;
}

terminal::ExitCode run_doctor(const DoctorOptions& options) {
  using inspect::Health;
  const auto symptoms = inspect::examine_host();
  terminal::Output output;
  terminal::ObjectLines lines(options.format);
  for (const inspect::Symptom& symptom : symptoms) {
    if (options.format.is_table()) {
      output.text() += line_of(symptom);
    } else {
      lines.append(output.text(), object_of(symptom));
    }
  }
  output.flush();
  const bool is_broken =
      std::any_of(symptoms.begin(), symptoms.end(), [](auto& symptom) { return symptom.health == Health::broken; });
  return is_broken ? terminal::ExitCode::failed : terminal::ExitCode::ok;
}

}  // namespace

void add_doctor(const terminal::Command& app, Action& action) {
  auto options = std::make_shared<DoctorOptions>();
  terminal::Command verb = add_verb(
      app, action,
      {.name = "doctor",
       .summary = "Check whether this host is ready for arenas",
       .details =
           "Prints a line for each check: its result (ok, note, warning or broken), what was found, and what to\n"
           "do. The exit code is 1 if a result is broken: arenas do not work on this host then. Last, it names the\n"
           "lossless arenas whose writers are held up, and by whom.",
       .example = "  arena-shm doctor\n"
                  "  arena-shm doctor --format ndjson | jq .remedy"},
      options, run_doctor);
  terminal::add_format_option(verb, options->format);
}

}  // namespace arena_shm::tool
