// Expressions, and the records that they look at: what is understood has to come to an answer, what is not to a
// picture. The first bytes, up to a newline, are the expression, the others a record.
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string_view>

#include "filter/complaint.hpp"
#include "filter/filter.hpp"
#include "schema/fields_language.hpp"

namespace {

using namespace arena_shm;

schema::Schema ticks() {
  schema::Schema schema = schema::parse_fields(
      "u64 ts, f64 px, i64 delta, f32 ratio, i16[2][2] depth, s4 sym, s4 other, u8 side, bool open, i32 late_us");
  for (schema::Field& field : schema.fields) {
    if (field.name == "side") field.enumerators = {{"buy", 0}, {"sell", 1}};
    if (field.name == "ratio") field.unit = "USD";
  }
  return schema;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const schema::Schema schema = ticks();
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::string_view expression = text.substr(0, text.find('\n'));
  std::array<std::byte, 256> record{};
  if (schema.size_bytes > record.size()) std::abort();
  if (expression.size() < size) {
    const auto rest = std::as_bytes(std::span(data, size)).subspan(expression.size() + 1);
    std::copy_n(rest.begin(), std::min(rest.size(), schema.size_bytes), record.begin());
  }
  try {
    const filter::Filter filter(expression, schema, 1'700'000'000'000'000'000);
    const auto seen = std::span<const std::byte>(record).first(schema.size_bytes);
    const bool with_time = filter.matches(seen, {.seq = 7, .time_ns = 1'700'000'000'000'000'000});
    const bool without = filter.matches(seen, {.seq = 7});
    if (with_time != without && !filter.needs_time()) std::abort();
  } catch (const filter::Complaint& complaint) {
    if (complaint.column() == 0 || complaint.column() > expression.size() * 4 + 1) std::abort();
    if (complaint.expected().empty() || complaint.found().empty() || complaint.remedy().empty()) std::abort();
    const std::string_view picture = complaint.picture();
    if (std::ranges::count(picture, '\n') != 1 || !picture.ends_with('^')) std::abort();
  }
  return 0;
}
