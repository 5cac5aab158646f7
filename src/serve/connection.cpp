#include "serve/connection.hpp"

#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket.hpp>
#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "serve/answers.hpp"
#include "serve/assets.hpp"
#include "serve/guards.hpp"
#include "serve/json.hpp"
#include "serve/live_socket.hpp"

namespace arena_shm::serve {

namespace {

namespace beast = boost::beast;
namespace http = beast::http;

constexpr std::chrono::seconds kPatience{10};  // for a request, and for a client that takes an answer
constexpr std::size_t kMostHeaderBytes = 8192;
constexpr std::size_t kMostBodyBytes = 4096;
constexpr std::size_t kMostDiscardedBytes = std::size_t{1} << 24;

std::string_view view_of(beast::string_view text) { return {text.data(), text.size()}; }

Asker asker_of(const Request& request) {
  return {.host = view_of(request[http::field::host]),
          .origin = view_of(request[http::field::origin]),
          .fetch_site = view_of(request["Sec-Fetch-Site"])};
}

// What is to be saved.
struct Order {
  std::string ring;      // its name, or nothing
  CaptureOrder capture;  // if there is anything in it

  bool is_capture() const { return !capture.before.empty() || !capture.after.empty() || !capture.when.empty(); }
};

Order order_of(const std::string& body) {
  const auto message = nlohmann::json::parse(body, nullptr, false);
  const auto text = [&message](const char* key) -> std::string {
    return message.is_object() && message.contains(key) && message[key].is_string() ? message[key] : "";
  };
  return {.ring = text("ring"), .capture = {.before = text("before"), .after = text("after"), .when = text("when")}};
}

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(boost::asio::ip::tcp::socket socket, Desk& desk)
      : stream_(std::move(socket)), desk_(desk), seat_(std::make_unique<Seat>(desk)) {}

  void read() {
    parser_.emplace();
    parser_->header_limit(kMostHeaderBytes);
    parser_->body_limit(kMostBodyBytes);
    stream_.expires_after(kPatience);
    http::async_read(stream_, buffer_, *parser_,
                     [self = shared_from_this()](beast::error_code error, std::size_t) { self->on_read(error); });
  }

 private:
  void on_read(beast::error_code error) {
    if (error == http::error::body_limit)
      return answer(text_answer(http::status::payload_too_large, "the body of the request is too long"));
    if (error == http::error::header_limit || error == http::error::bad_target || error == http::error::bad_method ||
        error == http::error::bad_version || error == http::error::bad_field || error == http::error::bad_value)
      return answer(text_answer(http::status::bad_request, "this is no request of HTTP/1.1"));
    if (error) return close();
    handle(parser_->get());
  }

  void handle(const Request& request) {
    if (desk_.connections > Desk::kMostConnections)
      return answer(text_answer(http::status::service_unavailable, "too many pages are open; close some"));
    const std::string_view path = view_of(request.target());
    const bool is_live = path == "/live";
    const bool is_save = path == "/save";
    const auto strictness = is_save ? Strictness::own_page : is_live ? Strictness::any_program : Strictness::anybody;
    if (const std::string why = refusal(asker_of(request), strictness); !why.empty())
      return answer(text_answer(http::status::forbidden, why));
    if (is_live) return go_live(request);
    if (is_save) return save(request);
    const Asset* asset = find_asset(path.substr(0, path.find('?')));  // a query asks for the same file
    if (asset == nullptr) return answer(text_answer(http::status::not_found, "there is no such page; see /"));
    const bool is_head = request.method() == http::verb::head;
    if (request.method() != http::verb::get && !is_head)
      return answer(text_answer(http::status::method_not_allowed, "this page can only be read"));
    answer(asset_answer(asset->type, asset->text, is_head), request.keep_alive());
  }

  void go_live(const Request& request) {
    if (!beast::websocket::is_upgrade(request))
      return answer(text_answer(http::status::upgrade_required, "this is for the page's WebSocket"));
    stream_.expires_never();
    accept_live(stream_.release_socket(), request, desk_, std::move(seat_));
  }

  // A page of another site cannot send this type without asking first, and is never allowed to.
  void save(const Request& request) {
    if (request.method() != http::verb::post)
      return answer(text_answer(http::status::method_not_allowed, "rings are saved by POST"));
    if (!view_of(request[http::field::content_type]).starts_with("application/json"))
      return answer(text_answer(http::status::unsupported_media_type, "expected application/json"));
    const Order order = order_of(request.body());
    if (order.ring.empty()) return answer(text_answer(http::status::bad_request, "expected {\"ring\": NAME}"));
    const Surroundings& surroundings = desk_.hub->surroundings();
    if (!surroundings.save)
      return answer(text_answer(http::status::forbidden, "nothing can be saved; start the server with --save-dir DIR"));
    stream_.expires_never();
    const bool is_taken = (order.is_capture() ? desk_.capture : desk_.save)(
        [&surroundings, order] {
          if (!surroundings.is_wanted(order.ring)) return problem_text("this server does not show that ring");
          return order.is_capture() ? surroundings.capture(order.ring, order.capture) : surroundings.save(order.ring);
        },
        [self = shared_from_this()](std::string result) { self->answer(json_answer(std::move(result))); });
    if (!is_taken) answer(json_answer(problem_text("too many rings are being saved; try again")));
  }

  void answer(Answer answer, bool keep_alive = false) {
    answer_ = std::move(answer);
    answer_.keep_alive(keep_alive);
    stream_.expires_after(kPatience);
    http::async_write(stream_, answer_, [self = shared_from_this(), keep_alive](beast::error_code error, std::size_t) {
      if (error || !keep_alive) return self->close();
      self->read();
    });
  }

  // What is closed with something unread in it takes the answer away from the client, and resets what it still sends.
  // So that is read, for a while.
  void close() {
    beast::error_code error;
    stream_.socket().shutdown(boost::asio::ip::tcp::socket::shutdown_send, error);
    if (error) return;
    stream_.expires_after(kPatience);
    discard();
  }

  void discard() {
    buffer_.clear();
    stream_.async_read_some(buffer_.prepare(buffer_.max_size()),
                            [self = shared_from_this()](beast::error_code error, std::size_t count) {
                              self->discarded_ += count;
                              if (!error && self->discarded_ < kMostDiscardedBytes) self->discard();
                            });
  }

  beast::tcp_stream stream_;
  Desk& desk_;
  std::unique_ptr<Seat> seat_;
  beast::flat_buffer buffer_{kMostHeaderBytes + kMostBodyBytes};
  std::optional<http::request_parser<http::string_body>> parser_;
  Answer answer_;
  std::size_t discarded_ = 0;
};

}  // namespace

void serve_connection(boost::asio::ip::tcp::socket socket, Desk& desk) {
  std::make_shared<Connection>(std::move(socket), desk)->read();
}

}  // namespace arena_shm::serve
