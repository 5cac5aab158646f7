#include "serve/server.hpp"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <chrono>
#include <exception>
#include <utility>

#include "serve/connection.hpp"
#include "serve/workers.hpp"

namespace arena_shm::serve {

namespace {

namespace asio = boost::asio;
using Tcp = asio::ip::tcp;

constexpr std::chrono::milliseconds kTick{100};  // pages are told of news as often
constexpr int kTicksBetweenSurveys = 10;
constexpr std::size_t kMostTasks = 64;  // of each kind of what takes long
constexpr std::size_t kMostCaptures = 8;

int number_of(const boost::system::error_code& error) {
  return error.category() == boost::system::system_category() ? error.value() : EADDRNOTAVAIL;
}

}  // namespace

struct Server::Core {
  Core(Address& address, Surroundings surroundings) : desk{.hub = std::make_shared<Hub>(std::move(surroundings))} {
    desk.scan = [this](auto task, auto done) { return scans.run(std::move(task), std::move(done)); };
    desk.save = [this](auto task, auto done) { return saves.run(std::move(task), std::move(done)); };
    desk.capture = [this](auto task, auto done) { return captures.run(std::move(task), std::move(done)); };
    desk.survey = [this](auto task, auto done) { return surveys.run(std::move(task), std::move(done)); };
    listen(address);
  }

  ~Core() {
    for (const auto& page : desk.pages) {
      if (const auto open = page.lock()) open->cancel();
    }
  }
  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;

  void listen(Address& address) {
    boost::system::error_code error;
    Tcp::resolver resolver(context);
    const auto found = resolver.resolve(address.host, std::to_string(address.port),
                                        Tcp::resolver::passive | Tcp::resolver::numeric_service, error);
    if (error || found.empty()) refuse_address(address, number_of(error));
    const Tcp::endpoint endpoint = found.begin()->endpoint();
    acceptor.open(endpoint.protocol(), error);
    if (!error) acceptor.set_option(asio::socket_base::reuse_address(true), error);
    if (!error) acceptor.bind(endpoint, error);
    if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
    if (error) refuse_address(address, number_of(error));
    address.port = acceptor.local_endpoint().port();
  }

  void accept() {
    is_accepting = true;
    acceptor.async_accept([this](const boost::system::error_code& error, Tcp::socket socket) {
      is_accepting = false;
      if (!acceptor.is_open()) return;
      // No descriptor is left: until some client goes. tick() tries again.
      if (error) return desk.hub->complain(Part::accept, "no further page can be opened: " + error.message());
      desk.hub->complain(Part::accept, "");
      if (desk.connections < Desk::kMostConnections + Desk::kMostRefused)
        attempt([&] { serve_connection(std::move(socket), desk); });
      else
        desk.hub->complain("too many connections: some are closed at once");
      accept();
    });
  }

  // Whatever fails is said, and the server goes on.
  template <class Step>
  void attempt(Step&& step) {
    try {
      step();
    } catch (const std::exception& error) {
      desk.hub->complain(error.what());
    }
  }

  void tick(const std::function<bool()>& stop_requested) {
    if (stop_requested()) return context.stop();
    std::erase_if(desk.pages, [](const auto& page) { return page.expired(); });
    attempt([&] {
      if (!is_accepting) accept();
      if (!desk.pages.empty() && ++ticks % kTicksBetweenSurveys == 0) desk.look();
    });
    for (const auto& page : desk.pages) {
      if (const auto open = page.lock()) attempt([&] { open->pump(); });
    }
    timer.expires_at(std::max(timer.expiry() + kTick, std::chrono::steady_clock::now() + kTick / 2));
    timer.async_wait([this, &stop_requested](const boost::system::error_code&) { tick(stop_requested); });
  }

  void run(const std::function<bool()>& stop_requested) {
    timer.expires_after(std::chrono::seconds(0));
    tick(stop_requested);
    while (!context.stopped()) attempt([&] { context.run(); });
  }

  Desk desk;  // before the context, whose connections use it to their end
  asio::io_context context{1};
  Tcp::acceptor acceptor{context};
  asio::steady_timer timer{context};
  bool is_accepting = false;
  int ticks = 0;
  // Last: their tasks use the others.
  Workers scans{context, 2, kMostTasks};
  Workers saves{context, 1, kMostTasks};
  Workers captures{context, kMostCaptures, kMostCaptures};
  Workers surveys{context, 1, 2};
};

Server::Server(Address& address, Surroundings surroundings)
    : core_(std::make_unique<Core>(address, std::move(surroundings))) {}

Server::~Server() = default;

void Server::run(const std::function<bool()>& stop_requested) { core_->run(stop_requested); }

}  // namespace arena_shm::serve
