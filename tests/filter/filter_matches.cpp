// arena-filter-matches FIELDS RECORDS < EXPRESSIONS: a line for each expression, with a 1 or a 0 for each record, or a
// ! and why it was refused. The first record has the number 1000, and the time 1000 ns; the next one 1001.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <iostream>
#include <iterator>
#include <span>
#include <string>

#include "arena_shm/error.hpp"
#include "filter/filter.hpp"
#include "schema/fields_language.hpp"

int main(int argc, char** argv) {
  using namespace arena_shm;
  const std::span arguments(argv, static_cast<std::size_t>(argc));
  if (arguments.size() != 3) return 2;
  constexpr std::int64_t kFirst = 1000;
  const schema::Schema schema = schema::parse_fields(arguments[1]);
  std::ifstream file(arguments[2], std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  const auto records = std::as_bytes(std::span(bytes));
  for (std::string line; std::getline(std::cin, line);) {
    std::string answer;
    try {
      const filter::Filter filter(line, schema, kFirst);
      for (std::size_t i = 0; i * schema.size_bytes < records.size(); ++i) {
        const std::int64_t number = kFirst + static_cast<std::int64_t>(i);
        const filter::Beside beside{.seq = static_cast<std::uint64_t>(number), .time_ns = number};
        answer += filter.matches(records.subspan(i * schema.size_bytes, schema.size_bytes), beside) ? '1' : '0';
      }
    } catch (const Error& error) {
      answer = std::string("! ") + error.what();
    }
    std::cout << answer << '\n';
  }
}
