// Answers by HTTP, all with the headers that keep a page to itself.
#pragma once

#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>
#include <string>
#include <string_view>

namespace arena_shm::serve {

using Request = boost::beast::http::request<boost::beast::http::string_body>;
using Answer = boost::beast::http::response<boost::beast::http::string_body>;

Answer text_answer(boost::beast::http::status status, std::string_view text);
Answer json_answer(std::string text);
/// `is_head`: without the text, but with its length.
Answer asset_answer(std::string_view type, std::string_view text, bool is_head);

}  // namespace arena_shm::serve
