// bench: becomes arena-bench, a program of its own because of all that it links.
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "bench/bench_command_line.hpp"
#include "terminal/companion.hpp"
#include "terminal/exit_code.hpp"
#include "tool/verbs/verbs.hpp"

namespace arena_shm::tool {

namespace {

struct BenchOptions {
  bench::BenchCommandLine line;  // checked here; arena-bench reads it again
  char** arguments = nullptr;
};

terminal::ExitCode run_bench(const BenchOptions& options) {
  const auto places = terminal::places_of("arena-bench", ARENA_SHM_LIBEXEC_FROM_BIN);
  const std::string program = terminal::first_program(places);
  if (program.empty()) {
    throw Error(Code::unsupported, {.name = "arena-bench",
                                    .doing = "find",
                                    .expected = fmt::format("a program at '{}' or '{}'", places[0], places[1]),
                                    .found = "none",
                                    .remedy = "build and install arena-shm with -DARENA_SHM_BUILD_BENCH=ON"});
  }
  std::signal(SIGPIPE, SIG_DFL);
  ::execv(program.c_str(), options.arguments);
  throw Error(Code::system, {.name = program,
                             .doing = "run",
                             .expected = "a program that can be run",
                             .found = "another kind of file",
                             .remedy = "install arena-shm again",
                             .system_error = errno});
}

}  // namespace

void add_bench(const terminal::Command& app, Action& action, char** arguments) {
  auto options = std::make_shared<BenchOptions>();
  options->arguments = arguments;
  const std::string details = bench::bench_details();
  terminal::Command verb = add_verb(app, action,
                                    {.name = "bench",
                                     .summary = bench::kBenchSummary,
                                     .details = details.c_str(),
                                     .example = "  arena-shm bench --quick\n"
                                                "  arena-shm bench --quick --only W8 --format json"},
                                    options, run_bench);
  bench::add_bench_options(verb, options->line);
}

}  // namespace arena_shm::tool
