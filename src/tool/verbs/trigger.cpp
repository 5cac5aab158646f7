// trigger: tells the captures of an arena that it is time.
#include <fmt/format.h>

#include <memory>
#include <string>

#include "arena_shm/error.hpp"
#include "recording/trigger_line.hpp"
#include "terminal/exit_code.hpp"
#include "terminal/output.hpp"
#include "tool/verbs/verbs.hpp"

namespace arena_shm::tool {

namespace {

struct TriggerOptions {
  std::string name;
};

terminal::ExitCode run_trigger(const TriggerOptions& options) {
  const std::vector<pid_t> triggered = recording::pull_triggers(options.name);
  if (triggered.empty()) {
    throw Error(Code::not_found, {.name = options.name,
                                  .doing = "trigger a capture of",
                                  .expected = "a process that captures it, of the same user and on this host",
                                  .found = "none",
                                  .remedy = fmt::format("start one: arena-shm capture {} -o FILE", options.name)});
  }
  terminal::Output output;
  for (const pid_t pid : triggered) output.text() += fmt::format("triggered process {}\n", pid);
  output.flush();
  return terminal::ExitCode::ok;
}

}  // namespace

void add_trigger(const terminal::Command& app, Action& action) {
  auto options = std::make_shared<TriggerOptions>();
  terminal::Command verb = add_verb(
      app, action,
      {.name = "trigger",
       .summary = "Trigger the captures of an arena",
       .details =
           "Every arena-shm capture of that name, of the same user on this host, writes a file now: of what came\n"
           "before this moment, and after it.",
       .example = "  arena-shm trigger ticks"},
      options, run_trigger);
  verb.add_option("NAME", options->name, "Name of the arena").required().type_name("");
}

}  // namespace arena_shm::tool
