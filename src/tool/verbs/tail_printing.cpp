#include "tool/verbs/tail_printing.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <limits>
#include <utility>

#include "recording/record_view.hpp"
#include "schema/influx_formatter.hpp"
#include "schema/record_formatter.hpp"
#include "schema/record_time.hpp"
#include "schema/value_text.hpp"
#include "schema/value_time.hpp"
#include "terminal/output.hpp"
#include "text/text_table.hpp"
#include "text/time_text.hpp"
#include "tool/views/terminal_attendant.hpp"

namespace arena_shm::tool {

namespace {

using schema::Format;

constexpr std::size_t kWholeRecord = std::numeric_limits<std::size_t>::max();

Format format_of(const std::string& text, bool has_schema) {
  if (text == "ndjson" || text == "json") return Format::ndjson;
  if (text == "influx") return Format::influx;
  if (text == "csv") return Format::csv;
  if (text == "hex" || (text.empty() && !has_schema)) return Format::hex;
  return Format::table;
}

void set_display(schema::Schema& schema, const TailRequest& request) {
  for (schema::Field& field : schema.fields) {
    const bool is_integer = field.kind == schema::Kind::unsigned_integer || field.kind == schema::Kind::signed_integer;
    field.as_time = request.iso_times && is_integer && field.name == schema.time_field &&
                    text::units_per_second(field.unit).has_value();
  }
  if (request.iso_times && schema.time_field.empty())
    terminal::note("the schema names no time field; times are printed as numbers");
}

std::optional<schema::Schema> chosen_schema(const TailRequest& request, const Info& info) {
  if (request.format == "hex") return std::nullopt;
  auto schema = recording::schema_for(info, request.as, terminal_attendant());
  if (!schema && format_of(request.format, false) != Format::hex)
    recording::refuse_without_schema(info, "decode the records of");
  return schema;
}

TailOptions tail_options(const TailRequest& request, const Info& info, const std::optional<schema::Schema>& schema) {
  TailOptions tail = request.tail;
  tail.asked.is_saved = !request.file.empty();
  tail.shape = {.size_bytes = info.record.size_bytes,
                .schema = schema,
                .has_time = schema && recording::has_time_column(info, schema)};
  const bool is_asked = request.span.is_given() || request.where;
  const auto known = schema || request.format != "hex" || !is_asked
                         ? schema
                         : recording::schema_for(info, request.as, terminal_attendant());
  if (request.span.is_given()) {
    ask_for_span(tail.asked, request.tail.asked.follow || request.follow_name);
    tail.since.emplace(request.span, info, known);
  }
  tail.selection = recording::selection_of(request.where, info, known);
  tail.asked.is_filtered |= request.where.has_value();
  return tail;
}

bool may_be_without_time(const TailRequest& request, const schema::Schema& schema, Format format) {
  if (request.fields.empty() || (format != Format::table && format != Format::csv)) return false;
  const auto names = schema::split_names(request.fields, schema::with_value_time(schema));
  return std::ranges::find(names, schema::kTimeColumn) == names.end();
}

}  // namespace

Printing printing_for(const TailRequest& request, const Info& info, std::size_t margin, TimeColumn times) {
  auto schema = chosen_schema(request, info);
  const Format format = format_of(request.format, schema.has_value());
  TailOptions tail = tail_options(request, info, schema);
  if (times == TimeColumn::left_out && schema && may_be_without_time(request, *schema, format))
    tail.shape.has_time = false;
  const bool has_time = tail.shape.has_time;
  auto time = schema ? schema::time_field(*schema) : std::nullopt;
  if (!request.fields.empty()) {
    if (!schema) recording::refuse_without_schema(info, "choose fields of");
    schema = schema->select(schema::split_names(request.fields, *schema));
  }
  if (has_time) {
    schema = schema::with_value_time(*schema);
    time = schema->fields.front();
    if (format == Format::influx) schema->fields.erase(schema->fields.begin());  // it is the time of the line
  }
  if (schema) set_display(*schema, request);
  if (const std::size_t size = info.record.size_bytes;
      format == Format::hex && size > schema::kHexBytes && !request.whole)
    terminal::note(fmt::format("'{}': {} of {} bytes of each record are shown; --whole shows all", info.name,
                               schema::kHexBytes, size));
  const std::string source = request.file.empty() ? info.name : std::filesystem::path(request.file).stem().string();
  const std::size_t width = terminal::line_width();
  auto formatter =
      format == Format::influx
          ? schema::influx_formatter(*schema,
                                     {.source = source, .unsigned_suffix = request.unsigned_suffix, .time = time})
          : schema::make_formatter(format, schema ? &*schema : nullptr,
                                   {.source = source,
                                    .hex_bytes = request.whole ? kWholeRecord : schema::kHexBytes,
                                    .width = width == text::kNoWidth ? width : width - std::min(width, margin),
                                    .quote_int64 = request.quote_int64});
  return {std::move(tail), std::move(formatter), format, std::move(schema)};
}

}  // namespace arena_shm::tool
