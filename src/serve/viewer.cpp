#include "serve/viewer.hpp"

#include <algorithm>
#include <charconv>
#include <exception>
#include <nlohmann/json.hpp>
#include <utility>

#include "arena_shm/error.hpp"
#include "serve/json.hpp"

namespace arena_shm::serve {

namespace {

using Json = nlohmann::json;

constexpr std::size_t kMostColumns = 2048;
constexpr std::size_t kFewestColumns = 16;
constexpr std::size_t kMostTextBytes = 4096;
constexpr std::int64_t kMostPlace = std::int64_t{1} << 61;  // differences of two have room

std::string text_at(const Json& message, const char* key) {
  std::string text = message.value(key, "");
  if (text.size() > kMostTextBytes) text.resize(kMostTextBytes);
  return text;
}

std::size_t columns_at(const Json& message) {
  return std::clamp<std::size_t>(message.value("columns", std::size_t{800}), kFewestColumns, kMostColumns);
}

std::shared_ptr<const Interest> interest_at(const Json& message) {
  auto interest = std::make_shared<Interest>();
  interest->where = text_at(message, "where");
  interest->distributions = message.value("distributions", false);
  for (const Json& field : message.value("fields", Json::array())) {
    std::string name = field.get<std::string>();
    const bool is_there = std::find(interest->fields.begin(), interest->fields.end(), name) != interest->fields.end();
    if (!is_there && interest->fields.size() < Interest::kMostFields) interest->fields.push_back(std::move(name));
  }
  return interest;
}

// A text, for JavaScript's numbers are too small.
std::optional<std::int64_t> place_at(const Json& message, const char* key) {
  const std::string text = message.value(key, "");
  std::int64_t place = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), place);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return std::clamp(place, -kMostPlace, kMostPlace);
}

}  // namespace

bool Viewer::take(std::string_view text) {
  try {
    const Json message = Json::parse(text);
    const std::string op = message.at("op").get<std::string>();
    if (op == "next") {
      is_asked_ = true;
    } else if (op == "watch") {
      const std::string ring = message.at("ring").get<std::string>();
      const double span = message.value("span", 0.0);
      Sight sight{.interest = interest_at(message),
                  .span = span > 0 && span < 1e18 ? span : 0,
                  .columns = columns_at(message),
                  .live = message.value("live", true)};
      if (watch_ && watch_->feed().name() == ring && !message.value("anew", false))
        watch_->change(std::move(sight));
      else
        watch_ = std::make_unique<WatchText>(hub_->feed(ring), std::move(sight));
    } else if (op == "unwatch") {
      watch_.reset();
    } else if (op == "zoom") {
      Zoom zoom{
          .id = message.value("id", std::uint64_t{0}),
          .ring = message.at("ring").get<std::string>(),
          .interest = interest_at(message),
          .range = {.from = place_at(message, "from"), .to = place_at(message, "to"), .columns = columns_at(message)}};
      static_cast<void>(hub_->feed(zoom.ring));  // may it be looked at?
      if (is_scanning_)
        next_zoom_ = std::move(zoom);
      else
        start_scan(std::move(zoom));
    } else {
      return false;
    }
  } catch (const Json::exception&) {
    return false;
  } catch (const Error& error) {
    problem_.clear();
    append_text(problem_, "problem", error.what());
  }
  return true;
}

void Viewer::start_scan(Zoom zoom) {
  is_scanning_ = true;
  const std::uint64_t id = zoom.id;
  elsewhere_(
      [zoom = std::move(zoom)] {
        try {
          return scan(zoom.ring, *zoom.interest, zoom.range);
        } catch (const std::exception& error) {
          std::string out = "{";
          append_text(out, "problem", error.what());
          out.back() = '}';
          return out;
        }
      },
      [weak = weak_from_this(), id](std::string result) {
        const auto self = weak.lock();
        if (!self) return;
        self->detail_.clear();
        append(self->detail_, "\"detail_id\":{},\"detail\":{},", id, result);
        self->is_scanning_ = false;
        if (self->next_zoom_) self->start_scan(*std::exchange(self->next_zoom_, std::nullopt));
      });
}

std::string Viewer::next() {
  if (!is_asked_) return {};
  std::string news = std::exchange(problem_, {}) + std::exchange(detail_, {});
  std::uint64_t version = 0;
  const auto rings = hub_->rings(version);
  if (rings_version_ != version && version > 0) {
    rings_version_ = version;
    append(news, "\"rings\":{},", *rings);
  }
  if (watch_) {
    if (const std::string watch = watch_->next(); !watch.empty()) append(news, "\"watch\":{},", watch);
  }
  if (news.empty()) return {};
  is_asked_ = false;
  std::string out;
  append(out, R"({{"n":{},)", ++number_);
  out += news;
  out.back() = '}';
  return out;
}

}  // namespace arena_shm::serve
