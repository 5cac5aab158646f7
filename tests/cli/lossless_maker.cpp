// Makes lossless arenas of the records {u64 who, u64 n}, or as the options say.
//
//   NAME SLOTS LANES CONSUMERS PATIENCE_MS [OPTION...]    LANES 0: a shared arena; 1: an exclusive one
//
//   OPTION   text    a field `s4 s` and four bytes of padding behind them
//            ts      {u64 ts} instead
//            time    values have times
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>

#include "arena_shm/raw.hpp"

int main(int argc, char** argv) {
  using namespace arena_shm;
  const std::span<char*> arguments(argv, static_cast<std::size_t>(argc));
  if (argc < 6) return EXIT_FAILURE;
  const auto number = [&](std::size_t i) { return std::strtoull(arguments[i], nullptr, 10); };
  bool has_text = false;
  bool has_ts = false;
  Options options{.slots = number(2), .full = Full::wait, .consumers = static_cast<std::uint32_t>(number(4))};
  for (const std::string option : arguments.subspan(6)) {
    has_text = has_text || option == "text";
    has_ts = has_ts || option == "ts";
    options.time = options.time || option == "time";
  }
  if (number(3) == 1) options.writers = Writers::exclusive;
  if (number(3) > 1) {
    options.writers = Writers::laned;
    options.seats = static_cast<std::uint32_t>(number(3));
  }
  options.patience = std::chrono::milliseconds(number(5));
  RecordType record{"Value", 16, 8, R"({"names":["who","n"],"formats":["<u8","<u8"],"offsets":[0,8],"itemsize":16})"};
  if (has_text) {
    record.size_bytes = 24;
    record.schema = R"({"names":["who","n","s"],"formats":["<u8","<u8","|S4"],"offsets":[0,8,16],"itemsize":24})";
  }
  if (has_ts) {
    record.size_bytes = 8;
    record.schema = R"({"names":["ts"],"formats":["<u8"],"offsets":[0],"itemsize":8})";
  }
  RawArena::create(arguments[1], record, options);
  return EXIT_SUCCESS;
}
