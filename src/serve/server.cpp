#include "serve/server.hpp"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <cerrno>
#include <chrono>
#include <utility>

#include "serve/connection.hpp"

namespace arena_shm::serve {

namespace {

namespace asio = boost::asio;
using Tcp = asio::ip::tcp;

constexpr std::chrono::milliseconds kTick{100};  // pages are told of news as often
constexpr int kTicksBetweenSurveys = 10;
constexpr std::size_t kThreads = 2;  // for what takes long

int number_of(const boost::system::error_code& error) {
  return error.category() == boost::system::system_category() ? error.value() : EADDRNOTAVAIL;
}

}  // namespace

struct Server::Core {
  Core(Address& address, Surroundings surroundings)
      : desk{.hub = std::make_shared<Hub>(std::move(surroundings)),
             .elsewhere = [this](auto task, auto done) { run_elsewhere(std::move(task), std::move(done)); }} {
    listen(address);
  }

  ~Core() {
    workers.stop();
    workers.join();
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
    acceptor.async_accept([this](const boost::system::error_code& error, Tcp::socket socket) {
      if (!acceptor.is_open()) return;
      if (!error) {
        serve_connection(std::move(socket), desk);
        return accept();
      }
      // No descriptor is left: until some client goes.
      again.expires_after(kTick);
      again.async_wait([this](const boost::system::error_code&) { accept(); });
    });
  }

  void tick(const std::function<bool()>& stop_requested) {
    if (stop_requested()) return context.stop();
    std::erase_if(desk.pages, [](const auto& page) { return page.expired(); });
    if (!desk.pages.empty() && ++ticks % kTicksBetweenSurveys == 0)
      run_elsewhere([hub = desk.hub] { return hub->survey(), std::string(); }, [](const std::string&) {});
    for (const auto& page : desk.pages) {
      if (const auto open = page.lock()) open->pump();
    }
    timer.expires_at(std::max(timer.expiry() + kTick, std::chrono::steady_clock::now() + kTick / 2));
    timer.async_wait([this, &stop_requested](const boost::system::error_code&) { tick(stop_requested); });
  }

  void run_elsewhere(std::function<std::string()> task, std::function<void(std::string)> done) {
    asio::post(workers, [this, task = std::move(task), done = std::move(done)] {
      asio::post(context, [done, result = task()] { done(result); });
    });
  }

  Desk desk;  // before the context, whose connections use it to their end
  asio::io_context context{1};
  Tcp::acceptor acceptor{context};
  asio::steady_timer timer{context};
  asio::steady_timer again{context};
  int ticks = 0;
  asio::thread_pool workers{kThreads};  // last: its tasks use the others
};

Server::Server(Address& address, Surroundings surroundings)
    : core_(std::make_unique<Core>(address, std::move(surroundings))) {}

Server::~Server() = default;

void Server::run(const std::function<bool()>& stop_requested) {
  core_->accept();
  core_->timer.expires_after(std::chrono::seconds(0));
  core_->tick(stop_requested);
  core_->context.run();
}

}  // namespace arena_shm::serve
