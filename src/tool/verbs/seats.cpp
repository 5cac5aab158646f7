// seats: who writes, and what they are in the middle of.
#include "inspect/seats.hpp"

#include <fmt/format.h>

#include "arena_shm/core/seat.hpp"
#include "inspect/facts.hpp"
#include "terminal/exit_code.hpp"
#include "terminal/object_lines.hpp"
#include "terminal/output.hpp"
#include "text/quantities.hpp"
#include "tool/verbs/verbs.hpp"
#include "tool/views/seat_table.hpp"

namespace arena_shm::tool {

namespace {

struct Options {
  std::string name;
  bool clear_stale = false;
  terminal::LineFormat format = terminal::LineFormat::table;
};

// Repairs what the next writer would repair. Only here is anything written.
void clear_stale(const inspect::Image& image, const inspect::Facts& facts) {
  const auto segment = core::Segment::open(image.label(), core::Access::read_write);
  if (segment->info().epoch != facts.info.epoch) {
    throw Error(Code::not_found, {.name = image.label(),
                                  .doing = "clear the seats of",
                                  .expected = "the arena that was looked at",
                                  .found = "another one",
                                  .remedy = "try again"});
  }
  std::size_t cleared = 0;
  terminal::Output output;
  for (const inspect::SeatFacts& seat : inspect::read_seats(image, facts.header).all) {
    if (!is_dead(seat.holder) || !core::clear_dead_seat(*segment, seat.index)) continue;
    ++cleared;
    output.text() += fmt::format("cleared seat {}: pid {} died, {}\n", seat.index, seat.pid,
                                 describe_claim(seat, facts.info.writers == Writers::exclusive));
  }
  output.flush();
  terminal::note(fmt::format("cleared {} of '{}'", text::counted(cleared, "seat"), image.label()));
}

terminal::ExitCode run(const Options& options) {
  const inspect::Image image = inspect::Image::of_arena(options.name);
  const inspect::Facts facts = inspect::read_facts(image);
  for (const std::string& problem : facts.problems) terminal::note(fmt::format("'{}': {}", image.label(), problem));
  if (!facts.usable) return terminal::exit_code_of(facts.refusal);
  if (options.clear_stale) {
    clear_stale(image, facts);
    return terminal::ExitCode::ok;
  }
  const inspect::Seats seats = inspect::read_seats(image, facts.header);
  terminal::Output output;
  if (options.format == terminal::LineFormat::table) {
    append_seats(output.text(), facts, seats);
  } else {
    terminal::ObjectLines lines(options.format);
    for (const inspect::SeatFacts& seat : seats.all) {
      if (seat.holder != inspect::Holder::never) lines.append(output.text(), seat_object(seat, facts));
    }
  }
  output.flush();
  terminal::note(fmt::format("'{}' has {} seats: {}", image.label(), facts.header.seat_count, count_seats(seats)));
  return terminal::ExitCode::ok;
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
                           "it is in the middle of. Dead seats need no repair, as the next writer takes them\n"
                           "over; --clear-stale does it now.",
                .example = "  arena-shm seats ticks\n"
                           "  arena-shm seats ticks --clear-stale"},
               options, run);
  verb.add_option("NAME", options->name, "Name of the arena")->required()->type_name("");
  terminal::add_format_option(verb, options->format);
  verb.add_flag("--clear-stale", options->clear_stale, "Repair the seats whose holders died, and say which");
}

}  // namespace arena_shm::tool
