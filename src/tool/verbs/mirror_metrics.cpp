#include "tool/verbs/mirror_metrics.hpp"

#include <utility>

#include "text/time_text.hpp"
#include "tool/views/exposition_page.hpp"

namespace arena_shm::tool {

std::string mirror_page(const std::vector<MeteredMirror>& mirrors) {
  exposition::Page page({}, {});
  const auto labels_of = [](const MeteredMirror& one) {
    return exposition::label("arena", one.reading.ring) + ',' + exposition::label("stream", one.stream);
  };
  const auto family = [&](const char* name, const char* type, const char* help, auto value) {
    page.head(name, type, help);
    for (const MeteredMirror& one : mirrors) page.sample(name, labels_of(one), value(one.reading));
  };
  using Reading = bridge::MirrorReading;
  const std::int64_t now_ns = text::realtime_ns();
  family("mirror_up", "gauge", "Is it connected, and reads the stream?",
         [](const Reading& r) { return r.is_connected ? 1 : 0; });
  family("mirror_values_total", "counter", "Values that this process has written into the arena.",
         [](const Reading& r) { return r.counts.values; });
  family("mirror_messages_total", "counter", "Messages of the stream that have come to this process.",
         [](const Reading& r) { return r.counts.messages; });
  family("mirror_head", "gauge", "How many of the origin's numbers the arena accounts for.",
         [](const Reading& r) { return r.head; });
  family("mirror_pending_messages", "gauge", "How many the stream had behind the last message that came.",
         [](const Reading& r) { return r.pending; });
  page.head("mirror_newest_age_seconds", "gauge", "Age of the newest value that came.");
  for (const MeteredMirror& one : mirrors) {
    if (!one.reading.newest_ns) continue;
    page.sample("mirror_newest_age_seconds", labels_of(one), page.seconds(now_ns - *one.reading.newest_ns));
  }
  page.head("mirror_lost_total", "counter", "Values that did not come, by cause.");
  for (const MeteredMirror& one : mirrors) {
    const bridge::MirrorCounts& counts = one.reading.counts;
    for (const auto& [cause, count] : {std::pair{"overwritten", counts.overwritten},
                                       {"hole", counts.holes},
                                       {"passed_over", counts.passed_over},
                                       {"dropped", counts.dropped}})
      page.sample("mirror_lost_total", labels_of(one) + ',' + exposition::label("cause", cause), count);
  }
  family("mirror_left_out_total", "counter", "Values that the forwarder's filter left out.",
         [](const Reading& r) { return r.counts.left_out; });
  family("mirror_refused_messages_total", "counter", "Messages in which something was wrong.",
         [](const Reading& r) { return r.counts.refused; });
  family("mirror_foreign_messages_total", "counter", "Messages of somebody else.",
         [](const Reading& r) { return r.counts.foreign; });
  family("mirror_rings_total", "counter", "How often the arena was made, or made anew.",
         [](const Reading& r) { return r.counts.rings; });
  family("mirror_reconnects_total", "counter", "How often the server was connected again.",
         [](const Reading& r) { return r.counts.reconnects; });
  return page.take();
}

}  // namespace arena_shm::tool
