#include "schema/named_formatter.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "schema/schema.hpp"
#include "text/csv_cell.hpp"
#include "text/utf8.hpp"

namespace arena_shm::schema {

namespace {

std::string padded(std::string_view name, std::size_t width) { return fmt::format("{:<{}}  ", name, width); }

class NamedFormatter final : public RecordFormatter {
 public:
  NamedFormatter(std::shared_ptr<RecordFormatter> lines, Format format, const std::string& name, std::size_t width)
      : lines_(std::move(lines)), name_(text::printable(name)), is_object_(format == Format::ndjson) {
    switch (format) {
      case Format::influx: break;
      case Format::ndjson:
        before_ = fmt::format("{{\"{}\":", kArenaColumn);
        text::append_json_string(before_, name);
        before_ += ',';
        break;
      case Format::csv:
        text::append_csv_cell(before_, name);
        before_ += ',';
        heading_ = std::string(kArenaColumn) + ',';
        break;
      case Format::table:
      case Format::hex:
        width = std::max(width, kArenaColumn.size());
        before_ = padded(name_, width);
        heading_ = padded(kArenaColumn, width);
        break;
    }
  }

  void heading(std::string& out) const override {
    std::string text;
    lines_->heading(text);
    append(out, text, heading_);
  }
  void record(std::string& out, std::uint64_t seq, std::span<const std::byte> record) override {
    text_.clear();
    lines_->record(text_, seq, record);
    append(out, text_, before_);
  }
  void gap(std::string& out, const Gap& gap) const override {
    std::string text;
    lines_->gap(text, gap);
    append_told(out, text);
  }
  void restart(std::string& out, std::string_view arena, const Restart& restart) const override {
    std::string text;
    lines_->restart(text, arena, restart);
    append_told(out, text);
  }
  void measure(std::uint64_t seq, std::span<const std::byte> record) override { lines_->measure(seq, record); }
  void precede(std::uint64_t seq, std::span<const std::byte> record) override { lines_->precede(seq, record); }
  std::size_t hidden_column_count() const noexcept override { return lines_->hidden_column_count(); }
  std::uint64_t left_out_count() const noexcept override { return lines_->left_out_count(); }

 private:
  // A record may take several lines.
  void append(std::string& out, std::string_view text, const std::string& before) const {
    while (!text.empty()) {
      const std::size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
      out += before;
      out += text.substr(is_object_ ? 1 : 0, is_object_ ? end - 1 : end);
      text.remove_prefix(end);
    }
  }

  // "# gap: ..." becomes "# ticks: gap: ...".
  void append_told(std::string& out, std::string_view text) const {
    constexpr std::string_view kMark = "# ";
    if (!text.starts_with(kMark)) return append(out, text, before_);
    out += kMark;
    out += name_ + ": ";
    out += text.substr(kMark.size());
  }

  std::shared_ptr<RecordFormatter> lines_;
  std::string name_;
  std::string before_;
  std::string heading_;
  std::string text_;
  bool is_object_;
};

}  // namespace

std::unique_ptr<RecordFormatter> behind_name(std::shared_ptr<RecordFormatter> lines, Format format,
                                             const std::string& name, std::size_t width) {
  return std::make_unique<NamedFormatter>(std::move(lines), format, name, width);
}

}  // namespace arena_shm::schema
