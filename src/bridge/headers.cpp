#include "bridge/headers.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <utility>

#include "arena_shm/core/layout.hpp"
#include "arena_shm/core/stamp.hpp"
#include "arena_shm/error.hpp"

namespace arena_shm::bridge {

static_assert(kMostSeq == core::kSeqLimit && kMostLanes == core::kMaxSeats &&
              kMostRecordBytes == core::kMaxRecordBytes);

namespace {

constexpr std::size_t kMostHeaders = 32;  // of ours, and there are fewer
constexpr std::size_t kMostShown = 80;    // of what somebody else has written

std::string shown(std::string_view text) {
  return text.size() <= kMostShown ? fmt::format("'{}'", text) : fmt::format("'{}...'", text.substr(0, kMostShown));
}

[[noreturn]] void refuse_header(std::string_view name, std::string expected, std::string_view found) {
  refuse(fmt::format("its header {}{}", kHeaderPrefix, name), std::move(expected), shown(found));
}

template <int base>
bool read(std::string_view text, std::uint64_t& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

void refuse(std::string what, std::string expected, std::string found) {
  throw Error(Code::corrupt, {.name = {},
                              .doing = "read a message of the stream: " + std::move(what),
                              .expected = std::move(expected),
                              .found = std::move(found),
                              .remedy = "it was not written by `arena-shm forward`, or has been altered"});
}

void refuse_version(std::uint64_t found, std::uint64_t expected) {
  throw Error(Code::incompatible_version, {.name = {},
                                           .doing = "read a message of the stream",
                                           .expected = fmt::format("version {} of the format", expected),
                                           .found = fmt::format("version {}", found),
                                           .remedy = "use the same version of arena-shm on both sides"});
}

std::string& HeaderWriter::add(std::string_view name) {
  if (count_ == headers_.size()) headers_.emplace_back();
  auto& [key, value] = headers_[count_++];
  key.assign(kHeaderPrefix).append(name);
  value.clear();
  return value;
}

void HeaderWriter::put(std::string_view name, std::string_view value) { add(name) = value; }
void HeaderWriter::put(std::string_view name, std::uint64_t value) {
  fmt::format_to(std::back_inserter(add(name)), "{}", value);
}
void HeaderWriter::put_hex(std::string_view name, std::uint64_t value) {
  fmt::format_to(std::back_inserter(add(name)), "{:016x}", value);
}

HeaderReader::HeaderReader(const Headers& headers) {
  for (const auto& [name, value] : headers) {
    if (!name.starts_with(kHeaderPrefix)) continue;
    const std::string_view own = std::string_view(name).substr(std::string_view(kHeaderPrefix).size());
    if (headers_.size() == kMostHeaders || std::ranges::find(headers_, own, &Header::name) != headers_.end())
      refuse("its headers", "each once", shown(name));
    headers_.push_back({.name = own, .value = value});
  }
}

std::string_view HeaderReader::take(std::string_view name) {
  const auto header = std::ranges::find(headers_, name, &Header::name);
  if (header == headers_.end()) refuse("its headers", fmt::format("{}{}", kHeaderPrefix, name), "none of that name");
  header->is_taken = true;
  return header->value;
}

std::uint64_t HeaderReader::number(std::string_view name, std::uint64_t least, std::uint64_t most) {
  const std::string_view text = take(name);
  std::uint64_t number = 0;
  const bool is_padded = text.size() > 1 && text.front() == '0';
  if (is_padded || !read<10>(text, number) || number < least || number > most)
    refuse_header(name, fmt::format("a number from {} to {}", least, most), text);
  return number;
}

std::uint64_t HeaderReader::hex(std::string_view name) {
  const std::string_view text = take(name);
  std::uint64_t number = 0;
  const bool is_lower = std::ranges::none_of(text, [](char c) { return c >= 'A' && c <= 'F'; });
  if (text.size() != 16 || !is_lower || !read<16>(text, number)) refuse_header(name, "16 hexadecimal digits", text);
  return number;
}

std::array<std::uint8_t, 16> HeaderReader::epoch(std::string_view name) {
  const std::string_view text = take(name);
  const auto epoch = parse_epoch(text);
  if (!epoch) refuse_header(name, "32 hexadecimal digits", text);
  return *epoch;
}

std::size_t HeaderReader::word(std::string_view name, std::span<const std::string_view> words) {
  const std::string_view text = take(name);
  const auto word = std::ranges::find(words, text);
  if (word == words.end()) refuse_header(name, fmt::format("one of {}", fmt::join(words, ", ")), text);
  return static_cast<std::size_t>(word - words.begin());
}

void HeaderReader::end() const {
  const auto other = std::ranges::find(headers_, false, &Header::is_taken);
  if (other != headers_.end()) refuse("its headers", "no other ones", shown(other->name));
}

}  // namespace arena_shm::bridge
