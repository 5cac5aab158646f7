// metrics: all arenas as Prometheus reads them, once or by HTTP.
#include <fmt/format.h>
#include <httplib.h>
#include <sys/socket.h>

#include <atomic>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <csignal>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "arena_shm/error.hpp"
#include "terminal/exit_code.hpp"
#include "terminal/output.hpp"
#include "terminal/signals.hpp"
#include "tool/verbs/verbs.hpp"
#include "tool/views/exposition.hpp"

namespace arena_shm::tool {

namespace {

struct Options {
  std::string listen;
};

struct Address {
  std::string host = "127.0.0.1";  // what these numbers tell is not for everybody on the network, unless asked for
  int port = 0;
};

// "9464", "localhost:9464", "[::1]:9464"
std::optional<Address> parse_address(std::string_view text) {
  Address address;
  if (const std::size_t colon = text.rfind(':'); colon != std::string_view::npos) {
    std::string_view host = text.substr(0, colon);
    const bool in_brackets = host.size() > 2 && host.front() == '[' && host.back() == ']';
    if (in_brackets) host = host.substr(1, host.size() - 2);
    if (host.empty() || (!in_brackets && host.find(':') != std::string_view::npos)) return std::nullopt;
    address.host = host;
    text.remove_prefix(colon + 1);
  }
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  address.port = port;
  return address;
}

std::string check_address(const std::string& text) {
  if (parse_address(text)) return "";
  return "expected PORT, ADDR:PORT or [ADDR]:PORT with a port up to 65535, found '" + text + "'";
}

std::string url(const Address& address) {
  const bool is_v6 = address.host.find(':') != std::string::npos;
  return fmt::format("http://{}:{}/metrics", is_v6 ? '[' + address.host + ']' : address.host, address.port);
}

void configure(httplib::Server& server) {
  constexpr int kThreads = 2;
  constexpr std::chrono::seconds kPatience{2};
  constexpr std::size_t kLongestBody = 4096;
  server.new_task_queue = [] { return new httplib::ThreadPool(kThreads); };
  server.set_read_timeout(kPatience).set_write_timeout(kPatience).set_payload_max_length(kLongestBody);
  server.set_keep_alive_max_count(1);  // an idle connection would keep one of the threads
  server.set_keep_alive_timeout(kPatience.count());
  // The library's own choice lets a second server take the port too, and half of the requests.
  server.set_socket_options([](socket_t socket) {
    const int yes = 1;
    ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
  });
  server.Get("/metrics", [](const httplib::Request&, httplib::Response& response) {
    response.set_content(exposition().text, kExpositionType);
  });
  server.Get("/", [](const httplib::Request&, httplib::Response& response) {
    response.set_content("arena-shm: see /metrics\n", "text/plain; charset=utf-8");
  });
}

const char* remedy_of_bind(int error) {
  switch (error) {
    case EACCES: return "ports below 1024 are for root: choose a higher one, or 0 for any";
    case EADDRNOTAVAIL: return "name an address that this host has: ip address";
    case EMFILE:
    case ENFILE: return "raise the limit of descriptors: ulimit -n, or fs.file-max (sysctl)";
    default: return "choose another port, or 0 for any";
  }
}

void bind(httplib::Server& server, Address& address) {
  errno = 0;
  if (address.port == 0) {
    if (const int port = server.bind_to_any_port(address.host); port > 0) {
      address.port = port;
      return;
    }
  } else if (server.bind_to_port(address.host, address.port)) {
    return;
  }
  throw Error(Code::system, {.name = fmt::format("{}:{}", address.host, address.port),
                             .doing = "listen at",
                             .expected = "an address of this host, and a free port",
                             .found = "that it could not be taken",
                             .remedy = remedy_of_bind(errno),
                             .system_error = errno});
}

// Threads that are started while this lives leave the stop signals to the others.
class StopSignalsBlocked {
 public:
  StopSignalsBlocked() {
    sigset_t signals;
    ::sigemptyset(&signals);
    ::sigaddset(&signals, SIGINT);
    ::sigaddset(&signals, SIGTERM);
    ::pthread_sigmask(SIG_BLOCK, &signals, &before_);
  }
  ~StopSignalsBlocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  StopSignalsBlocked(const StopSignalsBlocked&) = delete;
  StopSignalsBlocked& operator=(const StopSignalsBlocked&) = delete;

 private:
  sigset_t before_{};
};

terminal::ExitCode serve(Address address) {
  constexpr std::chrono::milliseconds kBetweenLooks{50};
  httplib::Server server;
  configure(server);
  bind(server, address);
  terminal::catch_stop_signals();
  std::atomic<bool> has_ended = false;
  std::jthread listener;
  {
    const StopSignalsBlocked blocked;
    listener = std::jthread([&] {
      server.listen_after_bind();
      has_ended = true;
    });
  }
  terminal::note(fmt::format("listening at {}", url(address)));
  // One that has not begun cannot be stopped.
  while (!has_ended && !(terminal::stop_requested() && server.is_running())) std::this_thread::sleep_for(kBetweenLooks);
  if (has_ended) {
    terminal::note("the server has come to an unexpected end");
    return terminal::ExitCode::failed;
  }
  server.stop();
  return terminal::ExitCode::ok;
}

terminal::ExitCode run(const Options& options) {
  if (!options.listen.empty()) return serve(*parse_address(options.listen));
  const Exposition whole = exposition();
  terminal::Output output;
  output.text() = whole.text;
  output.flush();
  for (const std::string& problem : whole.problems) terminal::note(problem);
  return whole.has_failed ? terminal::ExitCode::failed : terminal::ExitCode::ok;
}

}  // namespace

void add_metrics(CLI::App& app, Action& action) {
  auto options = std::make_shared<Options>();
  CLI::App& verb = add_verb(
      app, action,
      {.name = "metrics",
       .summary = "Print all arenas as Prometheus reads them, or serve that by HTTP",
       .details =
           "Arenas that this user may not read are missing. A port alone is that of the loopback address; there\n"
           "is no encryption and no password, so give another address only where everybody may know.",
       .example = "  arena-shm metrics\n"
                  "  arena-shm metrics --listen 9464        # http://127.0.0.1:9464/metrics\n"
                  "  arena-shm metrics --listen '[::1]:0'   # any free port, which it then names"},
      options, run);
  verb.add_option("--listen", options->listen, "Serve at this address, until interrupted")
      ->type_name("[ADDR:]PORT")
      ->check(check_address, "");
}

}  // namespace arena_shm::tool
