#include "tool/verbs/where.hpp"

#include "terminal/quantity_options.hpp"

namespace arena_shm::tool {

From from_of(const std::string& text) {
  if (text == "oldest") return From::oldest;
  if (text == "newest") return From::newest;
  return From::at(std::stoull(text));
}

Position place_in(const RawView& view, From from) { return view.reader(from, {.doorbell = false}).position(); }

void add_order_option(const terminal::Command& verb, std::optional<Order>& order) {
  verb.add_option(
          "--order", [&order](const std::string& text) { order = text == "time" ? Order::time : Order::arrival; },
          "The order of lanes: time (the default, if values have times) or arrival (lanes by turns)")
      .type_name("ORDER")
      .check(terminal::one_of({"time", "arrival"}));
}

}  // namespace arena_shm::tool
