// write: values from standard input into the ring.
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <optional>
#include <thread>

#include "arena_shm/raw.hpp"
#include "recording/line_reader.hpp"
#include "recording/npy.hpp"
#include "recording/put.hpp"
#include "recording/record_view.hpp"
#include "recording/text_lines.hpp"
#include "schema/record_input.hpp"
#include "terminal/exit_code.hpp"
#include "terminal/output.hpp"
#include "terminal/quantity_options.hpp"
#include "terminal/signals.hpp"
#include "text/quantities.hpp"
#include "tool/verbs/missing_option.hpp"
#include "tool/verbs/text_options.hpp"
#include "tool/verbs/verbs.hpp"
#include "tool/views/report.hpp"
#include "tool/views/terminal_attendant.hpp"

namespace arena_shm::tool {

namespace {

using SteadyClock = std::chrono::steady_clock;
using schema::InputStatus;

struct WriteOptions {
  std::string name;
  std::string format;
  std::string as;
  std::optional<std::string> missing;
  recording::TextDialect dialect;
  double rate = 0;
};

// Records one after the other, as they are in memory.
class RawInput final : public schema::RecordInput {
 public:
  InputStatus next(std::span<std::byte> record) override {
    const std::size_t bytes = pieces_.read(record);
    ++records_;
    if (bytes == record.size()) return InputStatus::record;
    if (bytes == 0 || terminal::stop_requested()) return InputStatus::end;
    refusal_ = {.line = records_,
                .column = "which is the last",
                .expected = "a record of " + text::counted(record.size(), "byte"),
                .found = text::counted(bytes, "byte"),
                .remedy = "the size of the input must be a multiple of the record's size"};
    return InputStatus::refused;
  }

 private:
  recording::PieceReader pieces_{terminal_attendant()};
  std::uint64_t records_ = 0;
};

// Lets `rate` values pass a second, evenly. After a pause of the input it hurries to catch up only a little.
class Pace {
 public:
  explicit Pace(double rate) {
    if (rate > 0)
      step_ = std::min<SteadyClock::duration>(Duration(std::chrono::duration<double>(1 / rate)), kLongestStep);
  }

  void wait() {
    if (step_ == SteadyClock::duration::zero()) return;
    next_ = std::max(next_ + step_, SteadyClock::now() - kMostBehind);
    while (!terminal::stop_requested() && SteadyClock::now() < next_) {
      std::this_thread::sleep_for(std::min<SteadyClock::duration>(next_ - SteadyClock::now(), kLongestSleep));
    }
  }

 private:
  static constexpr std::chrono::hours kLongestStep{24 * 365 * 100};  // what can be added to a time for long enough
  static constexpr std::chrono::milliseconds kMostBehind{100};
  static constexpr std::chrono::milliseconds kLongestSleep{50};  // until a signal is looked for again

  SteadyClock::duration step_ = SteadyClock::duration::zero();
  SteadyClock::time_point next_ = SteadyClock::now();
};

class Write {
 public:
  explicit Write(const WriteOptions& options)
      : arena_(RawArena::open(options.name)),
        writer_(arena_.writer("arena-shm write")),
        room_(writer_, arena_.name(), terminal_attendant()),
        input_(make_input(options)),
        pace_(options.rate),
        record_(arena_.info().record.size_bytes) {}

  terminal::ExitCode run() {
    terminal::catch_stop_signals();
    while (!terminal::stop_requested()) {
      const InputStatus status = input_->next(record_);
      if (status == InputStatus::end) break;
      if (status == InputStatus::refused) {
        refuse(input_->refusal());
        continue;
      }
      pace_.wait();
      if (!put()) break;
    }
    terminal::note(fmt::format("wrote {}{}{}", text::counted(written_, "value"),
                               refused_ > 0 ? ", refused " + text::counted(refused_, "line") : "", room_.stop_text()));
    return refused_ > 0 ? terminal::ExitCode::failed : terminal::ExitCode::ok;
  }

 private:
  static constexpr std::string_view kArenaMagic = "ARENASHM";  // core::kMagic

  [[noreturn]] void refuse_recording() const {
    throw Error(Code::incompatible_type, {.name = arena_.name(),
                                          .doing = "write standard input into",
                                          .expected = "csv, ndjson or raw records",
                                          .found = "a recording (.npy) or a saved segment (.arena)",
                                          .remedy = "save it in a file, then run: arena-shm replay FILE NAME"});
  }

  std::unique_ptr<schema::RecordInput> make_input(const WriteOptions& options) {
    if (options.format == "raw") return std::make_unique<RawInput>();
    const auto schema = recording::schema_for(arena_.info(), options.as, terminal_attendant());
    if (!schema) recording::refuse_without_schema(arena_.info(), "write text into");
    auto lines = std::make_shared<recording::LineReader>(schema::longest_line_bytes(*schema), terminal_attendant());
    auto text = std::make_shared<recording::TextLines>(*lines, options.dialect);
    const auto& first = text->first();
    if (first && (first->text.starts_with(recording::kNpyMagic) || first->text.starts_with(kArenaMagic)))
      refuse_recording();
    // Of a file that was cut off, the last number may not be whole; what comes through a pipe ends as it should.
    const bool may_be_cut = is_file(STDIN_FILENO);
    const auto source = [this, lines, text, may_be_cut]() -> std::optional<schema::Line> {
      auto line = text->next();
      if (!line || !line->unended || !may_be_cut || text->is_ndjson()) return line;
      refuse(schema::unended_line(line->number));
      return std::nullopt;
    };
    const bool is_ndjson = options.format.empty() ? text->is_ndjson() : options.format == "ndjson";
    text->settle(*schema);
    schema::Missing missing = missing_from(options.missing);
    return is_ndjson ? ndjson_input(*schema, source, std::move(missing))
                     : csv_input(*schema, source, text->delimiter(), std::move(missing));
  }

  static bool is_file(int fd) {
    struct stat status {};
    return ::fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
  }

  void refuse(const schema::Refusal& refusal) {
    ++refused_;
    terminal::note("refused " + to_string(refusal));
  }

  bool put() {
    if (!room_.put(record_)) return false;
    ++written_;
    return true;
  }

  RawArena arena_;
  RawWriter writer_;
  recording::PatientWriter room_;
  std::unique_ptr<schema::RecordInput> input_;
  Pace pace_;
  std::vector<std::byte> record_;
  std::uint64_t written_ = 0;
  std::uint64_t refused_ = 0;
};

terminal::ExitCode run_write(const WriteOptions& options) {
  Write write(options);
  try {
    return write.run();
  } catch (const Error& error) {
    // A header that does not fit is the input's fault, not the command line's.
    const terminal::ExitCode code = report(error);
    return code == terminal::ExitCode::usage ? terminal::ExitCode::failed : code;
  }
}

}  // namespace

void add_write(const terminal::Command& app, Action& action) {
  auto options = std::make_shared<WriteOptions>();
  terminal::Command verb = add_verb(
      app, action,
      {.name = "write",
       .summary = "Write values from standard input into an arena",
       .details =
           "A line that is not a record is refused with its number and the reason. All other lines are written, and\n"
           "the exit code is then 1. The time field of the schema also takes times like 2026-01-31T12:34:56.789Z.\n"
           "_seq and _time_ns, which tail prints, are ignored.\n"
           "In a laned arena, all values are written into one lane, which no other writer uses meanwhile.\n"
           "If a lossless arena is full, write waits for the consumers that hold it up, and says after a second who\n"
           "they are. SIGINT and SIGTERM end it also then.\n"
           "  csv     the first line names the columns, in any order; an array has a column for each element\n"
           "  ndjson  one JSON object per line, with every field\n"
           "  raw     records as they are in memory, one after the other",
       .example = "  printf 'ts,px\\n1,2.5\\n2,2.75\\n' | arena-shm write ticks\n"
                  "  arena-shm tail old --from oldest --format ndjson | arena-shm write new --rate 1000"},
      options, run_write);
  verb.add_option("NAME", options->name, "Name of the arena").required().type_name("");
  verb.add_option("--format", options->format, "csv, ndjson or raw (default: csv or ndjson, as the first line shows)")
      .type_name("FORMAT")
      .check(terminal::one_of({"csv", "ndjson", "raw"}));
  verb.add_option("--rate", options->rate, "Write R values per second, evenly spaced")
      .type_name("R")
      .check(terminal::rate());
  verb.add_option("--as", options->as, "Encode records as these fields, like 'u64 ts, f64 px'").type_name("FIELDS");
  add_missing_option(verb, options->missing);
  add_text_options(verb, options->dialect);
}

}  // namespace arena_shm::tool
