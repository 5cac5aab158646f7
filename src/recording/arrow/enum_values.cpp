#include "recording/arrow/enum_values.hpp"

#include <algorithm>
#include <utility>

#include "recording/arrow/dictionary.hpp"

namespace arena_shm::recording::arrow {

namespace {

using Values = std::vector<std::optional<std::uint64_t>>;

bool are_numbers(const schema::Field& field, std::span<const std::string> texts) {
  return std::ranges::all_of(texts, [&](const std::string& text) {
    const auto named = std::ranges::find(field.enumerators, text, &schema::Enumerator::name);
    return named == field.enumerators.end() && value_of(field, text);
  });
}

Values sorted(Values values) {
  std::ranges::sort(values);
  return values;
}

}  // namespace

EnumValues::EnumValues(const schema::Field& field, bool trusts_names) : field_(field), trusts_names_(trusts_names) {
  if (!trusts_names) return;
  for (const schema::Enumerator& one : field.enumerators) known_.emplace_back(one.value);
  settled_ = known_.size();
}

std::string_view EnumValues::take(std::span<const std::string> texts, bool is_addition) {
  Values news;
  for (const std::string& text : texts) news.push_back(value_of(field_, text));
  const bool takes = std::exchange(takes_additions_, false);
  if (is_addition) {
    if (!takes) return "a whole dictionary before what is added to it";
    if (trusts_names_ && !are_numbers(field_, texts)) return "values without a name as an addition to a dictionary";
    known_.insert(known_.end(), news.begin(), news.end());
  } else if (trusts_names_) {
    if (const std::string_view expected = replace(std::move(news)); !expected.empty()) return expected;
  } else {
    known_ = std::move(news);
  }
  takes_additions_ = true;
  return {};
}

// The names of a schema are sorted; the first dictionary may have them in another order. A name that is no value is
// damaged, and stands for what it stood for.
std::string_view EnumValues::replace(Values news) {
  const std::size_t names = field_.enumerators.size();
  bool is_damaged = false;
  for (std::size_t i = 0; i < std::min({names, news.size(), known_.size()}); ++i) {
    is_damaged = is_damaged || !news[i];
    if (!news[i]) news[i] = known_[i];
  }
  if (!std::exchange(is_said_, true) && news.size() >= names) {
    const Values first(news.begin(), news.begin() + static_cast<std::ptrdiff_t>(names));
    if (sorted(first) == sorted(known_)) known_ = first;
  }
  const auto differs = std::ranges::mismatch(known_, news);
  const bool has_all = differs.in1 == known_.end();
  is_damaged = is_damaged || !std::ranges::all_of(news, [](const auto& one) { return one.has_value(); });
  if (!has_all) known_.erase(differs.in1, known_.end());
  if (has_all && !is_damaged) known_ = std::move(news);
  settled_ = std::min(settled_, known_.size());
  return has_all && !is_damaged ? "" : "a dictionary that has all that it had before";
}

void EnumValues::distrust_additions() {
  takes_additions_ = false;
  if (!trusts_names_) known_.clear();
}

void EnumValues::settle(bool all) {
  if (!all) {
    known_.resize(std::min(settled_, known_.size()));
    takes_additions_ = false;
  }
  settled_ = known_.size();
}

}  // namespace arena_shm::recording::arrow
