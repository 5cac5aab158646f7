// arena-shm: looks at rings in shared memory, reads and writes them. Verbs are in files of their own; this one finds
// the verb, and says what went wrong.
#include <CLI/CLI.hpp>
#include <csignal>
#include <exception>
#include <new>
#include <sstream>
#include <string>

#include "arena_shm/core/system.hpp"
#include "arena_shm/error.hpp"
#include "arena_shm/version.h"
#include "core/output_closed.hpp"
#include "terminal/command_line.hpp"
#include "terminal/exit_code.hpp"
#include "terminal/output.hpp"
#include "terminal/signals.hpp"
#include "terminal/usage_text.hpp"
#include "tool/verbs/verbs.hpp"
#include "tool/views/report.hpp"

namespace arena_shm::tool {

namespace {

bool has_verb(const CLI::App& app, const std::string& name) {
  return !app.get_subcommands([&](const CLI::App* verb) { return verb->get_name() == name; }).empty();
}

// CLI11's own exit codes are not ours: help and version are 0, everything else is the user's usage.
terminal::ExitCode report_usage(const terminal::Command& command, const CLI::ParseError& error) {
  if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success)) {
    std::ostringstream text;
    command.app().exit(error, text, text);
    terminal::Output output;
    output.text() = text.str();
    output.flush();
    return terminal::ExitCode::ok;
  }
  terminal::note(terminal::usage_text(command, error));
  return terminal::ExitCode::usage;
}

// The verbs since the last title: help and the manual have them under this one.
void entitle(const terminal::Command& command, const char* title) {
  const std::string untitled = CLI::App().get_group();
  for (CLI::App* verb :
       command.app().get_subcommands([&](const CLI::App* one) { return one->get_group() == untitled; }))
    verb->group(title);
}

void add_verbs(const terminal::Command& app, Action& action, char** arguments) {
  add_create(app, action);
  add_rm(app, action);
  add_gc(app, action);
  entitle(app, "Make and remove arenas");
  add_tail(app, action);
  add_latest(app, action);
  add_write(app, action);
  entitle(app, "Read and write values");
  add_list(app, action);
  add_stat(app, action);
  add_top(app, action);
  add_plot(app, action);
  add_serve(app, action);
  add_metrics(app, action);
  entitle(app, "Watch arenas");
  add_inspect(app, action);
  add_seats(app, action);
  add_consumers(app, action);
  add_check(app, action);
  entitle(app, "Inspect arenas, and find what is wrong");
  add_record(app, action);
  add_capture(app, action);
  add_trigger(app, action);
  add_snapshot(app, action);
  add_export(app, action);
  add_replay(app, action);
  entitle(app, "Keep values in files");
  add_forward(app, action);
  add_mirror(app, action);
  entitle(app, "Go beyond this host");
  add_doctor(app, action);
  add_bench(app, action, arguments);
  entitle(app, "Examine this machine");
  add_help(app, action);
  add_completion(app, action);
  add_man(app, action);
  entitle(app, "Help");
}

// Else CLI11 would take `--follow=no` for `--follow`.
void refuse_values_of_flags(CLI::App& app) {
  for (CLI::App* verb : app.get_subcommands([](CLI::App*) { return true; })) {
    for (CLI::Option* option : verb->get_options([](CLI::Option*) { return true; })) {
      if (option->get_items_expected_max() == 0) option->disable_flag_override();
    }
  }
}

terminal::ExitCode run(int argc, char** argv) {
  CLI::App app("Rings of records in shared memory: create, watch, read and write them.", "arena-shm");
  app.set_version_flag("-V,--version", "arena-shm " ARENA_SHM_VERSION_STRING, "Print the version and exit");
  app.set_help_flag("-h,--help", "Print this help and exit");
  app.require_subcommand(1);
  app.get_formatter()->column_width(34);
  app.get_formatter()->label("SUBCOMMAND", "VERB");
  app.footer(
      "'arena-shm help VERB' explains a verb. The name of an arena is the name of its file in /dev/shm.\n"
      "Counts and rates take K, M, G and T (powers of 1000), or Ki, Mi, Gi and Ti (powers of 1024). In sizes,\n"
      "K, M, G and T are powers of 1024, too. Times take ns, us, ms, s, m, h and d, like 500ms or 1h30m.\n"
      "Data goes to standard output, everything else to standard error.\n"
      "Exit codes: 0 ok, 1 error, 2 wrong usage, 3 finished but values were lost, 4 no such arena, 5 incompatible.");
  const terminal::Command command(app);
  Action action;
  add_verbs(command, action, argv + 1);
  refuse_values_of_flags(app);

  const std::string first = argc > 1 ? argv[1] : "--help";
  if (first.empty() || (first.front() != '-' && !has_verb(app, first))) {
    terminal::note(terminal::unknown_verb_text(command, first));
    return terminal::ExitCode::usage;
  }
  try {
    if (argc > 1) {
      app.parse(argc, argv);
    } else {
      app.parse(first);
    }
  } catch (const CLI::ParseError& error) {
    return report_usage(command, error);
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
  std::signal(SIGXFSZ, SIG_IGN);  // a limit of a file's size is an error like a full disk
  terminal::report_bus_errors();
  terminal::ExitCode code = terminal::ExitCode::failed;
  try {
    code = tool::run(argc, argv);
  } catch (const core::OutputClosed&) {
    code = terminal::ExitCode::ok;
  } catch (const Error& error) {
    code = tool::report(error);
  } catch (const std::bad_alloc&) {
    terminal::note("no memory left; free memory, or raise the limit: ulimit -v");
  } catch (const std::exception& error) {
    terminal::note(error.what());
  }
  return static_cast<int>(code);
}
