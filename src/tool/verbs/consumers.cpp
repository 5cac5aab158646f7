// consumers: whom the writers of lossless arenas wait for, how far they are, and how to be rid of one.
#include "inspect/consumers.hpp"

#include <fmt/format.h>

#include "arena_shm/core/consumers.hpp"
#include "arena_shm/core/segment.hpp"
#include "inspect/facts.hpp"
#include "terminal/exit_code.hpp"
#include "terminal/object_lines.hpp"
#include "terminal/output.hpp"
#include "text/quantities.hpp"
#include "text/text_table.hpp"
#include "text/utf8.hpp"
#include "tool/verbs/chosen_arenas.hpp"
#include "tool/verbs/verbs.hpp"
#include "tool/views/consumer_table.hpp"

namespace arena_shm::tool {

namespace {

struct ConsumersOptions {
  ChosenArenas arenas;
  std::string evicted;
  std::string removed;
  terminal::ObjectFormat format;

  bool changes_something() const noexcept { return !evicted.empty() || !removed.empty(); }
};

void require_lossless(const inspect::Image& image, const inspect::Facts& facts) {
  if (core::is_lossless(facts.header)) return;
  throw Error(Code::invalid_argument, {.name = image.label(),
                                       .doing = "look at the consumers of",
                                       .expected = "a lossless arena",
                                       .found = "one that overwrites",
                                       .remedy = "to create one: arena-shm create NAME --lossless"});
}

// Only here is anything written.
terminal::ExitCode change(const ConsumersOptions& options) {
  if (options.arenas.names.size() != 1) {
    terminal::note(fmt::format("--{}: expected the name of one arena, found {}",
                               options.removed.empty() ? "evict" : "remove", options.arenas.names.size()));
    return terminal::ExitCode::usage;
  }
  const auto image = inspect::Image::of_arena(options.arenas.names.front());
  const auto facts = inspect::read_facts(image);
  for (const std::string& problem : facts.problems) terminal::note(fmt::format("'{}': {}", image.label(), problem));
  if (!facts.usable) return terminal::exit_code_of(facts.refusal);
  require_lossless(image, facts);
  const auto segment = core::Segment::open(image.label(), core::Access::read_write);
  if (!options.removed.empty()) {
    core::remove_consumer(*segment, options.removed);
    terminal::note(fmt::format("removed consumer '{}' of '{}'", options.removed, image.label()));
  } else {
    core::evict_consumer(*segment, options.evicted);
    terminal::note(fmt::format("evicted consumer '{}' of '{}'", options.evicted, image.label()));
  }
  return terminal::ExitCode::ok;
}

void append_table(std::string& out, const ConsumersOptions& options, const inspect::Image& image,
                  const inspect::Facts& facts, const inspect::Consumers& consumers) {
  const bool may_be_many = options.arenas.may_be_many();
  if (may_be_many) out += text::cut(text::printable(image.label()), terminal::line_width()) + '\n';
  append_consumers(out, facts, consumers);
  if (may_be_many) out += '\n';
}

terminal::ExitCode show_one(const ConsumersOptions& options, terminal::ObjectLines& lines,
                            const inspect::Image& image) {
  inspect::Facts facts = inspect::read_facts(image);
  const bool is_asked_for = !options.arenas.names.empty() || !options.arenas.file.empty();
  if (facts.usable && !core::is_lossless(facts.header) && !is_asked_for) return terminal::ExitCode::ok;
  for (const std::string& problem : facts.problems) terminal::note(fmt::format("'{}': {}", image.label(), problem));
  if (!facts.usable) return terminal::exit_code_of(facts.refusal);
  require_lossless(image, facts);
  const inspect::Seats writers = inspect::read_seats(image, facts.header);
  refresh_heads(image, facts);
  inspect::Consumers consumers = inspect::read_consumers(image, facts.header, facts.heads, writers);
  inspect::read_lag_times(image, facts.header, facts.heads, consumers);
  terminal::Output output;
  if (options.format.is_table()) {
    append_table(output.text(), options, image, facts, consumers);
  } else {
    for (const inspect::ConsumerFacts* consumer : consumers.in_order()) {
      terminal::JsonObject object;
      object["arena"] = image.label();
      object.update(consumer_object(*consumer));
      lines.append(output.text(), object);
    }
  }
  output.flush();
  terminal::note(fmt::format("'{}' has room for {}: {}", image.label(),
                             text::counted(facts.header.consumer_count, "consumer"), count_consumers(consumers)));
  return terminal::ExitCode::ok;
}

terminal::ExitCode run_consumers(const ConsumersOptions& options) {
  if (options.changes_something()) return change(options);
  terminal::ObjectLines lines(options.format);
  return options.arenas.for_each([&](const inspect::Image& image) { return show_one(options, lines, image); });
}

std::string check_name(const std::string& text) { return text.empty() ? "expected a consumer's name, found ''" : ""; }

}  // namespace

void add_consumers(const terminal::Command& app, Action& action) {
  auto options = std::make_shared<ConsumersOptions>();
  terminal::Command verb = add_verb(
      app, action,
      {.name = "consumers",
       .summary = "Show the consumers that the writers of lossless arenas wait for",
       .details =
           "STATE is alive if the consumer still holds its lease in the kernel, dead if it ended without leaving\n"
           "(then it holds up nobody), away if it is durable and nobody has its name at the moment, evicted if\n"
           "writers no longer wait for it. It is done with all sequence numbers below POSITION; in a laned arena,\n"
           "that is the lowest one of all lanes. LAG is how many values it has yet to get, or to release; LAG TIME\n"
           "is the age of the oldest of them, if times are stored with the values. BLOCKS is how long a writer\n"
           "has been waiting for it, or 'full' if the next value would have to wait.\n"
           "A group shares the values among its members, which stand below it, as NAME/PLACE. What is below its\n"
           "POSITION is taken; HOLDS is how many values a member has taken and not done with. What a dead member\n"
           "holds goes to another one, when that asks for values.\n"
           "--evict lets the writers go on without a consumer, or group, alive or not: it loses what is overwritten,\n"
           "and gets an error, once. What an evicted member holds goes to another one, and nothing is lost. --remove\n"
           "makes the arena forget a durable consumer, or group, that is away.",
       .example = "  arena-shm consumers\n"
                  "  arena-shm consumers orders --format ndjson | jq .lag\n"
                  "  arena-shm consumers orders --evict risk\n"
                  "  arena-shm consumers orders --evict workers\n"
                  "  arena-shm consumers orders --remove risk"},
      options, run_consumers);
  add_arenas_or_file(verb, options->arenas);
  terminal::Option evict =
      verb.add_option("--evict", options->evicted, "Let the writers go on without this consumer, group, or member")
          .type_name("CONSUMER")
          .check(check_name)
          .excludes("--file");
  verb.add_option("--remove", options->removed, "Forget this durable consumer, or group, which is away")
      .type_name("CONSUMER")
      .check(check_name)
      .excludes("--file")
      .excludes(evict);
  terminal::add_format_option(verb, options->format);
}

}  // namespace arena_shm::tool
