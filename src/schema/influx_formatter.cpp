#include "schema/influx_formatter.hpp"

#include <fmt/format.h>

#include <charconv>
#include <iterator>
#include <set>
#include <utility>
#include <vector>

#include "schema/distinct_times.hpp"
#include "schema/record_time.hpp"
#include "schema/value_text.hpp"
#include "text/influx_text.hpp"
#include "text/time_text.hpp"

namespace arena_shm::schema {

namespace {

using Record = std::span<const std::byte>;

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
    text.replace(at, from.size(), to);
}

class InfluxFormatter final : public RecordFormatter {
 public:
  InfluxFormatter(const Schema& schema, InfluxOptions options)
      : schema_(schema), time_(options.time ? options.time : time_field(schema)), suffix_(options.unsigned_suffix) {
    text::append_influx_name(measurement_, options.source, ", ");
    std::set<std::string> names;
    for (const Field& field : schema_.fields) {
      for (std::size_t i = 0; i < field.element_count(); ++i) names.insert(field.element_name(i));
    }
    seq_key_ = free_key("seq", names);
    for (const Field& field : schema_.fields) {
      for (std::size_t i = 0; i < field.element_count(); ++i) keys_.push_back(key(field.element_name(i), names));
    }
  }

  void heading(std::string&) const override {}

  void precede(std::uint64_t, Record record) override { time_of(record); }

  void record(std::string& out, std::uint64_t seq, Record record) override {
    const DistinctTimes::Time time = time_of(record);
    out += measurement_;
    if (time.lap > 0) fmt::format_to(std::back_inserter(out), ",lap={}", time.lap);
    fmt::format_to(std::back_inserter(out), " {}={}{}", seq_key_, seq, suffix_);
    std::size_t key = 0;
    for (const Field& field : schema_.fields) {
      for (std::size_t i = 0; i < field.element_count(); ++i) append_field(out, keys_[key++], field, i, record);
    }
    fmt::format_to(std::back_inserter(out), " {}\n", time.ns);
  }

  void gap(std::string&, const Gap&) const override {}
  void restart(std::string&, std::string_view, const Restart&) const override {}

  std::uint64_t left_out_count() const noexcept override { return left_out_; }

 private:
  static std::string free_key(std::string name, const std::set<std::string>& names) {
    while (names.count(name) > 0) name += '_';
    return name;
  }

  static std::string key(const std::string& name, const std::set<std::string>& names) {
    std::string key;
    text::append_influx_name(key, name == "time" ? free_key(name, names) : name, ",= ");
    return key;
  }

  DistinctTimes::Time time_of(Record record) {
    const auto ns = time_ ? time_ns(*time_, record) : std::nullopt;
    const bool fits = ns && *ns >= -DistinctTimes::kLatest && *ns <= DistinctTimes::kLatest;
    return times_.take(fits ? *ns : text::realtime_ns());
  }

  void append_field(std::string& out, const std::string& key, const Field& field, std::size_t index, Record record) {
    std::string value;
    append_value(value, field, field.element(record, index), Style::influx);
    if (value.empty()) return;
    if (value.front() == '"') {
      replace_all(value, "\n", "\\\\n");
      replace_all(value, "\r", "\\\\r");
    } else if (!field.enumerators.empty()) {
      value.pop_back();
      value = '"' + value + '"';
    } else if (value.back() == 'u' && suffix_ == 'i') {
      if (!fits_i64(value)) {
        ++left_out_;
        return;
      }
      value.back() = 'i';
    }
    out += ',' + key + '=' + value;
  }

  static bool fits_i64(std::string_view digits) {
    std::int64_t value = 0;
    return std::from_chars(digits.data(), digits.data() + digits.size(), value).ec == std::errc{};
  }

  Schema schema_;
  std::optional<Field> time_;
  char suffix_;
  std::string measurement_;
  std::string seq_key_;
  std::vector<std::string> keys_;  // of all elements of all fields
  DistinctTimes times_;
  std::uint64_t left_out_ = 0;
};

}  // namespace

std::unique_ptr<RecordFormatter> influx_formatter(const Schema& schema, InfluxOptions options) {
  return std::make_unique<InfluxFormatter>(schema, std::move(options));
}

}  // namespace arena_shm::schema
