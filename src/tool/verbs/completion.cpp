// completion: scripts that complete verbs, options, their choices, and the names of live arenas.
#include <fmt/format.h>

#include "terminal/app_description.hpp"
#include "terminal/exit_code.hpp"
#include "terminal/output.hpp"
#include "text/shell_word.hpp"
#include "tool/verbs/verbs.hpp"

namespace arena_shm::tool {

namespace {

struct CompletionOptions {
  const terminal::Command* app = nullptr;
  std::string shell;
};

using Verbs = std::vector<terminal::VerbDescription>;

using text::shell_quoted;

std::vector<std::string> flags_of(const terminal::OptionDescription& option) {
  std::vector<std::string> flags;
  for (const std::string& name : option.short_names) flags.push_back('-' + name);
  for (const std::string& name : option.long_names) flags.push_back("--" + name);
  return flags;
}

std::string bash_candidates(const terminal::OptionDescription& option) {
  if (!option.choices.empty()) return fmt::format("_arena_shm_words {}", fmt::join(option.choices, " "));
  if (option.takes_file) return "_arena_shm_files";
  return option.takes_arena ? "_arena_shm_arenas" : ":";
}

// Names are compared and quoted by hand: compgen -W would expand what looks like a command in them.
// To bash a word ends at ':', '=' and '@' too (COMP_WORDBREAKS): `words` are put together again, and from what is
// offered `skip` is left out, the part of the word in front of what bash is going to replace.
constexpr const char* kBashFunctions = R"bash(
_arena_shm_split() {
  local line=$COMP_LINE before='' i piece start
  for ((i = 0; i <= COMP_CWORD; i++)); do
    piece=${COMP_WORDS[i]}
    start=${line#"${line%%[![:space:]]*}"}
    if [[ $start == "$line" && ($piece =~ ^[:=@]+$ || $before =~ ^[:=@]+$) ]]; then
      words[${#words[@]} - 1]+=$piece
    else
      words+=("$piece")
    fi
    line=${start#"$piece"}
    before=$piece
  done
  cur=${words[${#words[@]} - 1]}
  prev=${words[${#words[@]} - 2]}
  if [[ $cur == --*=* ]]; then
    prev=${cur%%=*}
    cur=${cur#*=}
  fi
  [[ $piece =~ ^[:=@]+$ ]] && piece=''
  skip=${cur%"$piece"}
}
_arena_shm_words() {
  local word
  for word in "$@"; do
    [[ $word == "$cur"* ]] && COMPREPLY+=("$word")
  done
}
_arena_shm_arenas() {
  local name
  while IFS= read -r name; do
    [[ $name == "$cur"* && $name != "$skip" ]] && COMPREPLY+=("$(printf %q "${name#"$skip"}")")
  done < <("${COMP_WORDS[0]}" list --names 2>/dev/null)
}
_arena_shm_files() {
  local file
  compopt -o filenames 2>/dev/null
  while IFS= read -r file; do
    COMPREPLY+=("${file#"$skip"}")
  done < <(compgen -f -- "$cur")
}
)bash";

std::string bash(const Verbs& verbs) {
  std::string names;
  std::string values;
  std::string words;
  for (const terminal::VerbDescription& verb : verbs) {
    names += ' ' + verb.name;
    std::string flags;
    std::string operands;
    for (const terminal::OptionDescription& option : verb.options) {
      if (!option.positional.empty()) operands += ' ' + bash_candidates(option) + " ;";
      const auto all = flags_of(option);
      for (const std::string& flag : all) flags += ' ' + flag;
      if (option.value.empty() || all.empty()) continue;
      for (const std::string& flag : all)
        values += fmt::format("    {},{}) {}; return ;;\n", verb.name, flag, bash_candidates(option));
    }
    words += fmt::format("    {}) if [[ $cur == -* ]]; then _arena_shm_words{}; else{} :; fi ;;\n", verb.name, flags,
                         operands);
  }
  return fmt::format(
      "# bash completion for arena-shm, as 'arena-shm completion bash' prints it.\n{}"
      "_arena_shm() {{\n"
      "  local cur prev skip words=()\n"
      "  COMPREPLY=()\n"
      "  _arena_shm_split\n"
      "  if ((${{#words[@]}} == 2)); then\n"
      "    _arena_shm_words{} --help --version\n"
      "    return\n"
      "  fi\n"
      "  case ${{words[1]}},$prev in\n{}  esac\n"
      "  case ${{words[1]}} in\n{}  esac\n"
      "}}\n"
      "complete -F _arena_shm arena-shm\n",
      kBashFunctions, names, values, words);
}

std::string zsh_action(const terminal::OptionDescription& option) {
  if (!option.choices.empty()) return fmt::format("({})", fmt::join(option.choices, " "));
  if (option.takes_file) return "_files";
  return option.takes_arena ? "_arena_shm_arenas" : " ";
}

// In the specifications of _arguments some characters mean something.
std::string zsh_text(const std::string& text) {
  std::string result;
  for (const char c : text) {
    if (c == '[' || c == ']' || c == ':' || c == '\\') result += '\\';
    result += c;
  }
  return result;
}

std::string zsh(const Verbs& verbs) {
  std::string summaries;
  std::string cases;
  for (const terminal::VerbDescription& verb : verbs) {
    summaries += ' ' + shell_quoted(zsh_text(verb.name) + ':' + verb.summary);
    cases += fmt::format("    {}) _arguments", verb.name);
    for (const terminal::OptionDescription& option : verb.options) {
      if (!option.positional.empty()) {
        cases += ' ' + shell_quoted(
                           fmt::format("{}:{}:{}", option.repeats ? "*" : "", option.positional, zsh_action(option)));
      }
      const auto flags = flags_of(option);
      for (const std::string& flag : flags) {
        const std::string value =
            option.value.empty() ? "" : fmt::format(":{}:{}", zsh_text(option.value), zsh_action(option));
        cases += ' ' + shell_quoted(fmt::format("({}){}{}[{}]{}", fmt::join(flags, " "), flag,
                                                option.value.empty() ? "" : (flag.starts_with("--") ? "=" : "+"),
                                                zsh_text(option.text), value));
      }
    }
    cases += " ;;\n";
  }
  return fmt::format(
      "#compdef arena-shm\n"
      "# zsh completion for arena-shm, as 'arena-shm completion zsh' prints it.\n"
      "_arena_shm_arenas() {{\n"
      "  local -a names\n"
      "  names=(${{(f)\"$(arena-shm list --names 2>/dev/null)\"}})\n"
      "  compadd -a names\n"
      "}}\n"
      "_arena_shm() {{\n"
      "  local -a verbs\n"
      "  verbs=({})\n"
      "  if ((CURRENT == 2)); then\n"
      "    _describe verb verbs\n"
      "    return\n"
      "  fi\n"
      "  local verb=$words[2]\n"
      "  shift words\n"
      "  ((CURRENT--))\n"
      "  case $verb in\n{}  esac\n"
      "}}\n"
      "if [[ $funcstack[1] == _arena-shm ]]; then\n"
      "  _arena_shm \"$@\"\n"
      "else\n"
      "  compdef _arena_shm arena-shm\n"
      "fi\n",
      summaries, cases);
}

std::string fish(const Verbs& verbs) {
  std::string text =
      "# fish completion for arena-shm, as 'arena-shm completion fish' prints it.\n"
      "complete -c arena-shm -f\n";
  for (const terminal::VerbDescription& verb : verbs) {
    text += fmt::format("complete -c arena-shm -n __fish_use_subcommand -a {} -d {}\n", verb.name,
                        shell_quoted(verb.summary));
    const std::string begin = fmt::format("complete -c arena-shm -n '__fish_seen_subcommand_from {}'", verb.name);
    for (const terminal::OptionDescription& option : verb.options) {
      std::string value;
      if (!option.choices.empty()) value = " -x -a " + shell_quoted(fmt::format("{}", fmt::join(option.choices, " ")));
      if (option.takes_file) value = " -r -F";
      if (option.takes_arena) value = " -x -a '(arena-shm list --names 2>/dev/null)'";
      if (value.empty() && !option.value.empty()) value = " -x";
      std::string names;
      for (const std::string& name : option.short_names) names += " -s " + name;
      for (const std::string& name : option.long_names) names += " -l " + name;
      if (!names.empty()) {
        text += fmt::format("{}{}{} -d {}\n", begin, names, value, shell_quoted(option.text));
      } else if (option.takes_arena || option.takes_file || !option.choices.empty()) {
        text += begin + value.replace(0, 3, "") + '\n';
      }
    }
  }
  return text;
}

terminal::ExitCode run_completion(const CompletionOptions& options) {
  const Verbs verbs = terminal::describe_verbs(*options.app);
  terminal::Output output;
  output.text() = options.shell == "bash" ? bash(verbs) : options.shell == "zsh" ? zsh(verbs) : fish(verbs);
  output.flush();
  return terminal::ExitCode::ok;
}

}  // namespace

void add_completion(const terminal::Command& app, Action& action) {
  auto options = std::make_shared<CompletionOptions>();
  options->app = &app;
  terminal::Command verb =
      add_verb(app, action,
               {.name = "completion",
                .summary = "Print a script that completes command lines",
                .details = "The script completes verbs, options, values of options, and names of arenas.\n"
                           "cmake --install puts the scripts where the shells look for them.",
                .example = "  arena-shm completion bash > ~/.local/share/bash-completion/completions/arena-shm\n"
                           "  arena-shm completion fish > ~/.config/fish/completions/arena-shm.fish"},
               options, run_completion);
  verb.add_option("SHELL", options->shell, "bash, zsh or fish")
      .required()
      .type_name("")
      .check(terminal::one_of({"bash", "zsh", "fish"}));
}

}  // namespace arena_shm::tool
