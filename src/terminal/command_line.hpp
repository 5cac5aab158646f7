// The command line of a program: its verbs and their options. CLI11 is behind this header, for it is of templates
// alone: every file that includes it takes seconds to compile.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace arena_shm::terminal {

/// Reads what was given for an option: leaves the plain value in `text` and returns "", or returns what is wrong.
using Read = std::function<std::string(std::string& text)>;

struct Check {
  Check(Read how) : read(std::move(how)) {}  // NOLINT(google-explicit-constructor): a function is a check
  Check(std::string (*how)(const std::string&)) : read(how) {}  // NOLINT(google-explicit-constructor)
  Read read;
  std::string choices;  ///< "{csv,ndjson}": for the help and completions; empty if there are too many
};

enum class Letters : std::uint8_t { as_they_are, of_any_case };

/// Is it one of these words?
Check one_of(std::vector<std::string> words, Letters letters = Letters::as_they_are);

/// For what only the function that takes a value can tell. Throws: what the parser reports as a wrong usage.
[[noreturn]] void refuse_value(const std::string& option, const std::string& text);

/// One option of a command; a handle.
class Option {
 public:
  explicit Option(CLI::Option* option) : option_(option) {}
  Option required() const;
  /// What its value is called in the help. Empty: nothing, as for those that have their place instead of a name.
  Option type_name(const char* name) const;
  Option capture_default_str() const;
  Option default_str(const char* text) const;
  Option check(Check check) const;
  /// A value with these in it is several values.
  Option delimiter(char between) const;
  Option needs(Option other) const;
  Option excludes(Option other) const;
  Option excludes(const char* other) const;
  /// Takes so many values; from 0 on, also none.
  Option expected(int least, int most) const;
  /// Of those that the help shows together; empty: does not show.
  Option group(const char* name) const;

 private:
  CLI::Option* option_;
};

/// A program, one of its verbs, or a group of options; a handle.
class Command {
 public:
  explicit Command(CLI::App& app) : app_(&app) {}

  /// `run` is called when it was chosen, and all its options were read.
  Command add_verb(const char* name, const char* summary, const std::string& footer, std::function<void()> run) const;
  /// Options of which exactly one is to be given.
  Command add_choice(const char* name, const char* text) const;
  /// `names` as in "-n,--count"; without dashes it is one that has its place. `value` holds the default.
  /// T: std::string, int, uint32_t, uint64_t, double; an optional or a vector of such, as far as command_line.cpp has
  /// it.
  template <class T>
  Option add_option(const char* names, T& value, const char* text) const;
  Option add_option(const char* names, std::function<void(const std::string&)> take, const char* text) const;
  /// May be given several times, with one value each.
  Option add_list(const char* names, std::function<void(const std::vector<std::string>&)> take, const char* text) const;
  Option add_flag(const char* names, bool& value, const char* text) const;
  Option add_flag(const char* names, std::function<void()> act, const char* text) const;
  void group(const char* name) const;

  std::string description() const;
  std::string footer() const;
  CLI::App& app() const { return *app_; }

 private:
  CLI::App* app_;
};

}  // namespace arena_shm::terminal
