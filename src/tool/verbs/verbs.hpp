// The verbs, one file each. Each adds its subcommand to the app; when that is chosen, it leaves in `action` what to do.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>
#include <string>

#include "terminal/exit_code.hpp"

namespace arena_shm::tool {

/// Errors: Error, OutputClosed.
using Action = std::function<terminal::ExitCode()>;

void add_create(CLI::App& app, Action& action);
void add_list(CLI::App& app, Action& action);
void add_inspect(CLI::App& app, Action& action);
void add_tail(CLI::App& app, Action& action);
void add_write(CLI::App& app, Action& action);
void add_record(CLI::App& app, Action& action);
void add_snapshot(CLI::App& app, Action& action);
void add_export(CLI::App& app, Action& action);
void add_replay(CLI::App& app, Action& action);
void add_seats(CLI::App& app, Action& action);
void add_stat(CLI::App& app, Action& action);
void add_metrics(CLI::App& app, Action& action);
void add_top(CLI::App& app, Action& action);
void add_check(CLI::App& app, Action& action);
void add_rm(CLI::App& app, Action& action);
void add_gc(CLI::App& app, Action& action);
void add_doctor(CLI::App& app, Action& action);
/// `arguments`: the verb and what follows it, as main() has them.
void add_bench(CLI::App& app, Action& action, char** arguments);
void add_completion(CLI::App& app, Action& action);
/// And the hidden `version`.
void add_help(CLI::App& app, Action& action);
void add_man(CLI::App& app, Action& action);

/// What `--help` says of a verb.
struct Help {
  const char* name;
  const char* summary;  ///< one line
  const char* details;  ///< what else there is to know; may be empty
  const char* example;  ///< one command a line
};

/// Adds a verb whose options are an `Options`, and which `run`s with them.
template <class Options>
CLI::App& add_verb(CLI::App& app, Action& action, const Help& help, std::shared_ptr<Options> options,
                   terminal::ExitCode (*run)(const Options&)) {
  CLI::App* verb = app.add_subcommand(help.name, help.summary);
  const std::string details = *help.details == '\0' ? "" : std::string(help.details) + "\n\n";
  verb->footer(details + "Example:\n" + help.example);
  verb->callback([options, run, &action] { action = [options, run] { return run(*options); }; });
  return *verb;
}

}  // namespace arena_shm::tool
