// Built by each compiler: makes arenas of many types, and opens those that another one has made.
//
//   names show             the types as they are written, and what they are called
//   names write PREFIX     an arena of each type, with a value: PREFIX.0, PREFIX.1, ...
//   names open PREFIX      opens each as its type, and as every other one, which has to be refused
#include <cstddef>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "arena_shm/arena.hpp"
#include "arena_shm/raw.hpp"
#include "types.hpp"

namespace {

using arena_shm::Arena;
using arena_shm::ArenaView;
using arena_shm::Code;
using arena_shm::Error;
using arena_shm::RawArena;
using arena_shm::RecordTraits;

struct Kind {
  const char* spelling;
  std::string name;
  void (*write)(const std::string& arena);
  std::optional<Code> (*open)(const std::string& arena);  // empty: it could be opened, and has the value
};

template <class T>
void write(const std::string& arena) {
  Arena<T>::create(arena, {.slots = 2});
  const std::vector<std::byte> value(sizeof(T), std::byte{1});
  RawArena::open(arena).alloc(value);  // compiles in a quarter of the time that Arena<T>::alloc takes for all of them
}

template <class T>
std::optional<Code> open(const std::string& arena) {
  try {
    const auto result = ArenaView<T>::open(arena).read(0);
    return result ? std::nullopt : std::optional(Code::corrupt);
  } catch (const Error& error) {
    return error.code();
  }
}

/// A struct, and not a lambda: local types of what it is handed to are called after it.
struct Collector {
  std::vector<Kind> kinds;

  template <class T>
  void operator()(const char* spelling) {
    kinds.push_back({spelling, RecordTraits<T>::describe().name, write<T>, open<T>});
  }
};

int open_all(const std::vector<Kind>& kinds, const std::string& prefix) {
  int failures = 0;
  for (std::size_t made = 0; made < kinds.size(); ++made) {
    const std::string arena = prefix + "." + std::to_string(made);
    for (const Kind& kind : kinds) {
      const bool same = &kind == &kinds[made];
      const auto code = kind.open(arena);
      if (same ? !code : code == Code::incompatible_type) continue;
      ++failures;
      std::printf("'%s' as '%s', called '%s': %s\n", kinds[made].spelling, kind.spelling, kind.name.c_str(),
                  code ? std::string(to_string(*code)).c_str() : "could be opened");
    }
  }
  return failures;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view command = argc > 1 ? argv[1] : "";
  const std::string prefix = argc > 2 ? argv[2] : "";
  Collector collector;
  for_each_type(collector);
  const std::vector<Kind>& kinds = collector.kinds;
  if (command == "show") {
    for (const Kind& kind : kinds) std::printf("%s\t%s\n", kind.spelling, kind.name.c_str());
    return 0;
  }
  if (command == "write") {
    for (std::size_t i = 0; i < kinds.size(); ++i) kinds[i].write(prefix + "." + std::to_string(i));
    return 0;
  }
  if (command == "open") return open_all(kinds, prefix) == 0 ? 0 : 1;
  std::fputs("usage: names show | write PREFIX | open PREFIX\n", stderr);
  return 2;
}
