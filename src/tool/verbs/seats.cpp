// seats: who writes, and what they are in the middle of.
#include "inspect/seats.hpp"

#include <fmt/format.h>

#include "arena_shm/core/seat.hpp"
#include "inspect/facts.hpp"
#include "terminal/exit_code.hpp"
#include "terminal/object_lines.hpp"
#include "terminal/output.hpp"
#include "text/quantities.hpp"
#include "text/text_table.hpp"
#include "text/utf8.hpp"
#include "tool/verbs/chosen_arenas.hpp"
#include "tool/verbs/verbs.hpp"
#include "tool/views/damage.hpp"
#include "tool/views/seat_table.hpp"

namespace arena_shm::tool {

namespace {

struct SeatsOptions {
  ChosenArenas arenas;
  bool clear_stale = false;
  terminal::ObjectFormat format;
};

// Repairs what the next writer would repair. Only here is anything written.
// `prefix` says which arena it is, if there may be many.
void clear_stale(const std::string& prefix, const inspect::Image& image, const inspect::Facts& facts) {
  const auto segment = core::Segment::open(image.label(), core::Access::read_write);
  if (segment->info().epoch != facts.info.epoch) {
    throw Error(Code::not_found, {.name = image.label(),
                                  .doing = "clear the seats of",
                                  .expected = "the same arena as a moment ago",
                                  .found = "another arena of that name",
                                  .remedy = "try again"});
  }
  std::size_t cleared = 0;
  terminal::Output output;
  for (const inspect::SeatFacts& seat : inspect::read_seats(image, facts.header).all) {
    if (!is_dead(seat.holder) || !core::clear_dead_seat(*segment, seat.index)) continue;
    ++cleared;
    output.text() += fmt::format("{}cleared seat {}: pid {} died, {}\n", prefix, seat.index, seat.pid,
                                 describe_claim(seat, facts.header));
  }
  output.flush();
  terminal::note(fmt::format("cleared {} of '{}'", text::counted(cleared, "seat"), image.label()));
}

terminal::JsonObject object_of(const inspect::Image& image, const inspect::SeatFacts& seat, const inspect::Facts& facts,
                               const inspect::NewestTimes& newest) {
  terminal::JsonObject object;
  object["arena"] = image.label();
  object.update(seat_object(seat, facts, newest));
  return object;
}

terminal::ExitCode show_one(const SeatsOptions& options, terminal::ObjectLines& lines, const inspect::Image& image) {
  const bool may_be_many = options.arenas.may_be_many();
  const inspect::Facts facts = inspect::read_facts(image);
  for (const std::string& problem : facts.problems) terminal::note(fmt::format("'{}': {}", image.label(), problem));
  if (!facts.usable) return exit_code_of(facts);
  if (options.clear_stale) {
    clear_stale(may_be_many ? text::printable(image.label()) + ": " : "", image, facts);
    return exit_code_of(facts);
  }
  const inspect::Seats seats = inspect::read_seats(image, facts.header);
  const inspect::NewestTimes newest = inspect::read_newest_times(image, facts.header, facts.heads);
  terminal::Output output;
  if (options.format.is_table()) {
    if (may_be_many) output.text() += text::cut(text::printable(image.label()), terminal::line_width()) + '\n';
    append_seats(output.text(), facts, seats, newest);
    if (may_be_many) output.text() += '\n';
  } else {
    for (const inspect::SeatFacts& seat : seats.all) {
      if (seat.holder != inspect::Holder::never) lines.append(output.text(), object_of(image, seat, facts, newest));
    }
  }
  output.flush();
  terminal::note(fmt::format("'{}' has {}: {}", image.label(), text::counted(facts.header.seat_count, "seat"),
                             count_seats(seats)));
  return exit_code_of(facts);
}

terminal::ExitCode run_seats(const SeatsOptions& options) {
  terminal::ObjectLines lines(options.format);
  return options.arenas.for_each([&](const inspect::Image& image) { return show_one(options, lines, image); });
}

}  // namespace

void add_seats(const terminal::Command& app, Action& action) {
  auto options = std::make_shared<SeatsOptions>();
  terminal::Command verb =
      add_verb(app, action,
               {.name = "seats",
                .summary = "Show who writes to arenas",
                .details = "Each writing handle has a seat. Its holder is alive if it still holds its lease in\n"
                           "the kernel, and dead if it ended without giving the seat back. CLAIM is the\n"
                           "sequence number that the holder is writing; in an exclusive or a laned arena,\n"
                           "the number where it began. In a laned arena each seat has a lane: HEAD is the\n"
                           "next sequence number of the lane, FULL the share of its slots in use, HOLES the\n"
                           "numbers without a value, at least and at most. NEWEST is the age of its newest\n"
                           "value, if times are stored with the values. A dead seat needs no attention:\n"
                           "the next writer repairs it and takes it over. --clear-stale repairs it now.",
                .example = "  arena-shm seats\n"
                           "  arena-shm seats ticks imu\n"
                           "  arena-shm seats ticks --clear-stale"},
               options, run_seats);
  add_arenas(verb, options->arenas);
  terminal::add_format_option(verb, options->format);
  verb.add_flag("--clear-stale", options->clear_stale, "Repair the seats of dead holders, and print which");
}

}  // namespace arena_shm::tool
