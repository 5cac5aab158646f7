// serve: a live page of all rings, for a browser.
#include <fmt/format.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <vector>

#include "arena_shm/error.hpp"
#include "serve/saver.hpp"
#include "serve/server.hpp"
#include "terminal/exit_code.hpp"
#include "terminal/output.hpp"
#include "terminal/signals.hpp"
#include "tool/verbs/verbs.hpp"
#include "tool/views/name_pattern.hpp"
#include "tool/views/rings_list.hpp"

namespace arena_shm::tool {

namespace {

struct ServeOptions {
  std::vector<std::string> names;
  std::string listen = "127.0.0.1:8080";
  std::string save_directory;
};

bool is_wanted(const std::vector<std::string>& names, const std::string& name) {
  if (names.empty()) return true;
  for (const std::string& one : names) {
    if (matches(one.starts_with('/') ? one.substr(1) : one, name)) return true;
  }
  return false;
}

terminal::ExitCode run_serve(const ServeOptions& options) {
  auto list = std::make_shared<RingsList>(options.names);
  static_cast<void>(list->look());  // what is misspelt is an error now, and not an empty page
  serve::Surroundings surroundings{
      .rings = [list] { return list->look(); },
      .is_wanted = [names = options.names](const std::string& name) { return is_wanted(names, name); },
      .save = nullptr,
      .capture = nullptr,
      .tell = [](const std::string& text) { terminal::note(text); }};
  if (!options.save_directory.empty()) {
    const auto saver = std::make_shared<serve::Saver>(options.save_directory, terminal::stop_requested);
    surroundings.save = [saver](const std::string& name) { return saver->save(name); };
    surroundings.capture = [saver](const std::string& name, const serve::CaptureOrder& order) {
      return saver->capture(name, order);
    };
  }
  terminal::catch_stop_signals();
  serve::Address address = *serve::parse_address(options.listen);
  serve::Server server(address, std::move(surroundings));
  terminal::note(fmt::format("the page is at {}/", serve::url_of(address)));
  server.run(terminal::stop_requested);
  return terminal::ExitCode::ok;
}

}  // namespace

void add_serve(const terminal::Command& app, Action& action) {
  auto options = std::make_shared<ServeOptions>();
  terminal::Command verb = add_verb(
      app, action,
      {.name = "serve",
       .summary = "Show arenas live in a browser: charts, histograms, the newest values",
       .details =
           "The page has every arena of this host, or those that are named. It needs no network, and arenas are only\n"
           "read. --listen with only a port listens on the loopback address: every user of this host can reach it, "
           "read\n"
           "all that the page shows, whatever the permissions of the arenas are, and save. The server has no "
           "encryption\n"
           "and no password: listen on another address only if everybody on that network may do so, too. Pages of "
           "other\n"
           "sites are refused; so are names: use an address, or localhost. From elsewhere: ssh -L 8080:localhost:8080\n"
           "HOST. With --save-dir the page can save what an arena holds, as 'arena-shm snapshot' does, and what comes\n"
           "in the next moments, or around the next value that matches, as 'arena-shm capture' does.",
       .example = "  arena-shm serve                             # then open http://127.0.0.1:8080/\n"
                  "  arena-shm serve ticks 'feed.*' --listen 0   # any free port; the server prints it\n"
                  "  arena-shm serve --save-dir captures"},
      options, run_serve);
  verb.add_option("NAME", options->names, "Names of arenas, or patterns like 'tick*' (default: all)").type_name("");
  verb.add_option("--listen", options->listen, "Serve the page at this address, until interrupted")
      .type_name("[ADDR:]PORT")
      .capture_default_str()
      .check(serve::address_defect);
  verb.add_option("--save-dir", options->save_directory, "Let the page save arenas in this directory").type_name("DIR");
}

}  // namespace arena_shm::tool
