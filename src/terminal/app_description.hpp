// The command line as data, taken from the parser itself: what completions and man pages are made of.
#pragma once

#include <string>
#include <vector>

#include "terminal/command_line.hpp"

namespace arena_shm::terminal {

struct OptionDescription {
  std::vector<std::string> short_names;  ///< "n"
  std::vector<std::string> long_names;   ///< "format"
  std::string positional;                ///< "NAME", if it is one
  std::string value;                     ///< "FORMAT", what its value is called; empty for a flag
  std::string text;
  std::string default_value;
  std::vector<std::string> choices;  ///< of its value, if they are few
  bool takes_file = false;
  bool takes_arena = false;  ///< the name of one that exists
  bool is_required = false;
  bool repeats = false;
};

struct VerbDescription {
  std::string name;
  std::string purpose;  ///< which it shares with its neighbours
  std::string summary;
  std::string details;
  std::string example;
  std::vector<OptionDescription> options;
};

/// Without what the help hides.
std::vector<VerbDescription> describe_verbs(const Command& command);
std::vector<OptionDescription> describe_options(const Command& command);

}  // namespace arena_shm::terminal
