// create: a ring without a line of C++.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <bit>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <limits>
#include <optional>

#include "arena_shm/core/layout.hpp"
#include "arena_shm/core/system.hpp"
#include "arena_shm/raw.hpp"
#include "schema/fields_language.hpp"
#include "schema/schema_json.hpp"
#include "terminal/exit_code.hpp"
#include "terminal/output.hpp"
#include "terminal/quantity_options.hpp"
#include "text/quantities.hpp"
#include "tool/verbs/verbs.hpp"
#include "tool/views/inspection.hpp"

namespace arena_shm::tool {

namespace {

struct CreateOptions {
  std::string name;
  std::uint64_t slots = 0;
  std::string fields;
  std::string schema_file;
  std::optional<std::uint64_t> size_bytes;
  std::optional<std::uint64_t> align_bytes;
  bool exclusive = false;
  bool time = false;
  bool lossless = false;
  std::uint32_t consumers = arena_shm::Options{}.consumers;
  double patience_seconds = 0;  // for ever
  std::uint32_t lanes = 0;      // none
  std::uint32_t seats = arena_shm::Options{}.seats;
  std::string mode = "0600";
};

std::string contents(const std::string& path) {
  // Not a stream, which reads nothing from a directory and says nothing.
  const core::Descriptor file(core::open_above_standard(path.c_str(), O_RDONLY));
  if (!file) core::throw_errno(errno, core::Act::read_file, "read the schema file", path);
  std::string text(schema::kMaxSchemaTextBytes + 1, '\0');
  std::size_t count = 0;
  while (count < text.size()) {
    const ssize_t got = ::read(file.get(), text.data() + count, text.size() - count);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) core::throw_errno(errno, core::Act::read_file, "read the schema file", path);
    if (got == 0) break;
    count += static_cast<std::size_t>(got);
  }
  text.resize(count);
  return text;
}

RecordType described(const schema::Schema& schema, std::string json) {
  return {.name = {}, .size_bytes = schema.size_bytes, .align_bytes = schema.align_bytes, .schema = std::move(json)};
}

// In a file either form of a schema may stand: JSON, or the language of --fields.
RecordType from_file(const std::string& path) {
  const std::string text = contents(path);
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first != std::string::npos && text[first] == '{') {
    return described(schema::parse_json(text), schema::compact_json(text));
  }
  const schema::Schema schema = schema::parse_fields(text);
  return described(schema, schema::to_json(schema));
}

// What a C struct of that size can ask for: the largest power of two up to a word that divides it.
std::uint64_t natural_align(std::uint64_t size_bytes) {
  constexpr int kWordBits = 3;
  return std::uint64_t{1} << std::min(std::countr_zero(size_bytes), kWordBits);
}

RecordType record_type(const CreateOptions& options) {
  if (!options.schema_file.empty()) return from_file(options.schema_file);
  if (options.size_bytes) {
    return {.name = {},
            .size_bytes = *options.size_bytes,
            .align_bytes = options.align_bytes.value_or(natural_align(*options.size_bytes)),
            .schema = {}};
  }
  const schema::Schema schema = schema::parse_fields(options.fields);
  return described(schema, schema::to_json(schema));
}

Writers writers(const CreateOptions& options) {
  if (options.lanes > 0) return Writers::laned;
  return options.exclusive ? Writers::exclusive : Writers::shared;
}

std::string lossless_text(const Info& info) {
  if (info.full != Full::wait) return "";
  return fmt::format(", lossless: {}", waiting_text(info));
}

terminal::ExitCode run_create(const CreateOptions& options) {
  const RecordType record = record_type(options);
  const auto arena =
      RawArena::create(options.name, record,
                       {.slots = options.slots,
                        .writers = writers(options),
                        .seats = options.lanes > 0 ? options.lanes : options.seats,
                        .mode = static_cast<unsigned>(std::stoul(options.mode, nullptr, 8)),
                        .time = options.time,
                        .full = options.lossless ? Full::wait : Full::overwrite,
                        .consumers = options.consumers,
                        .patience = std::chrono::nanoseconds(std::llround(options.patience_seconds * 1e9))});
  const std::string lanes = options.lanes > 0 ? text::counted(options.lanes, "lane") + " of " : "";
  const std::string times = options.time ? fmt::format(", with times (clock: {})", to_string(arena.info().clock)) : "";
  terminal::note(fmt::format("created '{}': {}{} for records of {}, aligned to {}{}{}; {} in all", arena.name(), lanes,
                             text::counted(options.slots, "slot"), text::counted(record.size_bytes, "byte"),
                             record.align_bytes, times, lossless_text(arena.info()),
                             text::short_bytes(arena.info().segment_bytes)));
  return terminal::ExitCode::ok;
}

std::string check_mode(const std::string& text) {
  const bool octal = !text.empty() && text.size() <= 4 && text.find_first_not_of("01234567") == std::string::npos;
  return octal && std::stoul(text, nullptr, 8) <= 0777 ? "" : "expected octal digits, 0 to 0777, found '" + text + "'";
}

}  // namespace

void add_create(const terminal::Command& app, Action& action) {
  auto options = std::make_shared<CreateOptions>();
  terminal::Command verb = add_verb(
      app, action,
      {.name = "create",
       .summary = "Create an arena",
       .details =
           "Types of fields: u8 u16 u32 u64, i8 i16 i32 i64, f32 f64, bool, char, and sN (N characters). A type\n"
           "followed by [N] is an array. Nx is N bytes of padding. Fields are aligned as in a C struct.\n"
           "A full ring overwrites its oldest value, unless it is lossless: then writers wait until every\n"
           "registered consumer has got that value. A consumer that died holds up nobody, unless it is durable.",
       .example = "  arena-shm create ticks --slots 65536 --fields 'u64 ts, f64 px, 4x, s16 sym, f32[3] pos'\n"
                  "  arena-shm create orders --slots 4096 --fields 'u64 id' --lossless --patience 5s"},
      options, run_create);
  verb.add_option("NAME", options->name, "Name of the arena").required().type_name("");
  verb.add_option("--slots", options->slots, "How many values the ring holds; with --lanes, each lane")
      .required()
      .type_name("N")
      .check(terminal::count());
  terminal::Command record = verb.add_choice("Record", "What a value consists of; give one of these:");
  record.add_option("--as,--fields", options->fields, "Its fields, like 'u64 ts, f64 px'").type_name("FIELDS");
  record.add_option("--schema", options->schema_file, "A file with its fields, or with a numpy.dtype as JSON")
      .type_name("FILE");
  terminal::Option size = record.add_option("--size", options->size_bytes, "Its size, if it has no fields")
                              .type_name("BYTES")
                              .check(terminal::size());
  verb.add_option("--align", options->align_bytes, "Its alignment, a power of two")
      .type_name("BYTES")
      .check(terminal::size())
      .needs(size);
  terminal::Option exclusive =
      verb.add_flag("--exclusive", options->exclusive, "Allow only one writer at a time, which is then faster");
  terminal::Option lanes =
      verb.add_option("--lanes", options->lanes, "Give each of N writers a ring of its own, so that none slows another")
          .type_name("N")
          .check(terminal::count({.least = 1, .most = core::kMaxSeats}))
          .excludes(exclusive);
  verb.add_option("--seats", options->seats, "How many writers may be attached at the same time")
      .type_name("N")
      .capture_default_str()
      .check(terminal::count({.most = std::numeric_limits<std::uint32_t>::max()}))
      .excludes(exclusive)
      .excludes(lanes);
  terminal::Option lossless =
      verb.add_flag("--lossless", options->lossless, "When the ring is full, let writers wait for its consumers");
  verb.add_option("--consumers", options->consumers, "How many consumers may be registered at the same time")
      .type_name("N")
      .capture_default_str()
      .check(terminal::count({.least = 1, .most = core::kMaxConsumers}))
      .needs(lossless);
  verb.add_option("--patience", options->patience_seconds,
                  "Evict a consumer that has held up a writer for this TIME without progress (default: never)")
      .type_name("TIME")
      .check(terminal::duration(std::chrono::milliseconds(1), std::chrono::hours(24 * 365),
                                terminal::BareNumber::is_refused))
      .needs(lossless);
  verb.add_flag("--time", options->time, "Store with each value when it was appended; takes 8 bytes a slot");
  verb.add_option("--mode", options->mode, "Permissions, octal")
      .type_name("MODE")
      .capture_default_str()
      .check(check_mode);
}

}  // namespace arena_shm::tool
