#include "serve/live_socket.hpp"

#include <boost/beast/core.hpp>
#include <boost/beast/websocket.hpp>
#include <chrono>
#include <utility>

namespace arena_shm::serve {

namespace {

namespace beast = boost::beast;
namespace websocket = beast::websocket;

constexpr std::size_t kMostMessageBytes = 65536;

class LiveSocket final : public OpenPage, public std::enable_shared_from_this<LiveSocket> {
 public:
  LiveSocket(boost::asio::ip::tcp::socket socket, Desk& desk, std::unique_ptr<Seat> seat)
      : socket_(std::move(socket)),
        desk_(desk),
        seat_(std::move(seat)),
        viewer_(std::make_shared<Viewer>(desk.hub, desk.scan)) {}

  void accept(const Request& request) {
    // One that says nothing for so long is asked whether it is there, and then given up.
    socket_.set_option(websocket::stream_base::timeout{.handshake_timeout = std::chrono::seconds(5),
                                                       .idle_timeout = std::chrono::seconds(20),
                                                       .keep_alive_pings = true});
    socket_.read_message_max(kMostMessageBytes);
    socket_.auto_fragment(false);
    socket_.text(true);
    socket_.async_accept(request, [self = shared_from_this()](beast::error_code error) {
      if (error) return;
      self->is_open_ = true;
      self->desk_.admit(self);
      self->read();
      self->pump();
    });
  }

  void cancel() override { viewer_->cancel(); }

  void pump() override {
    if (!is_open_ || is_writing_) return;
    message_ = viewer_->next();
    if (message_.empty()) return;
    is_writing_ = true;
    socket_.async_write(boost::asio::buffer(message_),
                        [self = shared_from_this()](beast::error_code error, std::size_t) {
                          self->is_writing_ = false;
                          if (error) self->is_open_ = false;
                        });
  }

 private:
  void read() {
    socket_.async_read(buffer_, [self = shared_from_this()](beast::error_code error, std::size_t) {
      if (error) {
        self->is_open_ = false;
        return;
      }
      self->take();
    });
  }

  void take() {
    const auto data = buffer_.data();
    const bool is_ours = viewer_->take({static_cast<const char*>(data.data()), data.size()});
    buffer_.consume(buffer_.size());
    if (is_ours) return read();
    is_open_ = false;
    socket_.async_close(websocket::close_reason(websocket::close_code::policy_error, "this is no message of the page"),
                        [self = shared_from_this()](beast::error_code) {});
  }

  websocket::stream<beast::tcp_stream> socket_;
  Desk& desk_;
  std::unique_ptr<Seat> seat_;
  std::shared_ptr<Viewer> viewer_;
  beast::flat_buffer buffer_;
  std::string message_;
  bool is_open_ = false;
  bool is_writing_ = false;
};

}  // namespace

void accept_live(boost::asio::ip::tcp::socket socket, const Request& request, Desk& desk, std::unique_ptr<Seat> seat) {
  std::make_shared<LiveSocket>(std::move(socket), desk, std::move(seat))->accept(request);
}

}  // namespace arena_shm::serve
