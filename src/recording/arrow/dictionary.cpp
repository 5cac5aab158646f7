#include "recording/arrow/dictionary.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>

namespace arena_shm::recording::arrow {

namespace {

constexpr std::size_t kMostRepeated = 4096;

std::string number_text(const schema::Field& field, std::uint64_t value) {
  return field.kind == schema::Kind::signed_integer ? std::to_string(static_cast<std::int64_t>(value))
                                                    : std::to_string(value);
}

// Is it a value that an element of the field can have?
bool fits(const schema::Field& field, std::uint64_t value) {
  std::array<std::byte, sizeof(value)> bytes{};
  std::memcpy(bytes.data(), &value, sizeof(value));
  return value_in(field, std::span(bytes).first(field.element_bytes)) == value;
}

}  // namespace

std::uint64_t value_in(const schema::Field& field, std::span<const std::byte> element) {
  std::uint64_t value = 0;
  std::memcpy(&value, element.data(), field.element_bytes);
  const std::size_t unused_bits = 8 * (sizeof(value) - field.element_bytes);
  if (field.kind != schema::Kind::signed_integer || unused_bits == 0) return value;
  return static_cast<std::uint64_t>(static_cast<std::int64_t>(value << unused_bits) >> unused_bits);
}

std::optional<std::uint64_t> value_of(const schema::Field& field, std::string_view text) {
  const auto named = std::ranges::find(field.enumerators, text, &schema::Enumerator::name);
  if (named != field.enumerators.end()) return named->value;
  std::uint64_t value = 0;
  std::int64_t signed_value = 0;
  const bool is_signed = field.kind == schema::Kind::signed_integer;
  const char* const last = text.data() + text.size();
  const auto [end, error] =
      is_signed ? std::from_chars(text.data(), last, signed_value) : std::from_chars(text.data(), last, value);
  if (error != std::errc{} || end != last) return std::nullopt;
  if (is_signed) value = static_cast<std::uint64_t>(signed_value);
  return fits(field, value) ? std::optional(value) : std::nullopt;
}

EnumDictionary::EnumDictionary(std::int64_t id, const schema::Field& field) : id_(id), field_(field) { restart(); }

void EnumDictionary::restart() {
  texts_.clear();
  indices_.clear();
  text_bytes_ = 0;
  told_ = 0;
  last_index_ = -1;
  for (const schema::Enumerator& one : field_.enumerators) {
    indices_.emplace(one.value, static_cast<std::int32_t>(texts_.size()));  // the first name of a value
    texts_.push_back(one.name);
    text_bytes_ += one.name.size();
  }
}

std::int32_t EnumDictionary::index_of(std::span<const std::byte> element) {
  const std::uint64_t value = value_in(field_, element);
  if (last_index_ >= 0 && value == last_value_) return last_index_;
  const auto found = indices_.find(value);
  last_index_ = found != indices_.end() ? found->second : add(value);
  last_value_ = value;
  return last_index_;
}

std::int32_t EnumDictionary::add(std::uint64_t value) {
  std::string text = number_text(field_, value);
  const auto index = static_cast<std::int32_t>(texts_.size());
  text_bytes_ += text.size();
  texts_.push_back(std::move(text));
  indices_.emplace(value, index);
  return index;
}

std::span<const std::string> EnumDictionary::tell(bool& is_addition) {
  is_addition = told_ > kMostRepeated;
  const auto news = std::span<const std::string>(texts_).subspan(is_addition ? told_ : 0);
  told_ = texts_.size();
  return news;
}

}  // namespace arena_shm::recording::arrow
