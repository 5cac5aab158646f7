// arena-shm: looks at rings in shared memory, reads and writes them. Verbs are in files of their own; this one finds
// the verb, and says what went wrong.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <exception>
#include <new>
#include <string>
#include <vector>

#include "arena_shm/core/system.hpp"
#include "arena_shm/error.hpp"
#include "core/output_closed.hpp"
#include "terminal/app_description.hpp"
#include "terminal/exit_code.hpp"
#include "terminal/names.hpp"
#include "terminal/output.hpp"
#include "terminal/signals.hpp"
#include "tool/verbs/verbs.hpp"
#include "tool/views/report.hpp"

namespace arena_shm::tool {

namespace {

bool has_verb(const CLI::App& app, const std::string& name) {
  return !app.get_subcommands([&](const CLI::App* verb) { return verb->get_name() == name; }).empty();
}

terminal::ExitCode refuse_verb(const CLI::App& app, const std::string& found) {
  std::vector<std::string> known;
  for (const terminal::VerbDescription& verb : terminal::describe_verbs(app)) known.push_back(verb.name);
  const auto meant = terminal::nearest(found, known);
  terminal::note(fmt::format("expected a verb ({}), found '{}'; {}", fmt::join(known, ", "), found,
                             meant ? "did you mean '" + *meant + "'?" : "see arena-shm --help"));
  return terminal::ExitCode::usage;
}

// CLI11's own exit codes are not ours: help and version are 0, everything else is the user's usage.
terminal::ExitCode report_usage(const CLI::App& app, const CLI::ParseError& error) {
  if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success)) {
    app.exit(error);
    return terminal::ExitCode::ok;
  }
  const auto chosen = app.get_subcommands();
  const std::string verb = chosen.empty() ? "" : ' ' + chosen.front()->get_name();
  terminal::note(std::string(error.what()) + "; see arena-shm" + verb + " --help");
  return terminal::ExitCode::usage;
}

terminal::ExitCode run(int argc, char** argv) {
  CLI::App app("Rings of records in shared memory: create, watch, read and write them.", "arena-shm");
  app.set_version_flag("--version", "arena-shm " ARENA_SHM_VERSION);
  app.require_subcommand(1);
  app.get_formatter()->column_width(34);
  app.footer(
      "Data goes to standard output, everything else to standard error.\n"
      "Exit codes: 0 ok, 1 error, 2 usage, 3 finished but values were lost, 4 no such arena, 5 incompatible.");
  Action action;
  add_create(app, action);
  add_list(app, action);
  add_inspect(app, action);
  add_tail(app, action);
  add_write(app, action);
  add_record(app, action);
  add_snapshot(app, action);
  add_export(app, action);
  add_replay(app, action);
  add_seats(app, action);
  add_stat(app, action);
  add_metrics(app, action);
  add_top(app, action);
  add_check(app, action);
  add_rm(app, action);
  add_gc(app, action);
  add_doctor(app, action);
  add_bench(app, action, argv + 1);
  add_completion(app, action);
  add_man(app, action);

  const std::string first = argc > 1 ? argv[1] : "";
  if (!first.empty() && first.front() != '-' && !has_verb(app, first)) {
    return refuse_verb(app, first);
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return report_usage(app, error);
  }
  return action();
}

}  // namespace

}  // namespace arena_shm::tool

int main(int argc, char** argv) {
  using namespace arena_shm;
  // Started with one of them closed, it must not print into the first file that it opens.
  if (!core::fill_standard_descriptors()) return static_cast<int>(terminal::ExitCode::failed);
  std::signal(SIGPIPE, SIG_IGN);  // a closed pipe is an ordinary end, seen at the write
  terminal::report_bus_errors();
  terminal::ExitCode code = terminal::ExitCode::failed;
  try {
    code = tool::run(argc, argv);
  } catch (const core::OutputClosed&) {
    code = terminal::ExitCode::ok;
  } catch (const Error& error) {
    code = tool::report(error);
  } catch (const std::bad_alloc&) {
    terminal::note("no memory left; free some, or raise the limit: ulimit -v");
  } catch (const std::exception& error) {
    terminal::note(error.what());
  }
  return static_cast<int>(code);
}
