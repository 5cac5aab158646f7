#include "tool/verbs/tail_columns.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "arena_shm/error.hpp"
#include "filter/complaint.hpp"
#include "schema/named_formatter.hpp"
#include "tool/verbs/tail_output.hpp"

namespace arena_shm::tool {

namespace {

using schema::Format;

bool has_heading(Format format) { return format == Format::table || format == Format::csv; }

// Units are in the heading of a table.
std::string columns_text(const std::optional<schema::Schema>& shown, Format format) {
  if (!shown) return "bytes, for it has no schema";
  std::string text;
  for (const schema::Field& field : shown->fields) {
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", field.type_name(), field.name);
    if (format == Format::table && !field.unit.empty()) text += fmt::format(" [{}]", field.unit);
  }
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

void TailColumns::take(const std::vector<TailRing*>& come, std::size_t name_width) {
  const auto has_times = [](const TailRing* ring) { return ring->printing().tail.shape.has_time; };
  for (TailRing* ring : come) know(*ring, name_width, TimeColumn::shown);
  if (!first_ && !std::ranges::all_of(come, has_times)) times_ = TimeColumn::left_out;
  for (TailRing* ring : come) {
    const bool has_more = has_heading(ring->printing().format) && has_times(ring);
    if (has_more && times_ == TimeColumn::left_out) know(*ring, name_width, times_);
    ring->formatter = add(ring->printing(), ring->name(), name_width);
  }
}

void TailColumns::know(TailRing& ring, std::size_t name_width, TimeColumn times) {
  constexpr std::size_t kBehindName = 2;
  try {
    ring.know(printing_for_(ring.view().info(), name_width + kBehindName, times), order_);
  } catch (const filter::Complaint& complaint) {
    throw complaint.about(ring.name());
  }
}

std::unique_ptr<schema::RecordFormatter> TailColumns::add(Printing& printing, const std::string& name,
                                                          std::size_t name_width) {
  if (printing.shown && printing.shown->find(schema::kArenaColumn) != nullptr) refuse_own_column(name);
  if (first_) check(printing, name);
  std::shared_ptr<schema::RecordFormatter> lines = std::move(printing.formatter);
  if (printing.format == Format::table) {
    if (!shared_) shared_ = lines;
    lines->share_columns(*shared_);
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
    if (columns_text(printing.shown, format) == columns_text(first_->shown, format)) return;
  }
  throw Error(Code::incompatible_type,
              {.name = name,
               .doing = fmt::format("print in one table with '{}'", first_->name),
               .expected = "the same columns: " + columns_text(first_->shown, first_->format),
               .found = columns_text(printing.shown, format),
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
