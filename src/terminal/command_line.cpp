#include "terminal/command_line.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>

namespace arena_shm::terminal {

Check one_of(std::vector<std::string> words, Letters letters) {
  const auto compared = [letters](const std::string& word) {
    return letters == Letters::of_any_case ? CLI::detail::to_lower(word) : word;
  };
  std::string choices = fmt::format("{{{}}}", fmt::join(words, ","));
  Check check(Read([words = std::move(words), compared](std::string& text) -> std::string {
    const auto meant =
        std::find_if(words.begin(), words.end(), [&](auto& word) { return compared(word) == compared(text); });
    if (meant == words.end()) return fmt::format("expected one of {}, found '{}'", fmt::join(words, ", "), text);
    text = *meant;
    return "";
  }));
  check.choices = std::move(choices);
  return check;
}

void refuse_value(const std::string& option, const std::string& text) { throw CLI::ValidationError(option, text); }

Option Option::required() const { return Option(option_->required()); }

Option Option::type_name(const char* name) const { return Option(option_->type_name(name)); }

Option Option::capture_default_str() const { return Option(option_->capture_default_str()); }

Option Option::default_str(const char* text) const { return Option(option_->default_str(text)); }

Option Option::check(Check check) const {
  return Option(option_->transform(CLI::Validator(std::move(check.read), std::move(check.choices)), ""));
}

Option Option::delimiter(char between) const { return Option(option_->delimiter(between)); }

Option Option::needs(Option other) const { return Option(option_->needs(other.option_)); }

Option Option::excludes(Option other) const { return Option(option_->excludes(other.option_)); }

Option Option::excludes(const char* other) const { return Option(option_->excludes(std::string(other))); }

Option Option::expected(int least, int most) const { return Option(option_->expected(least, most)); }

Option Option::group(const char* name) const { return Option(option_->group(name)); }

Command Command::add_verb(const char* name, const char* summary, const std::string& footer,
                          std::function<void()> run) const {
  CLI::App* verb = app_->add_subcommand(name, summary);
  verb->footer(footer);
  verb->callback(std::move(run));
  return Command(*verb);
}

Command Command::add_choice(const char* name, const char* text) const {
  CLI::App* options = app_->add_option_group(name, text);
  options->require_option(1);
  return Command(*options);
}

template <class T>
Option Command::add_option(const char* names, T& value, const char* text) const {
  return Option(app_->add_option(names, value, text));
}

template Option Command::add_option(const char*, std::string&, const char*) const;
template Option Command::add_option(const char*, std::optional<std::string>&, const char*) const;
template Option Command::add_option(const char*, std::vector<std::string>&, const char*) const;
template Option Command::add_option(const char*, int&, const char*) const;
template Option Command::add_option(const char*, std::vector<int>&, const char*) const;
template Option Command::add_option(const char*, std::uint32_t&, const char*) const;
template Option Command::add_option(const char*, std::uint64_t&, const char*) const;
template Option Command::add_option(const char*, std::optional<std::uint64_t>&, const char*) const;
template Option Command::add_option(const char*, double&, const char*) const;
template Option Command::add_option(const char*, std::optional<double>&, const char*) const;

Option Command::add_option(const char* names, std::function<void(const std::string&)> take, const char* text) const {
  return Option(app_->add_option_function<std::string>(names, take, text));
}

Option Command::add_list(const char* names, std::function<void(const std::vector<std::string>&)> take,
                         const char* text) const {
  CLI::Option* list = app_->add_option_function<std::vector<std::string>>(names, take, text);
  return Option(list->expected(1)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll));
}

Option Command::add_flag(const char* names, bool& value, const char* text) const {
  return Option(app_->add_flag(names, value, text));
}

Option Command::add_flag(const char* names, std::function<void()> act, const char* text) const {
  return Option(app_->add_flag_callback(names, std::move(act), text));
}

void Command::group(const char* name) const { app_->group(name); }

std::string Command::description() const { return app_->get_description(); }

std::string Command::footer() const { return app_->get_footer(); }

}  // namespace arena_shm::terminal
