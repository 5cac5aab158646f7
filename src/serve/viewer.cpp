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

constexpr std::uint16_t kMostColumns = 2048;
constexpr std::uint16_t kFewestColumns = 16;

// Whatever number it is, of any size.
std::size_t columns_at(const Json& message) {
  const double wanted = message.value("columns", 800.0);
  return static_cast<std::size_t>(std::clamp(wanted, double{kFewestColumns}, double{kMostColumns}));
}

// What it was, if it is one.
std::uint64_t id_at(const Json& message) {
  const auto found = message.find("id");
  return found != message.end() && found->is_number_unsigned() ? found->get<std::uint64_t>() : 0;
}

std::shared_ptr<const Interest> interest_at(const Json& message) {
  auto interest = std::make_shared<Interest>();
  interest->where = message.value("where", "");
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
  return std::clamp(place, -RingLayout::kMostPlace, RingLayout::kMostPlace);
}

}  // namespace

bool Viewer::take(std::string_view text) {
  try {
    obey(text);
  } catch (const Json::exception&) {
    return false;
  } catch (const std::exception& error) {  // also what the host lacks: memory, threads, descriptors
    problem_ = error.what();
    told_.reset();
  }
  return true;
}

// Errors: Json::exception, if no page sends that; others, if it cannot be done.
void Viewer::obey(std::string_view text) {
  const Json message = Json::parse(text);
  const std::string op = message.at("op").get<std::string>();
  if (op == "next") {
    is_asked_ = true;
    return;
  }
  if (op == "unwatch") {
    watch_.reset();
    return;
  }
  const std::string ring = message.at(op == "watch" || op == "zoom" ? "ring" : "no such op").get<std::string>();
  const auto interest = interest_at(message);
  if (op == "watch") {
    const double span = message.value("span", 0.0);
    Sight sight{.interest = interest,
                .span = span > 0 && span < 1e18 ? span : 0,
                .columns = columns_at(message),
                .live = message.value("live", true)};
    if (watch_ && watch_->feed().name() == ring && !message.value("anew", false))
      watch_->change(std::move(sight));
    else
      watch_ = std::make_unique<WatchText>(hub_->feed(ring), std::move(sight));
  } else {
    Zoom zoom{
        .id = id_at(message),
        .ring = hub_->checked(ring),
        .interest = interest,
        .range = {.from = place_at(message, "from"), .to = place_at(message, "to"), .columns = columns_at(message)}};
    cancel();  // nobody waits for the one before any more
    if (is_scanning_)
      next_zoom_ = std::move(zoom);
    else
      start_scan(std::move(zoom));
  }
  problem_.clear();
}

void Viewer::start_scan(Zoom zoom) {
  scanning_ = std::stop_source();
  const std::uint64_t id = zoom.id;
  is_scanning_ = scan_([zoom = std::move(zoom),
                        stop = scanning_.get_token()] { return scan(zoom.ring, *zoom.interest, zoom.range, stop); },
                       [weak = weak_from_this(), id](const std::string& result) {
                         const auto self = weak.lock();
                         if (!self) return;
                         self->is_scanning_ = false;
                         if (!result.empty()) self->show_detail(id, result);
                         if (self->next_zoom_) self->start_scan(*std::exchange(self->next_zoom_, std::nullopt));
                       });
  if (!is_scanning_) show_detail(id, problem_text("too many pages are zooming at the moment; try again"));
}

void Viewer::show_detail(std::uint64_t id, std::string_view detail) {
  detail_.clear();
  append(detail_, "\"detail_id\":{},\"detail\":{},", id, detail);
}

std::string Viewer::next() {
  if (!is_asked_) return {};
  std::string news = std::exchange(detail_, {});
  std::string problem = hub_->trouble();
  if (!problem.empty() && !problem_.empty()) problem += '\n';
  problem += problem_;
  if (told_ != problem) append_text(news, "problem", problem);
  told_ = std::move(problem);
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
