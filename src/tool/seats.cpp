// seats: who writes, and what they are in the middle of.
#include "inspect/seats.hpp"

#include <fmt/format.h>

#include "inspect/facts.hpp"
#include "tool/output.hpp"
#include "tool/seat_table.hpp"
#include "tool/verbs.hpp"

namespace arena_shm::tool {

namespace {

struct Options {
  std::string name;
};

ExitCode run(const Options& options) {
  const inspect::Image image = inspect::Image::of_arena(options.name);
  const inspect::Facts facts = inspect::read_facts(image);
  for (const std::string& problem : facts.problems) note(fmt::format("'{}': {}", image.label(), problem));
  if (!facts.usable) return exit_code_of(facts.refusal);
  const inspect::Seats seats = inspect::read_seats(image, facts.header);
  Output output;
  append_seats(output.text(), facts, seats);
  output.flush();
  note(fmt::format("'{}' has {} seats: {}", image.label(), facts.header.seat_count, count_seats(seats)));
  return ExitCode::ok;
}

}  // namespace

void add_seats(CLI::App& app, Action& action) {
  auto options = std::make_shared<Options>();
  CLI::App& verb =
      add_verb(app, action,
               {.name = "seats",
                .summary = "Show who writes to an arena",
                .details = "A seat belongs to a writing handle. Its holder is alive if the kernel says so (the\n"
                           "lease is held), dead if it did not live to give the seat back. The claim is what\n"
                           "it is in the middle of.",
                .example = "  arena-shm seats ticks"},
               options, run);
  verb.add_option("NAME", options->name, "Name of the arena")->required()->type_name("");
}

}  // namespace arena_shm::tool
