// rm: takes the names of arenas away.
#include "arena_shm/raw.hpp"
#include "inspect/facts.hpp"
#include "terminal/exit_code.hpp"
#include "terminal/output.hpp"
#include "tool/verbs/verbs.hpp"
#include "tool/views/report.hpp"

namespace arena_shm::tool {

namespace {

struct RmOptions {
  std::vector<std::string> names;
};

[[noreturn]] void refuse(Code code, const std::string& name, const char* found, const char* remedy) {
  throw Error(code, {.name = name, .doing = "remove", .expected = "an arena", .found = found, .remedy = remedy});
}

void remove(const std::string& name) {
  // A damaged arena may go; a file that never was one may not.
  if (!inspect::has_magic(inspect::Image::of_arena(name))) {
    refuse(Code::not_an_arena, name, "a file that is not an arena",
           "check the name; to remove the file anyway, use rm");
  }
  if (!RawArena::remove(name)) refuse(Code::not_found, name, "no arena of that name", "another process has removed it");
  terminal::note("removed '" + name + "'");
}

terminal::ExitCode run_rm(const RmOptions& options) {
  terminal::ExitCode code = terminal::ExitCode::ok;
  for (const std::string& name : options.names) {
    try {
      remove(name);
    } catch (const Error& error) {
      const terminal::ExitCode failure = report(error);
      if (code == terminal::ExitCode::ok) code = failure;
    }
  }
  return code;
}

}  // namespace

void add_rm(const terminal::Command& app, Action& action) {
  auto options = std::make_shared<RmOptions>();
  terminal::Command verb = add_verb(app, action,
                                    {.name = "rm",
                                     .summary = "Remove arenas",
                                     .details = "Processes that have an arena open can go on using it.",
                                     .example = "  arena-shm rm ticks imu"},
                                    options, run_rm);
  verb.add_option("NAME", options->names, "Names of arenas").required().type_name("");
}

}  // namespace arena_shm::tool
