// inspect: the whole truth about one segment. Changes nothing, maps nothing, and works on what is left of a damaged
// one.
#include <fmt/format.h>

#include <chrono>
#include <thread>
#include <utility>

#include "arena_shm/core/system.hpp"
#include "recording/record_view.hpp"
#include "terminal/exit_code.hpp"
#include "terminal/output.hpp"
#include "terminal/quantity_options.hpp"
#include "tool/verbs/chosen_arenas.hpp"
#include "tool/verbs/verbs.hpp"
#include "tool/views/damage.hpp"
#include "tool/views/inspect_object.hpp"
#include "tool/views/inspect_page.hpp"
#include "tool/views/terminal_attendant.hpp"

namespace arena_shm::tool {

namespace {

struct InspectOptions {
  ChosenArenas arenas;
  std::string as;
  std::size_t count = 5;
  terminal::ObjectFormat format;
};

// Values a second over the next moment.
void sample_rates(Inspection& in) {
  constexpr std::chrono::milliseconds kBetweenSamples{200};
  const core::Header& header = in.facts.header;
  const std::uint64_t before = inspect::read_value_count(in.image, header);
  const inspect::Heads heads_before = inspect::read_heads(in.image, header).value_or(inspect::Heads());
  const auto begin = std::chrono::steady_clock::now();
  std::this_thread::sleep_for(kBetweenSamples);
  const std::uint64_t after = inspect::read_value_count(in.image, header);
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - begin;
  in.values_per_second = in.values_per_second_of_lane = inspect::rate(before, after, elapsed);
  if (in.facts.info.writers != Writers::laned) return;
  const inspect::Heads heads_after = inspect::read_heads(in.image, header).value_or(inspect::Heads());
  in.values_per_second_of_lane = inspect::fastest_rate(heads_before, heads_after, elapsed);
}

void print(const Inspection& inspection, terminal::ObjectFormat format) {
  const bool usable = inspection.facts.usable;
  terminal::Output output;
  if (format.is_table()) {
    output.text() = usable ? whole_page(inspection) : damaged_page(inspection);
  } else {
    // A schema stays as it is stored, and values are as tail prints them: nothing more is to be quoted.
    terminal::ObjectLines({.lines = format.lines})
        .append(output.text(),
                usable ? whole_object(inspection, format.quote_int64) : damaged_object(inspection, format.quote_int64));
  }
  output.flush();
}

terminal::ExitCode inspect_one(const InspectOptions& options, const inspect::Image& image) {
  Inspection inspection{.image = image, .facts = inspect::read_facts(image)};
  inspect::Facts& facts = inspection.facts;
  if (!facts.usable) {
    print(inspection, options.format);
    return exit_code_of(facts);
  }
  inspection.schema = recording::schema_for(facts.info, options.as, terminal_attendant());
  if (image.is_live()) {
    sample_rates(inspection);
    inspection.mappers = inspect::mappers_of(image, facts.header.doorbell.offset_bytes);
    if (const int error = inspection.mappers.error; error != 0)
      terminal::note(fmt::format("'{}': could not look at every process that may use the arena: {}", image.label(),
                                 core::errno_text(error)));
  }
  // As late as can be, and together: on a live ring they are soon history.
  inspection.seats = inspect::read_seats(image, facts.header);
  if (facts.head) {
    refresh_heads(image, facts);
    inspection.consumers = inspect::read_consumers(image, facts.header, facts.heads, inspection.seats);
    inspect::read_lag_times(image, facts.header, facts.heads, inspection.consumers);
    inspection.oldest = inspect::oldest_readable(image, facts.header, facts.heads);
    inspection.newest = inspect::newest_values(image, facts.header, facts.heads, options.count);
    inspection.newest_times = inspect::read_newest_times(image, facts.header, facts.heads);
  }
  print(inspection, options.format);
  return exit_code_of(facts);
}

terminal::ExitCode run_inspect(const InspectOptions& options) {
  bool is_first = true;
  return options.arenas.for_each([&](const inspect::Image& image) {
    if (!std::exchange(is_first, false) && options.format.is_table()) {
      terminal::Output output;
      output.text() = '\n';
      output.flush();
    }
    return inspect_one(options, image);
  });
}

}  // namespace

void add_inspect(const terminal::Command& app, Action& action) {
  auto options = std::make_shared<InspectOptions>();
  terminal::Command verb = add_verb(
      app, action,
      {.name = "inspect",
       .summary = "Show everything about arenas, and what is wrong with them",
       .details =
           "Changes nothing. Shows damaged arenas, too, as far as they can be read. If something is wrong with an\n"
           "arena, the exit code is 1; if it has another layout version or byte order, 5. With --format ndjson, an\n"
           "arena is one object.",
       .example = "  arena-shm inspect ticks\n"
                  "  arena-shm inspect ticks --format ndjson | jq .seats\n"
                  "  arena-shm inspect --file saved.img"},
      options, run_inspect);
  add_arenas_or_file(verb, options->arenas);
  verb.add_option("-n,-c,--count", options->count, "How many of the newest values to show")
      .type_name("N")
      .capture_default_str()
      .check(terminal::count());
  verb.add_option("--as", options->as, "Decode records as these fields, like 'u64 ts, f64 px'").type_name("FIELDS");
  terminal::add_nested_format_option(verb, options->format);
}

}  // namespace arena_shm::tool
