// check: verifies one segment, by reading alone.
#include "inspect/check.hpp"

#include <fmt/format.h>

#include "terminal/exit_code.hpp"
#include "terminal/object_lines.hpp"
#include "terminal/output.hpp"
#include "text/utf8.hpp"
#include "tool/verbs/chosen_arenas.hpp"
#include "tool/verbs/verbs.hpp"
#include "tool/views/damage.hpp"

namespace arena_shm::tool {

namespace {

struct CheckOptions {
  ChosenArenas arenas;
  terminal::ObjectFormat format;
};

// `prefix` says which arena it is, if there may be many.
void append_text(std::string& out, const std::string& prefix, const inspect::Checked& checked) {
  for (const inspect::Finding& finding : checked.findings) {
    std::string line = fmt::format("{}{}: {}\n", prefix, to_string(finding.severity), text::printable(finding.text));
    out += finding.severity == inspect::Severity::error ? terminal::alarming(std::move(line)) : line;
  }
  if (!checked.has_failed()) out += fmt::format("{}ok: {}\n", prefix, fmt::join(checked.verified, ", "));
}

// Its text may say where, up to the first colon.
terminal::JsonObject object_of(const std::string& name, const inspect::Finding& finding) {
  constexpr std::string_view kColon = ": ";
  const std::size_t colon = finding.text.find(kColon);
  const bool says_where = colon != std::string::npos;
  terminal::JsonObject object;
  object["name"] = name;
  object["severity"] = to_string(finding.severity);
  object["where"] = says_where ? terminal::JsonObject(finding.text.substr(0, colon)) : terminal::JsonObject();
  object["text"] = says_where ? finding.text.substr(colon + kColon.size()) : finding.text;
  return object;
}

// The findings, and then what was checked and how it ended.
void append_objects(std::string& out, terminal::ObjectFormat format, const inspect::Image& image,
                    const inspect::Checked& checked) {
  terminal::ObjectLines lines(format);
  for (const inspect::Finding& finding : checked.findings) lines.append(out, object_of(image.label(), finding));
  terminal::JsonObject summary;
  summary["name"] = image.label();
  summary["is_ok"] = !checked.has_failed();
  summary["findings"] = checked.findings.size();
  summary["verified"] = checked.verified;
  lines.append(out, summary);
}

terminal::ExitCode check_one(const CheckOptions& options, const inspect::Image& image) {
  const inspect::Checked checked = inspect::check(image);
  terminal::Output output;
  if (options.format.is_table()) {
    append_text(output.text(), options.arenas.may_be_many() ? text::printable(image.label()) + ": " : "", checked);
  } else {
    append_objects(output.text(), options.format, image, checked);
  }
  output.flush();
  if (!checked.facts.usable) return exit_code_of(checked.facts);
  return checked.has_failed() ? terminal::ExitCode::failed : terminal::ExitCode::ok;
}

terminal::ExitCode run_check(const CheckOptions& options) {
  return options.arenas.for_each([&](const inspect::Image& image) { return check_one(options, image); });
}

}  // namespace

void add_check(const terminal::Command& app, Action& action) {
  auto options = std::make_shared<CheckOptions>();
  terminal::Command verb = add_verb(
      app, action,
      {.name = "check",
       .summary = "Check whether arenas are intact",
       .details =
           "Reads the header, the schema, the mutex, all seats and all slots. Changes nothing; writers may go on\n"
           "meanwhile. Each finding is a line: its severity, what was expected, what was found, and what to do.\n"
           "A note is harmless, for example that a writer was killed. After a warning or an error, the exit code\n"
           "is 1. If values have times, those of a lane, or of an exclusive arena, must not go back, and none may\n"
           "lie in the future. With --format ndjson, the last line of each arena is its summary.",
       .example = "  arena-shm check\n"
                  "  arena-shm check ticks\n"
                  "  arena-shm check ticks --format ndjson | jq .severity\n"
                  "  arena-shm check --file saved.img"},
      options, run_check);
  add_arenas_or_file(verb, options->arenas);
  terminal::add_nested_format_option(verb, options->format);
}

}  // namespace arena_shm::tool
