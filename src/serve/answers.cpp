#include "serve/answers.hpp"

#include <boost/beast/http/field.hpp>
#include <boost/beast/http/status.hpp>
#include <utility>

namespace arena_shm::serve {

namespace {

namespace http = boost::beast::http;

Answer answer_of(http::status status, std::string_view type, std::string body) {
  Answer answer(status, 11);
  answer.set(http::field::content_type, {type.data(), type.size()});
  // No script, style or connection but this server's own files; in no frame; nothing that a text could become.
  answer.set("Content-Security-Policy",
             "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
             "base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
  answer.set("Cross-Origin-Opener-Policy", "same-origin");
  answer.set("Cross-Origin-Resource-Policy", "same-origin");
  answer.set("X-Content-Type-Options", "nosniff");
  answer.set("X-Frame-Options", "DENY");
  answer.set("Referrer-Policy", "no-referrer");
  answer.set(http::field::cache_control, "no-store");
  answer.body() = std::move(body);
  answer.prepare_payload();
  return answer;
}

}  // namespace

Answer text_answer(http::status status, std::string_view text) {
  return answer_of(status, "text/plain; charset=utf-8", "arena-shm: " + std::string(text) + '\n');
}

Answer json_answer(std::string text) { return answer_of(http::status::ok, "application/json", std::move(text)); }

Answer asset_answer(std::string_view type, std::string_view text, bool is_head) {
  Answer answer = answer_of(http::status::ok, type, std::string(text));
  if (is_head) answer.body().clear();  // the length stays
  return answer;
}

}  // namespace arena_shm::serve
