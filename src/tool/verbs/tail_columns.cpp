#include "tool/verbs/tail_columns.hpp"

#include <fmt/format.h>

#include <utility>

#include "arena_shm/error.hpp"
#include "schema/named_formatter.hpp"
#include "tool/verbs/tail_output.hpp"

namespace arena_shm::tool {

namespace {

using schema::Format;

std::string columns_text(const std::optional<schema::Schema>& shown) {
  if (!shown) return "bytes, for it has no schema";
  std::string text;
  for (const schema::Field& field : shown->fields)
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", field.type_name(), field.name);
  return text;
}

[[noreturn]] void refuse_own_column(const std::string& name) {
  throw Error(Code::incompatible_type,
              {.name = name,
               .doing = "print among others",
               .expected = fmt::format("records without a field {}, which names the arena", schema::kArenaColumn),
               .found = "one",
               .remedy = "choose others with --fields"});
}

}  // namespace

std::unique_ptr<schema::RecordFormatter> TailColumns::add(Printing& printing, const std::string& name,
                                                          std::size_t name_width) {
  if (printing.shown && printing.shown->find(schema::kArenaColumn) != nullptr) refuse_own_column(name);
  if (first_) check(printing, name);
  std::shared_ptr<schema::RecordFormatter> lines = std::move(printing.formatter);
  if (printing.format == Format::table || printing.format == Format::hex) {
    if (!shared_) shared_ = lines;
    lines = shared_;
  }
  lines_.insert(lines);
  auto formatter = schema::behind_name(lines, printing.format, name, name_width);
  if (!first_)
    first_ = First{.name = name, .format = printing.format, .shown = printing.shown, .formatter = formatter.get()};
  return formatter;
}

// Lines that name their fields may each have others.
void TailColumns::check(const Printing& printing, const std::string& name) const {
  const Format format = printing.format;
  if (format == first_->format) {
    if (format == Format::ndjson || format == Format::influx || format == Format::hex) return;
    const bool is_same = columns_text(printing.shown) == columns_text(first_->shown);
    if (is_same && (format == Format::csv || printing.shown->fields == first_->shown->fields)) return;
  }
  throw Error(Code::incompatible_type,
              {.name = name,
               .doing = fmt::format("print in one table with '{}'", first_->name),
               .expected = "the same columns: " + columns_text(first_->shown),
               .found = columns_text(printing.shown),
               .remedy = "choose fields that all have with --fields, or --format ndjson, where each line has its own"});
}

void TailColumns::print_heading(std::string& out) {
  if (!first_ || std::exchange(has_heading_, true)) return;
  first_->formatter->heading(out);
  tell_hidden(*first_->formatter);
}

void TailColumns::forget_unused() {
  std::erase_if(lines_, [](const std::shared_ptr<schema::RecordFormatter>& lines) {
    if (lines.use_count() > 1) return false;
    tool::tell_altered(*lines);
    return true;
  });
}

void TailColumns::tell_altered() const {
  for (const auto& lines : lines_) tool::tell_altered(*lines);
}

}  // namespace arena_shm::tool
