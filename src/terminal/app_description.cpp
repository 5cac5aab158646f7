#include "terminal/app_description.hpp"

#include <CLI/CLI.hpp>
#include <cctype>

namespace arena_shm::terminal {

namespace {

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::size_t begin = 0;
  for (std::size_t end = 0; end != std::string::npos; begin = end + 1) {
    end = text.find(separator, begin);
    parts.push_back(text.substr(begin, end == std::string::npos ? end : end - begin));
  }
  return parts;
}

// "FORMAT:{csv,ndjson}" as Check has it, or "oldest|newest|SEQ", where a word in capitals stands for others.
std::vector<std::string> choices_in(const std::string& type) {
  std::vector<std::string> choices;
  const std::size_t open = type.find('{');
  const std::size_t close = type.find('}');
  if (open != std::string::npos && close != std::string::npos)
    return split(type.substr(open + 1, close - open - 1), ',');
  if (type.find('|') == std::string::npos) return {};
  for (std::string& word : split(type, '|')) {
    if (!word.empty() && std::islower(static_cast<unsigned char>(word.front())) != 0)
      choices.push_back(std::move(word));
  }
  return choices;
}

OptionDescription describe(const CLI::Option& option, const std::string& verb) {
  OptionDescription description;
  description.short_names = option.get_snames();
  description.long_names = option.get_lnames();
  if (option.get_positional()) description.positional = option.get_name(true);
  const std::string type = option.get_type_name();
  const bool takes_value = option.get_items_expected_max() > 0;
  if (takes_value) description.value = type.substr(0, type.find(':'));
  description.text = option.get_description();
  description.default_value = option.get_default_str();
  if (takes_value) description.choices = choices_in(type);
  const std::string& what = description.positional.empty() ? description.value : description.positional;
  description.takes_file = what == "FILE" || what == "IMAGE";
  description.takes_arena = description.positional == "NAME" && verb != "create";
  description.is_required = option.get_required();
  description.repeats = option.get_items_expected_max() > 1;
  return description;
}

std::vector<OptionDescription> options_of(const CLI::App& app) {
  const std::string verb = app.get_name();
  std::vector<OptionDescription> options;
  for (const CLI::Option* option : app.get_options([](const CLI::Option*) { return true; })) {
    if (!option->get_group().empty()) options.push_back(describe(*option, verb));
  }
  // Option groups are apps without a name, but with a --help of their own.
  for (const CLI::App* group : app.get_subcommands([](const CLI::App* child) { return child->get_name().empty(); })) {
    for (const CLI::Option* option : group->get_options([](const CLI::Option*) { return true; })) {
      if (option != group->get_help_ptr()) options.push_back(describe(*option, verb));
    }
  }
  return options;
}

}  // namespace

std::vector<OptionDescription> describe_options(const Command& command) { return options_of(command.app()); }

std::vector<VerbDescription> describe_verbs(const Command& command) {
  const CLI::App& app = command.app();
  std::vector<VerbDescription> verbs;
  for (const CLI::App* verb : app.get_subcommands([](const CLI::App*) { return true; })) {
    if (verb->get_name().empty() || verb->get_group().empty()) continue;
    VerbDescription& description = verbs.emplace_back();
    description.name = verb->get_name();
    description.purpose = verb->get_group();
    description.summary = verb->get_description();
    const std::string footer = verb->get_footer();
    const std::string title = "Example:\n";
    const std::size_t example = footer.find(title);
    description.details = footer.substr(0, example);
    if (example != std::string::npos) description.example = footer.substr(example + title.size());
    while (description.details.ends_with('\n')) description.details.pop_back();
    description.options = options_of(*verb);
  }
  std::vector<std::string> names;
  for (const VerbDescription& verb : verbs) names.push_back(verb.name);
  for (VerbDescription& verb : verbs) {
    for (OptionDescription& option : verb.options) {
      if (option.positional == "VERB") option.choices = names;
    }
  }
  return verbs;
}

}  // namespace arena_shm::terminal
