#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "schema/schema_json.hpp"

namespace arena_shm::schema {

namespace {

using nlohmann::json;

// Writes down again what is parsed, without a tree: one that keeps the order of keys looks at all of them for each.
class CompactWriter final : public json::json_sax_t {
 public:
  std::string out;

  bool null() override { return add("null"); }
  bool boolean(bool value) override { return add(value ? "true" : "false"); }
  bool number_integer(json::number_integer_t value) override { return add(fmt::format("{}", value)); }
  bool number_unsigned(json::number_unsigned_t value) override { return add(fmt::format("{}", value)); }
  bool number_float(json::number_float_t, const std::string& text) override { return add(text); }
  bool string(std::string& value) override { return add(json(value).dump()); }
  bool binary(json::binary_t&) override { return false; }
  bool start_object(std::size_t) override { return open('{'); }
  bool start_array(std::size_t) override { return open('['); }
  bool end_object() override { return close('}'); }
  bool end_array() override { return close(']'); }
  bool key(std::string& name) override {
    add(json(name).dump());
    out += ':';
    return true;
  }
  bool parse_error(std::size_t, const std::string&, const json::exception&) override { return false; }

 private:
  void separate() {
    if (!out.empty() && out.back() != '{' && out.back() != '[' && out.back() != ':') out += ',';
  }
  bool add(std::string_view text) {
    separate();
    out += text;
    return true;
  }
  bool open(char bracket) {
    separate();
    out += bracket;
    return true;
  }
  bool close(char bracket) {
    out += bracket;
    return true;
  }
};

}  // namespace

std::string compact_json(std::string_view text) {
  parse_json(text);  // for its errors
  CompactWriter writer;
  json::sax_parse(text, &writer);
  return std::move(writer.out);
}

}  // namespace arena_shm::schema
