#include "terminal/usage_text.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "terminal/app_description.hpp"
#include "text/nearest.hpp"

namespace arena_shm::terminal {

namespace {

/// Words of other tools, and the verbs that do it here.
struct OtherWords {
  std::string_view words;
  std::string_view verbs;
};
constexpr std::array kOtherWords{
    OtherWords{" ls ll dir arenas find ", "list"},
    OtherWords{" cat head read print less more view values get sub subscribe listen follow ", "tail"},
    OtherWords{" show describe info details dump ", "inspect, tail"},
    OtherWords{" watch monitor htop live ", "top, stat"},
    OtherWords{" rate rates counters vmstat ", "stat"},
    OtherWords{" ps who writers clients ", "seats"},
    OtherWords{" new make mk mkdir add init open touch ", "create"},
    OtherWords{" del delete remove unlink rmdir destroy drop kill ", "rm"},
    OtherWords{" clean cleanup prune purge clear ", "gc"},
    OtherWords{" put push send publish pub append insert echo ", "write"},
    OtherWords{" load import restore play ", "replay, write"},
    OtherWords{" save copy cp backup ", "snapshot, record"},
    OtherWords{" rec log ", "record"},
    OtherWords{" convert to csv json ", "export"},
    OtherWords{" verify validate test fsck lint ", "check"},
    OtherWords{" diagnose health status env ", "doctor, list"},
    OtherWords{" prometheus exporter metric serve http ", "metrics"},
    OtherWords{" perf benchmark measure speed ", "bench"},
    OtherWords{" usage manual man commands verbs ", "help"},
};

std::string lowered(std::string text) {
  for (char& c : text) c = CLI::detail::to_lower(std::string(1, c)).front();
  return text;
}

// "'tail'", "'tail' or 'inspect'"
std::string quoted(const std::vector<std::string>& names) { return fmt::format("'{}'", fmt::join(names, "' or '")); }

std::vector<std::string> verbs_meant(const Command& app, const std::string& found) {
  std::vector<std::string> known{"version"};
  for (const VerbDescription& verb : describe_verbs(app)) known.push_back(verb.name);
  const std::string word = lowered(found);
  std::vector<std::string> meant;
  for (const OtherWords& other : kOtherWords) {
    if (other.words.find(' ' + word + ' ') == std::string_view::npos) continue;
    for (const std::string& verb : CLI::detail::split(std::string(other.verbs), ',')) {
      const std::string name = CLI::detail::trim_copy(verb);
      if (std::find(known.begin(), known.end(), name) != known.end()) meant.push_back(name);
    }
    if (!meant.empty()) return meant;
  }
  if (word.size() > 1) {
    std::copy_if(known.begin(), known.end(), std::back_inserter(meant),
                 [&](const std::string& name) { return name.starts_with(word); });
    if (!meant.empty()) return meant;
  }
  if (const auto near = text::nearest(word, known)) meant.push_back(*near);
  return meant;
}

std::vector<std::string> flags_of(CLI::App& verb) {
  std::vector<std::string> flags;
  for (const OptionDescription& option : describe_options(Command(verb))) {
    for (const std::string& name : option.short_names) flags.push_back('-' + name);
    for (const std::string& name : option.long_names) flags.push_back("--" + name);
  }
  return flags;
}

std::string extras_text(CLI::App& verb) {
  const std::vector<std::string> extras = verb.remaining(true);
  const auto flag = std::find_if(extras.begin(), extras.end(), [](auto& word) { return word.starts_with('-'); });
  if (flag == extras.end()) return fmt::format("expected nothing more, found '{}'", fmt::join(extras, " "));
  const std::string name = flag->substr(0, flag->find('='));
  const auto meant = name.starts_with("--") ? text::nearest(name, flags_of(verb)) : std::nullopt;
  return fmt::format("no such option: '{}'{}", *flag, meant ? "; did you mean '" + *meant + "'?" : "");
}

// CLI11 begins with the name of the option.
std::string mismatch_text(const std::string& text) {
  const std::string name = text.substr(0, text.find_first_of(": "));
  if (text.find("At Most") != std::string::npos) return name + ": expected once, found more often";
  if (text.find("missing") != std::string::npos) return name + ": expected a value after it, found none";
  if (text.find("flag override") != std::string::npos) return "--" + name + ": expected no value, found one";
  return text;
}

// "Exactly 1 option from [NAME,--file] is required and 2 were given"
std::string required_text(const std::string& text) {
  const std::size_t open = text.find('[');
  const std::size_t close = text.find(']');
  if (open == std::string::npos || close == std::string::npos) return text;
  const std::string names =
      fmt::format("{}", fmt::join(CLI::detail::split(text.substr(open + 1, close - open - 1), ','), ", "));
  return fmt::format("expected one of {}, found {}", names, text.ends_with("given") ? "more" : "none");
}

// "--time-unit requires --time-field", "--file excludes NAME", "Could not convert: --x = y"
std::string pair_text(const std::string& text, std::string_view verb, const char* form) {
  const std::size_t at = text.find(verb);
  if (at == std::string::npos) return text;
  return fmt::format(fmt::runtime(form), text.substr(0, at), text.substr(at + verb.size()));
}

std::string conversion_text(const std::string& text) {
  const std::string_view start = "Could not convert: ";
  if (!text.starts_with(start)) return text;
  return pair_text(text.substr(start.size()), " = ", "{0}: expected a number, found '{1}'");
}

std::string text_of(CLI::App& verb, const CLI::ParseError& error) {
  const std::string text = error.what();
  switch (static_cast<CLI::ExitCodes>(error.get_exit_code())) {
    case CLI::ExitCodes::ExtrasError: return extras_text(verb);
    case CLI::ExitCodes::ArgumentMismatch: return mismatch_text(text);
    case CLI::ExitCodes::RequiredError: return required_text(text);
    case CLI::ExitCodes::RequiresError: return pair_text(text, " requires ", "{0}: expected with {1}, found alone");
    case CLI::ExitCodes::ExcludesError: return pair_text(text, " excludes ", "{0}: expected without {1}, found both");
    case CLI::ExitCodes::ConversionError: return conversion_text(text);
    default: return text;
  }
}

}  // namespace

std::optional<std::string> help_text(const Command& command, const std::string& name) {
  const CLI::App& app = command.app();
  // Its own help() is that of the verb that was chosen.
  const auto made = [](const CLI::App& one, const std::string& title) {
    return one.get_formatter()->make_help(&one, title, CLI::AppFormatMode::Normal);
  };
  if (name.empty()) return made(app, app.get_name());
  const auto found = app.get_subcommands([&](const CLI::App* verb) { return verb->get_name() == name; });
  if (found.empty()) return std::nullopt;
  return made(*found.front(), app.get_name() + ' ' + name);
}

std::string version_text(const Command& command) { return command.app().version(); }

std::string unknown_verb_text(const Command& app, const std::string& found) {
  const std::vector<std::string> meant = verbs_meant(app, found);
  return fmt::format("expected a verb, found '{}'; {}", found,
                     meant.empty() ? "see arena-shm --help" : "did you mean " + quoted(meant) + '?');
}

std::string usage_text(const Command& command, const CLI::ParseError& error) {
  CLI::App& app = command.app();
  const std::vector<CLI::App*> chosen = app.get_subcommands([](const CLI::App* verb) { return verb->parsed(); });
  if (!chosen.empty()) {
    CLI::App& verb = *chosen.front();
    return fmt::format("{}; see arena-shm {} --help", text_of(verb, error), verb.get_name());
  }
  const std::string text = app.remaining().empty() ? text_of(app, error) : extras_text(app);
  return fmt::format("{}; see {} --help", text, app.get_name());
}

}  // namespace arena_shm::terminal
