#include "tool/verbs/metrics_server.hpp"

#include <fmt/format.h>
#include <httplib.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

#include "terminal/output.hpp"
#include "terminal/signals.hpp"
#include "tool/views/exposition.hpp"

namespace arena_shm::tool {

namespace {

constexpr std::chrono::seconds kPatience{2};

// A client that has sent its request may close its sending side, and waits for the answer (RFC 9112, 9.6). The
// library's own stream takes it for gone then, and answers nothing.
class HalfOpenStream final : public httplib::Stream {
 public:
  explicit HalfOpenStream(socket_t socket) : socket_(socket) {}

  bool is_readable() const override { return is_ready(POLLIN); }
  bool is_writable() const override { return is_ready(POLLOUT); }
  ssize_t read(char* target, size_t bytes) override {
    return is_readable() ? restarted([&] { return ::recv(socket_, target, bytes, 0); }) : -1;
  }
  ssize_t write(const char* source, size_t bytes) override {
    return is_writable() ? restarted([&] { return ::send(socket_, source, bytes, MSG_NOSIGNAL); }) : -1;
  }
  void get_remote_ip_and_port(std::string&, int&) const override {}
  void get_local_ip_and_port(std::string&, int&) const override {}
  socket_t socket() const override { return socket_; }

 private:
  template <class Call>
  static ssize_t restarted(Call call) {
    ssize_t done = 0;
    do {
      done = call();
    } while (done < 0 && errno == EINTR);
    return done;
  }

  bool is_ready(short events) const {
    pollfd state{.fd = socket_, .events = events, .revents = 0};
    return restarted(
               [&] { return ::poll(&state, 1, static_cast<int>(std::chrono::milliseconds(kPatience).count())); }) > 0;
  }

  socket_t socket_;
};

// One request and one answer for each connection.
class Server final : public httplib::Server {
 private:
  bool process_and_close_socket(socket_t socket) override {
    HalfOpenStream stream(socket);
    bool closed = false;
    const bool answered = process_request(stream, true, closed, nullptr);
    drain(stream);
    ::shutdown(socket, SHUT_RDWR);
    ::close(socket);
    return answered;
  }

  // What is closed with something unread in it takes the answer away from the client.
  static void drain(HalfOpenStream& stream) {
    constexpr int kMostReads = 16;
    std::array<char, 4096> unread{};
    ::shutdown(stream.socket(), SHUT_WR);
    for (int i = 0; i<kMostReads&& ::recv(stream.socket(), unread.data(), unread.size(), MSG_DONTWAIT)> 0; ++i) {
    }
  }
};

void configure(httplib::Server& server, std::function<std::string()> page) {
  constexpr int kThreads = 2;
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
  auto mutex = std::make_shared<std::mutex>();
  server.Get("/metrics", [page = std::move(page), mutex](const httplib::Request&, httplib::Response& response) {
    const std::lock_guard lock(*mutex);
    response.set_content(page(), kExpositionType);
  });
  server.Get("/", [](const httplib::Request&, httplib::Response& response) {
    response.set_content("arena-shm: see /metrics\n", "text/plain; charset=utf-8");
  });
}

void bind(httplib::Server& server, serve::Address& address) {
  errno = 0;
  if (address.port == 0) {
    if (const int port = server.bind_to_any_port(address.host); port > 0) {
      address.port = port;
      return;
    }
  } else if (server.bind_to_port(address.host, address.port)) {
    return;
  }
  serve::refuse_address(address, errno);
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

}  // namespace

terminal::ExitCode serve_metrics(serve::Address address, std::function<std::string()> page,
                                 const std::function<bool()>& is_over) {
  constexpr std::chrono::milliseconds kBetweenLooks{50};
  Server server;
  configure(server, std::move(page));
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
  terminal::note(fmt::format("listening at {}/metrics", serve::url_of(address)));
  // One that has not begun cannot be stopped.
  while (!has_ended && !(is_over() && server.is_running())) std::this_thread::sleep_for(kBetweenLooks);
  if (has_ended) {
    terminal::note("the server ended unexpectedly");
    return terminal::ExitCode::failed;
  }
  server.stop();
  return terminal::ExitCode::ok;
}

}  // namespace arena_shm::tool
