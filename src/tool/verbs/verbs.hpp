// The verbs, one file each. Each adds its subcommand to the app; when that is chosen, it leaves in `action` what to do.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "terminal/command_line.hpp"
#include "terminal/exit_code.hpp"

namespace arena_shm::tool {

/// Errors: Error, OutputClosed.
using Action = std::function<terminal::ExitCode()>;

void add_create(const terminal::Command& app, Action& action);
void add_list(const terminal::Command& app, Action& action);
void add_inspect(const terminal::Command& app, Action& action);
void add_tail(const terminal::Command& app, Action& action);
void add_latest(const terminal::Command& app, Action& action);
void add_write(const terminal::Command& app, Action& action);
void add_record(const terminal::Command& app, Action& action);
void add_capture(const terminal::Command& app, Action& action);
void add_trigger(const terminal::Command& app, Action& action);
void add_snapshot(const terminal::Command& app, Action& action);
void add_export(const terminal::Command& app, Action& action);
void add_replay(const terminal::Command& app, Action& action);
void add_seats(const terminal::Command& app, Action& action);
void add_consumers(const terminal::Command& app, Action& action);
void add_stat(const terminal::Command& app, Action& action);
void add_metrics(const terminal::Command& app, Action& action);
void add_serve(const terminal::Command& app, Action& action);
void add_top(const terminal::Command& app, Action& action);
void add_plot(const terminal::Command& app, Action& action);
void add_check(const terminal::Command& app, Action& action);
void add_rm(const terminal::Command& app, Action& action);
void add_gc(const terminal::Command& app, Action& action);
void add_forward(const terminal::Command& app, Action& action);
void add_mirror(const terminal::Command& app, Action& action);
void add_doctor(const terminal::Command& app, Action& action);
/// `arguments`: the verb and what follows it, as main() has them.
void add_bench(const terminal::Command& app, Action& action, char** arguments);
void add_completion(const terminal::Command& app, Action& action);
/// And the hidden `version`.
void add_help(const terminal::Command& app, Action& action);
void add_man(const terminal::Command& app, Action& action);

/// What `--help` says of a verb.
struct Help {
  const char* name;
  const char* summary;  ///< one line
  const char* details;  ///< what else there is to know; may be empty
  const char* example;  ///< one command a line
};

/// What stands behind the options.
std::string footer_of(const Help& help);

/// Adds a verb whose options are an `Options`, and which `run`s with them.
template <class Options>
terminal::Command add_verb(const terminal::Command& app, Action& action, const Help& help,
                           std::shared_ptr<Options> options, terminal::ExitCode (*run)(const Options&)) {
  return app.add_verb(help.name, help.summary, footer_of(help),
                      [options, run, &action] { action = [options, run] { return run(*options); }; });
}

}  // namespace arena_shm::tool
