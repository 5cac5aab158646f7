#include "schema/value_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <limits>
#include <utility>

#include "text/csv_cell.hpp"
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
        out += "null";
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

std::string_view text_of(std::span<const std::byte> element) {
  const std::string_view all(reinterpret_cast<const char*>(element.data()), element.size());
  return all.substr(0, all.find('\0'));
}

template <class T>
std::optional<Mismatch> parse_number(const Field& field, std::string_view text, std::span<std::byte> element) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = end == text.data() + text.size() && !text.empty();
  if (error == std::errc::result_out_of_range && whole) {
    if constexpr (std::is_floating_point_v<T>) {
      return Mismatch{"a number in the range of " + field.type_name(), text::excerpt(text),
                      "round it, or write inf or 0"};
    } else {
      using Limits = std::numeric_limits<T>;
      return Mismatch{fmt::format("{}, {} to {}", field.type_name(), Limits::min(), Limits::max()), text::excerpt(text),
                      "check the unit, or widen the field"};
    }
  }
  if (error != std::errc{} || !whole) {
    const bool integer = std::is_integral_v<T>;
    return Mismatch{integer ? "an integer" : "a number", text::excerpt(text),
                    integer ? "write decimal digits only" : "write it like 1.5, 2e-3, nan or inf"};
  }
  std::memcpy(element.data(), &value, sizeof(T));
  return std::nullopt;
}

std::optional<Mismatch> parse_boolean(std::string_view text, std::span<std::byte> element) {
  const bool truth = text == "true" || text == "1";
  if (!truth && text != "false" && text != "0")
    return Mismatch{"true or false", text::excerpt(text), "1 and 0 will do, too"};
  element[0] = std::byte{truth};
  return std::nullopt;
}

std::optional<Mismatch> parse_text(std::string_view text, std::span<std::byte> element) {
  if (text.size() > element.size()) {
    return Mismatch{fmt::format("at most {} bytes of text", element.size()),
                    fmt::format("{} bytes, {}", text.size(), text::excerpt(text)), "shorten it, or widen the field"};
  }
  if (text.find('\0') != std::string_view::npos) {
    return Mismatch{"text without NUL", text::excerpt(text), "a NUL would end it: remove it"};
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

std::optional<Mismatch> parse_value(const Field& field, std::string_view text, std::span<std::byte> element) {
  if (field.kind == Kind::boolean) return parse_boolean(text, element);
  if (field.kind == Kind::text) return parse_text(text, element);
  const auto named = std::ranges::find(field.enumerators, text, &Enumerator::name);
  if (named != field.enumerators.end()) {
    std::memcpy(element.data(), &named->value, element.size());  // little-endian: the low bytes come first
    return std::nullopt;
  }
  return with_number_type(field, [&](auto zero) { return parse_number<decltype(zero)>(field, text, element); });
}

}  // namespace arena_shm::schema
