#include "schema/value_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <limits>
#include <type_traits>
#include <utility>

#include "schema/number_text.hpp"
#include "text/csv_cell.hpp"
#include "text/quantities.hpp"
#include "text/time_text.hpp"
#include "text/utf8.hpp"

namespace arena_shm::schema {

namespace {

template <class T>
T load(std::span<const std::byte> element) {
  T value;
  std::memcpy(&value, element.data(), sizeof(T));
  return value;
}

// Calls visit(T{}) with the C++ type of the field's numbers.
template <class Visit>
auto with_number_type(const Field& field, Visit&& visit) {
  const bool is_signed = field.kind == Kind::signed_integer;
  if (field.kind == Kind::floating) return field.element_bytes == 4 ? visit(float{}) : visit(double{});
  switch (field.element_bytes) {
    case 1: return is_signed ? visit(std::int8_t{}) : visit(std::uint8_t{});
    case 2: return is_signed ? visit(std::int16_t{}) : visit(std::uint16_t{});
    case 4: return is_signed ? visit(std::int32_t{}) : visit(std::uint32_t{});
    default: return is_signed ? visit(std::int64_t{}) : visit(std::uint64_t{});
  }
}

template <class T>
void append_number(std::string& out, T value, Style style) {
  if constexpr (std::is_floating_point_v<T>) {
    if (!std::isfinite(value)) {
      if (style == Style::json) {
        // As strings, the way protobuf's JSON has it: parsers differ on 1e999, and agree on these.
        out += std::isnan(value) ? "null" : value > 0 ? "\"Infinity\"" : "\"-Infinity\"";
      } else if (style != Style::influx) {
        out += std::isnan(value) ? "nan" : value > 0 ? "inf" : "-inf";
      }
      return;
    }
    const std::size_t from = out.size();
    fmt::format_to(std::back_inserter(out), "{}", value);
    if (out.find_first_of(".e", from) == std::string::npos) out += ".0";
  } else {
    fmt::format_to(std::back_inserter(out), "{}", value);
    if (style == Style::influx) out += std::is_signed_v<T> ? 'i' : 'u';
  }
}

template <class T>
Mismatch out_of_range(const Field& field, std::string_view text) {
  if constexpr (std::is_floating_point_v<T>) {
    return {"a number in the range of " + field.type_name(), text::excerpt(text), "round it, or write inf or 0"};
  } else {
    using Limits = std::numeric_limits<T>;
    return {fmt::format("{}, {} to {}", field.type_name(), Limits::min(), Limits::max()), text::excerpt(text),
            "check the unit, or give the field a larger type"};
  }
}

// `number` is of the widest type with T's sign.
template <class T, class Wide>
std::optional<Mismatch> store(const Field& field, std::string_view text, Wide number, std::span<std::byte> element) {
  if (!std::in_range<T>(number)) return out_of_range<T>(field, text);
  const T value = static_cast<T>(number);
  std::memcpy(element.data(), &value, sizeof(T));
  return std::nullopt;
}

template <class T>
std::optional<Mismatch> parse_time(const Field& field, std::string_view text, std::span<std::byte> element) {
  std::conditional_t<std::is_signed_v<T>, std::int64_t, std::uint64_t> count = 0;
  switch (text::read_time(text, text::units_per_second(field.unit).value_or(1), count)) {
    case text::TimeReading::ok: return store<T>(field, text, count, element);
    case text::TimeReading::out_of_range:
      return Mismatch{"a time that " + field.type_name() + " can count in " + (field.unit.empty() ? "ns" : field.unit),
                      text::excerpt(text), "check the year, or give the field a larger type"};
    case text::TimeReading::inexact:
      return Mismatch{"a time in whole " + (field.unit.empty() ? "ns" : field.unit), text::excerpt(text),
                      "round it: the field has no smaller unit"};
    case text::TimeReading::no_time: break;
  }
  return Mismatch{"an integer or a time", text::excerpt(text), "write a time like 2026-01-31T12:34:56.789Z"};
}

template <class T>
std::optional<Mismatch> parse_integer(const Field& field, std::string_view text, std::span<std::byte> element,
                                      const Missing& missing) {
  WholeNumber number;
  const Reading reading = read_whole(text, number);
  switch (reading) {
    case Reading::ok:
    case Reading::inexact: {
      constexpr std::uint64_t kSignBit = std::uint64_t{1} << 63;
      std::optional<Mismatch> wrong;
      if (!number.negative || number.magnitude == 0) {
        wrong = store<T>(field, text, number.magnitude, element);
      } else if (number.magnitude > kSignBit) {
        wrong = out_of_range<T>(field, text);
      } else {
        wrong = store<T>(field, text, static_cast<std::int64_t>(-number.magnitude), element);
      }
      if (wrong || reading == Reading::ok) return wrong;
      return Mismatch{"a large integer with all its digits", text::excerpt(text),
                      "a floating-point number of this size may be rounded: write all digits of the integer"};
    }
    case Reading::out_of_range: return out_of_range<T>(field, text);
    case Reading::fraction: return Mismatch{"an integer", text::excerpt(text), "round it, or make the field f64"};
    case Reading::no_number: break;
  }
  if (missing.is(text)) {
    return Mismatch{"an integer", text::excerpt(text),
                    "an integer field cannot be empty: write a value, make the field f64, or leave the row out"};
  }
  if (field.as_time) return parse_time<T>(field, trimmed(text), element);
  std::int64_t seconds = 0;
  const bool is_time = text::read_time(trimmed(text), 1, seconds) != text::TimeReading::no_time;
  return Mismatch{"an integer", text::excerpt(text),
                  is_time ? "only the time field of the schema, in ns, us, ms or s, can hold a time"
                          : "write digits only: no separators between thousands, no unit"};
}

template <class T>
std::optional<Mismatch> parse_real(const Field& field, std::string_view text, std::span<std::byte> element,
                                   const Missing& missing) {
  T value = std::numeric_limits<T>::quiet_NaN();
  const Reading reading = missing.is(text) ? Reading::ok : read_real(text, value);
  if (reading == Reading::out_of_range) return out_of_range<T>(field, text);
  if (reading != Reading::ok) {
    const bool comma = text.find(',') != std::string_view::npos;
    return Mismatch{"a number", text::excerpt(text),
                    comma ? "write it like 1234.5: a point, and no separators between thousands"
                          : "write it like 1.5, 2e-3, nan or inf"};
  }
  std::memcpy(element.data(), &value, sizeof(T));
  return std::nullopt;
}

std::optional<Mismatch> parse_boolean(std::string_view text, std::span<std::byte> element, const Missing& missing) {
  const auto truth = read_truth(text);
  if (!truth) {
    return Mismatch{"true or false", text::excerpt(text),
                    missing.is(text) ? "a bool field cannot be empty: write a value, or leave the row out"
                                     : "1 and 0, yes and no are allowed, too"};
  }
  element[0] = std::byte{*truth};
  return std::nullopt;
}

std::optional<Mismatch> parse_text(std::string_view text, std::span<std::byte> element) {
  if (text.size() > element.size()) {
    return Mismatch{fmt::format("at most {} of text", text::counted(element.size(), "byte")),
                    fmt::format("{} bytes, {}", text.size(), text::excerpt(text)),
                    "shorten it, or make the field longer"};
  }
  if (text.find('\0') != std::string_view::npos) {
    return Mismatch{"text without NUL", text::excerpt(text), "a NUL would end the text: remove the NUL"};
  }
  std::fill(std::copy_n(reinterpret_cast<const std::byte*>(text.data()), text.size(), element.begin()), element.end(),
            std::byte{0});
  return std::nullopt;
}

// As Enumerator::value has it.
std::uint64_t integer_bits(const Field& field, std::span<const std::byte> element) {
  return with_number_type(field, [&](auto zero) {
    using T = decltype(zero);
    if constexpr (std::is_floating_point_v<T>)
      return std::uint64_t{0};
    else
      return static_cast<std::uint64_t>(load<T>(element));
  });
}

void append_text(std::string& out, std::string_view text, Style style) {
  switch (style) {
    case Style::plain: text::append_printable(out, text); break;
    case Style::csv: text::append_csv_cell(out, text); break;
    case Style::json: text::append_json_string(out, text); break;
    case Style::influx: {
      std::string escaped;
      for (const char c : text) {
        if (c == '"' || c == '\\') escaped += '\\';
        escaped += c;
      }
      out += '"';
      text::append_utf8(out, escaped);
      out += '"';
      break;
    }
  }
}

}  // namespace

std::string_view text_of(std::span<const std::byte> element) {
  const std::string_view all(reinterpret_cast<const char*>(element.data()), element.size());
  return all.substr(0, all.find('\0'));
}

void append_value(std::string& out, const Field& field, std::span<const std::byte> element, Style style) {
  if (field.kind == Kind::boolean) {
    out += element[0] != std::byte{0} ? "true" : "false";
  } else if (field.kind == Kind::text) {
    append_text(out, text_of(element), style);
  } else {
    if (field.as_time) {
      const std::uint64_t bits = integer_bits(field, element);
      const std::int64_t per_second = text::units_per_second(field.unit).value_or(1'000'000'000);
      const bool is_signed = field.kind == Kind::signed_integer;
      return append_text(
          out,
          is_signed ? text::time_text(static_cast<std::int64_t>(bits), per_second) : text::time_text(bits, per_second),
          style);
    }
    if (!field.enumerators.empty()) {
      const auto named = std::ranges::find(field.enumerators, integer_bits(field, element), &Enumerator::value);
      if (named != field.enumerators.end()) return append_text(out, named->name, style);
    }
    const bool quoted = field.as_text && style == Style::json && field.element_bytes == 8;
    if (quoted) out += '"';
    with_number_type(field, [&](auto zero) { append_number(out, load<decltype(zero)>(element), style); });
    if (quoted) out += '"';
  }
}

Missing::Missing()
    : lower_{"",  "na",  "n/a", "#n/a",    "#n/a n/a", "#na",     "<na>",    "null",    "none",
             "?", "nil", "\\n", "missing", "1.#ind",   "1.#qnan", "-1.#ind", "-1.#qnan"} {}

Missing::Missing(const std::vector<std::string>& spellings) {
  for (const std::string& spelling : spellings) {
    std::string& lower = lower_.emplace_back(trimmed(spelling));
    for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
}

bool Missing::is(std::string_view text) const {
  text = trimmed(text);
  return std::ranges::any_of(lower_, [&](const std::string& lower) { return is_same_word(text, lower); });
}

std::optional<Mismatch> parse_value(const Field& field, std::string_view text, std::span<std::byte> element,
                                    const Missing& missing) {
  if (field.kind == Kind::boolean) return parse_boolean(text, element, missing);
  if (field.kind == Kind::text) return parse_text(text, element);
  const auto named = std::ranges::find(field.enumerators, text, &Enumerator::name);
  if (named != field.enumerators.end()) {
    std::memcpy(element.data(), &named->value, element.size());  // little-endian: the low bytes come first
    return std::nullopt;
  }
  return with_number_type(field, [&](auto zero) {
    using T = decltype(zero);
    if constexpr (std::is_floating_point_v<T>)
      return parse_real<T>(field, text, element, missing);
    else
      return parse_integer<T>(field, text, element, missing);
  });
}

Schema with_times(Schema schema) {
  for (Field& field : schema.fields) {
    const bool is_integer = field.kind == Kind::unsigned_integer || field.kind == Kind::signed_integer;
    const bool is_time =
        is_integer && field.name == schema.time_field && text::units_per_second(field.unit).has_value();
    field.as_time = field.as_time || is_time;
  }
  return schema;
}

}  // namespace arena_shm::schema
