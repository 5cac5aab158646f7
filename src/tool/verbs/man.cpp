// man: writes the manual pages. Hidden: the build calls it.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <filesystem>
#include <fstream>

#include "arena_shm/core/system.hpp"
#include "arena_shm/version.h"
#include "terminal/app_description.hpp"
#include "terminal/exit_code.hpp"
#include "tool/verbs/verbs.hpp"

namespace arena_shm::tool {

namespace {

struct ManOptions {
  const terminal::Command* app = nullptr;
  std::string directory;
};

// In roff a backslash, and a '.' at the beginning of a line, are commands; some ASCII is typeset as something else.
std::string roff(std::string_view text) {
  std::string result;
  bool begins = true;
  for (const char c : text) {
    switch (c) {
      case '\\': result += "\\e"; break;
      case '-': result += "\\-"; break;
      case '\'': result += "\\(aq"; break;
      case '`': result += "\\(ga"; break;
      case '~': result += "\\(ti"; break;
      case '^': result += "\\(ha"; break;
      case '.': result += begins ? "\\&." : "."; break;
      default: result += c;
    }
    begins = c == '\n';
  }
  return result;
}

std::string bold(std::string_view text) { return "\\fB" + roff(text) + "\\fR"; }
std::string italic(std::string_view text) { return "\\fI" + roff(text) + "\\fR"; }

// Lines that are indented stay as they are, the others are filled.
std::string paragraphs(const std::string& text) {
  std::string result;
  bool as_is = false;
  std::size_t begin = 0;
  while (begin < text.size()) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    const std::string line = text.substr(begin, end - begin);
    begin = end + 1;
    if (const bool indented = line.starts_with(' '); indented != as_is && !line.empty()) {
      result += indented ? ".RS\n.nf\n" : ".fi\n.RE\n.PP\n";
      as_is = indented;
    }
    result += line.empty() ? ".PP\n" : roff(line.substr(as_is ? line.find_first_not_of(' ') : 0)) + '\n';
  }
  return result + (as_is ? ".fi\n.RE\n" : "");
}

std::string heading(const std::string& page) {
  std::string title = page;
  for (char& c : title) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return fmt::format(".TH \"{}\" \"1\" \"\" \"arena\\-shm {}\" \"User Commands\"\n", roff(title),
                     ARENA_SHM_VERSION_STRING);
}

std::string sentence(std::string text) {
  if (!text.ends_with('.')) text += '.';
  return text;
}

std::string synopsis(const terminal::VerbDescription& verb) {
  std::string text = bold("arena-shm " + verb.name);
  std::string operands;
  for (const terminal::OptionDescription& option : verb.options) {
    if (option.positional.empty()) continue;
    operands += option.is_required ? ' ' + italic(option.positional) : " [" + italic(option.positional) + ']';
    if (option.repeats) operands += "\\&...";
  }
  return text + operands + " [" + italic("options") + "]\n";
}

std::string option_tag(const terminal::OptionDescription& option) {
  if (!option.positional.empty()) return italic(option.positional);
  std::string tag;
  for (const std::string& name : option.short_names) tag += (tag.empty() ? "" : ", ") + bold('-' + name);
  for (const std::string& name : option.long_names) tag += (tag.empty() ? "" : ", ") + bold("--" + name);
  if (!option.value.empty()) tag += ' ' + italic(option.value);
  return tag;
}

std::string options_of(const std::vector<terminal::OptionDescription>& options) {
  std::string text = ".SH OPTIONS\n";
  for (const terminal::OptionDescription& option : options) {
    text += ".TP\n" + option_tag(option) + '\n' + roff(sentence(option.text));
    if (!option.default_value.empty()) text += roff(" The default is " + option.default_value + '.');
    text += '\n';
  }
  return text;
}

constexpr const char* kExitStatus = R"(.SH "EXIT STATUS"
.TP
.B 0
ok
.TP
.B 1
error
.TP
.B 2
the command line is wrong
.TP
.B 3
finished, but values were lost
.TP
.B 4
no such arena
.TP
.B 5
incompatible layout, byte order, record type or schema
)";

std::string page_of(const terminal::VerbDescription& verb) {
  const std::string page = "arena-shm-" + verb.name;
  std::string text = heading(page);
  text += ".SH NAME\n" + roff(page) + " \\- " + roff(verb.summary) + '\n';
  text += ".SH SYNOPSIS\n" + synopsis(verb);
  text += ".SH DESCRIPTION\n" + roff(sentence(verb.summary)) + '\n';
  if (!verb.details.empty()) text += ".PP\n" + paragraphs(verb.details);
  text += options_of(verb.options);
  if (!verb.example.empty()) text += ".SH EXAMPLES\n" + paragraphs(verb.example);
  text += kExitStatus;
  return text + ".SH \"SEE ALSO\"\n.BR arena\\-shm (1)\n";
}

std::string main_page(const terminal::Command& app, const std::vector<terminal::VerbDescription>& verbs) {
  std::string text = heading("arena-shm");
  text += ".SH NAME\narena\\-shm \\- rings of records in shared memory\n";
  text += ".SH SYNOPSIS\n" + bold("arena-shm") + ' ' + italic("VERB") + " [" + italic("NAME") + "] [" +
          italic("options") + "]\n";
  text += ".SH DESCRIPTION\n" + roff(app.description()) + "\n.PP\n" +
          "An arena is a ring of the last N values of one type, in named shared memory. Any number of processes append "
          "to it, read it, or follow it.\nReading verbs open and map it read\\-only.\n.PP\n" +
          paragraphs(app.footer());
  text += ".SH VERBS\n";
  std::string purpose;
  for (const terminal::VerbDescription& verb : verbs) {
    if (verb.purpose != purpose) text += ".SS \"" + roff(purpose = verb.purpose) + "\"\n";
    text += ".TP\n" + bold(verb.name) + '\n' + roff(sentence(verb.summary)) + '\n';
  }
  text += options_of(terminal::describe_options(app));
  text += kExitStatus;
  text += ".SH \"SEE ALSO\"\n.BR arena\\-shm\\-layout (5),\n";
  for (std::size_t i = 0; i < verbs.size(); ++i)
    text += fmt::format(".BR {} (1){}\n", roff("arena-shm-" + verbs[i].name), i + 1 < verbs.size() ? "," : "");
  return text;
}

void save(const std::filesystem::path& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  if (file.flush()) return;
  const int error = errno;
  file.close();
  std::error_code ignored;
  std::filesystem::remove(path, ignored);  // half a page is none
  core::throw_errno(error, core::Act::make_file, "write", path);
}

terminal::ExitCode run_man(const ManOptions& options) {
  const std::filesystem::path directory = options.directory;
  std::filesystem::create_directories(directory);
  const auto verbs = terminal::describe_verbs(*options.app);
  save(directory / "arena-shm.1", main_page(*options.app, verbs));
  for (const terminal::VerbDescription& verb : verbs)
    save(directory / ("arena-shm-" + verb.name + ".1"), page_of(verb));
  return terminal::ExitCode::ok;
}

}  // namespace

void add_man(const terminal::Command& app, Action& action) {
  auto options = std::make_shared<ManOptions>();
  options->app = &app;
  terminal::Command verb = add_verb(
      app, action,
      {.name = "man", .summary = "Write the manual pages", .details = "", .example = "  arena-shm man share/man/man1"},
      options, run_man);
  verb.group("");
  verb.add_option("DIRECTORY", options->directory, "The directory to write to").required().type_name("");
}

}  // namespace arena_shm::tool
