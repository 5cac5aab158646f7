// gc: removes the arenas that nobody uses.
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "arena_shm/core/system.hpp"
#include "arena_shm/raw.hpp"
#include "inspect/arenas.hpp"
#include "inspect/consumers.hpp"
#include "inspect/facts.hpp"
#include "inspect/openers.hpp"
#include "inspect/processes.hpp"
#include "inspect/seats.hpp"
#include "terminal/exit_code.hpp"
#include "terminal/names.hpp"
#include "terminal/object_lines.hpp"
#include "terminal/output.hpp"
#include "text/quantities.hpp"
#include "text/shell_word.hpp"
#include "text/utf8.hpp"
#include "tool/verbs/verbs.hpp"
#include "tool/views/damage.hpp"
#include "tool/views/report.hpp"

namespace arena_shm::tool {

namespace {

struct GcOptions {
  std::vector<std::string> names;
  bool dry_run = false;
  bool force = false;
  terminal::ObjectFormat format;
};

/// A consumer that lives, or that is to come back for values.
std::optional<std::string> use_by_consumers(const inspect::Image& image, const inspect::Facts& facts,
                                            const inspect::Seats& writers) {
  for (const auto& consumer : inspect::read_consumers(image, facts.header, facts.heads, writers).all) {
    if (!consumer.is_there() || consumer.is_member()) continue;
    const std::string& name = consumer.seat.name;
    const char* const what = consumer.is_group() ? "group" : "consumer";
    if (consumer.holder == inspect::Holder::unknown) return "the kernel does not tell whether its consumers are alive";
    if (!consumer.is_away()) return fmt::format("{} '{}' is {}", what, name, to_string(consumer.holder));
    const std::uint64_t yet_to_get = consumer.lag + consumer.holds;
    if (consumer.is_durable() && yet_to_get > 0)
      return fmt::format("durable {} '{}' has {} yet to get; to forget it: arena-shm consumers {} --remove {}", what,
                         name, text::counted(yet_to_get, "value"), text::shell_word(image.label()),
                         text::shell_word(name));
  }
  return std::nullopt;
}

/// Why the arena has to stay, or nothing.
std::optional<std::string> use_of(const inspect::Image& image, const inspect::Facts& facts, bool force) {
  if (!facts.usable)
    return fmt::format("the arena is damaged; examine it: arena-shm inspect {0}; remove it: arena-shm rm {0}",
                       text::shell_word(image.label()));
  const inspect::Seats seats = inspect::read_seats(image, facts.header);
  const std::size_t held = seats.count_held();
  if (held > 0) return fmt::format("{} alive", text::counted(held, "writer"));
  if (seats.count(inspect::Holder::unknown) > 0) return "the kernel does not tell whether its writers are alive";
  if (auto use = use_by_consumers(image, facts, seats)) return use;
  // What the kernel says of all processes needs no look at each of them, which only root may have.
  if (inspect::openers_of(image) == inspect::Openers::none) return std::nullopt;
  const inspect::Mappers mappers = inspect::mappers_of(image, facts.header.doorbell.offset_bytes);
  if (!mappers.found.empty()) {
    const inspect::Mapper& first = mappers.found.front();
    return fmt::format("mapped by pid {} ({}){}", first.pid, first.process.name,
                       mappers.found.size() > 1 ? fmt::format(" and {} more", mappers.found.size() - 1) : "");
  }
  // Whoever could not be looked at may be using it, and --force is for what this user may not see, not for that.
  if (mappers.error != 0)
    core::throw_errno(mappers.error, core::Act::look, "look at the processes that may use", image.label());
  if (force) return std::nullopt;
  if (!mappers.complete) return "/proc does not show all processes; use --force if no other process uses the arena";
  if (mappers.unreadable_count > 0) {
    return fmt::format("no permission to look at {}; use --force if no other process uses the arena",
                       text::counted(mappers.unreadable_count, "process"));
  }
  return std::nullopt;
}

bool is_still(const inspect::Image& image) {
  const inspect::Image now = inspect::Image::of_arena(image.label());
  return now.device() == image.device() && now.inode() == image.inode();
}

void refuse_unless_arena(const inspect::Image& image) {
  if (inspect::has_magic(image)) return;
  throw Error(Code::not_an_arena, {.name = image.label(),
                                   .doing = "remove",
                                   .expected = "an arena",
                                   .found = "a file that is not an arena",
                                   .remedy = "check the name"});
}

/// What became of the arenas. The table has those that are gone; the other formats have all, with the reason.
class Outcomes {
 public:
  explicit Outcomes(const GcOptions& options) : options_(options), lines_(options.format) {}

  void gone(const inspect::Image& image) {
    add(image, options_.dry_run ? "would remove" : "removed", text::printable(image.label()) + '\n', nullptr);
  }
  void kept(const inspect::Image& image, const std::string& why) {
    terminal::note(fmt::format("kept '{}': {}", image.label(), why));
    add(image, "kept", "", why);
  }
  void failed(const inspect::Image& image, const Error& error) { add(image, "failed", "", error.what()); }

 private:
  void add(const inspect::Image& image, const char* outcome, const std::string& line,
           const terminal::JsonObject& reason) {
    if (options_.format.is_table()) {
      output_.text() += line;
    } else {
      lines_.append(output_.text(), {{"name", image.label()}, {"outcome", outcome}, {"reason", reason}});
    }
    output_.flush();
  }

  const GcOptions& options_;
  terminal::ObjectLines lines_;
  terminal::Output output_;
};

class Collection {
 public:
  explicit Collection(const GcOptions& options) : options_(options), outcomes_(options) {}

  terminal::ExitCode run() {
    if (options_.names.empty()) {
      inspect::for_each_arena([&](const inspect::Image& image) { collect(image); },
                              [&](const Error& error) { terminal::note_skipped(error, verdict_); });
    } else {
      // All of them are there, or none is touched.
      for (const std::string& name : options_.names) refuse_unless_arena(inspect::Image::of_arena(name));
      for (const std::string& name : options_.names) collect_named(name);
    }
    terminal::note(fmt::format("{} {}, kept {}", options_.dry_run ? "would remove" : "removed",
                               text::counted(gone_, "arena"), kept_));
    return verdict_.code();
  }

 private:
  void collect_named(const std::string& name) {
    try {
      const inspect::Image image = inspect::Image::of_arena(name);
      refuse_unless_arena(image);
      collect(image);
    } catch (const Error& error) {
      if (error.code() != Code::not_found) verdict_.add(report(error));
    }
  }

  void collect(const inspect::Image& image) {
    try {
      const inspect::Facts facts = inspect::read_facts(image);
      if (!facts.usable) verdict_.add(exit_code_of(facts));
      if (const auto use = use_of(image, facts, options_.force)) {
        ++kept_;
        outcomes_.kept(image, *use);
        return;
      }
      if (!options_.dry_run && (!is_still(image) || !RawArena::remove(image.label()))) return;  // somebody else did
      ++gone_;
      outcomes_.gone(image);
    } catch (const Error& error) {
      if (error.code() == Code::not_found) return;
      verdict_.add(report(error));
      outcomes_.failed(image, error);
    }
  }

  const GcOptions& options_;
  Outcomes outcomes_;
  terminal::Verdict verdict_;
  std::size_t gone_ = 0;
  std::size_t kept_ = 0;
};

terminal::ExitCode run_gc(const GcOptions& options) { return Collection(options).run(); }

}  // namespace

void add_gc(const terminal::Command& app, Action& action) {
  auto options = std::make_shared<GcOptions>();
  terminal::Command verb = add_verb(
      app, action,
      {.name = "gc",
       .summary = "Remove arenas that nobody uses",
       .details =
           "An arena is in use if a writer or a consumer holds a seat in it, if a durable consumer that is away\n"
           "has values yet to get, or if any process has it mapped. Removing an arena loses its values: look\n"
           "first, with --dry-run. For arenas of this user (as root: for all arenas), the kernel tells whether any\n"
           "process has them open or mapped. If a process has, or if the kernel does not tell, gc looks at all\n"
           "processes in /proc. If it cannot look at some of them (it has no permission, or they run in another\n"
           "container), it keeps the arena and prints the reason, because those processes may use it. With\n"
           "--force, gc assumes that they do not.\n"
           "Names of removed arenas go to standard output, names of kept arenas to standard error. With --format\n"
           "ndjson or csv, all go to standard output, with the outcome (removed, would remove, kept or failed) and\n"
           "the reason.",
       .example = "  arena-shm gc --dry-run\n"
                  "  arena-shm gc --dry-run --format ndjson | jq .name\n"
                  "  arena-shm gc ticks imu"},
      options, run_gc);
  verb.add_option("NAME", options->names, "Only these arenas (default: all on this host)").type_name("");
  verb.add_flag("--dry-run", options->dry_run, "Remove nothing, only print what would be removed");
  verb.add_flag("--force", options->force, "Assume that processes that gc cannot look at do not use the arenas");
  terminal::add_format_option(verb, options->format);
}

}  // namespace arena_shm::tool
