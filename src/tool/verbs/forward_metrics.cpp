#include "tool/verbs/forward_metrics.hpp"

#include <fmt/format.h>

#include <utility>

#include "text/time_text.hpp"
#include "tool/views/exposition_page.hpp"

namespace arena_shm::tool {

namespace {

using bridge::Reading;

struct BridgeSample {
  std::string labels;
  Reading reading;
};

}  // namespace

std::string forward_page(const std::vector<Metered>& forwarders) {
  exposition::Page page({}, {});
  std::vector<BridgeSample> samples;
  for (const Metered& one : forwarders) {
    samples.push_back(
        {exposition::label("arena", one.arena) + ',' + exposition::label("stream", one.stream), one.meter->read()});
  }
  const auto family = [&](const char* name, const char* type, const char* help, auto value) {
    page.head(name, type, help);
    for (const BridgeSample& sample : samples) page.sample(name, sample.labels, value(sample.reading));
  };
  const std::int64_t now_ns = text::realtime_ns();
  family("forward_up", "gauge", "Is it connected, and forwards?",
         [](const Reading& r) { return r.state == bridge::ForwarderState::forwarding ? 1 : 0; });
  family("forward_standing_by", "gauge", "Does it wait, because another process forwards the arena?",
         [](const Reading& r) { return r.state == bridge::ForwarderState::standing_by ? 1 : 0; });
  family("forward_values_total", "counter", "Values that the stream has acknowledged to this process.",
         [](const Reading& r) { return r.values; });
  family("forward_messages_total", "counter", "Messages that the stream has acknowledged to this process.",
         [](const Reading& r) { return r.messages; });
  page.head("forward_last_seq", "gauge", "Number of the newest value that was delivered.");
  for (const BridgeSample& sample : samples)
    if (sample.reading.last_seq) page.sample("forward_last_seq", sample.labels, *sample.reading.last_seq);
  family("forward_head", "gauge", "How many numbers the arena has handed out.",
         [](const Reading& r) { return r.head; });
  family("forward_lag_values", "gauge", "How many of them the stream does not account for.",
         [](const Reading& r) { return r.lag; });
  family("forward_lag_seconds", "gauge", "How long the oldest of those has been there.",
         [](const Reading& r) { return exposition::Page::seconds(r.lag_time.count()); });
  page.head("forward_newest_age_seconds", "gauge", "Age of the newest value that was delivered.");
  for (const BridgeSample& sample : samples) {
    if (!sample.reading.newest_ns) continue;
    page.sample("forward_newest_age_seconds", sample.labels, page.seconds(now_ns - *sample.reading.newest_ns));
  }
  page.head("forward_lost_total", "counter", "Values that this process could not deliver, by cause.");
  for (const BridgeSample& sample : samples) {
    const bridge::Tally& own = sample.reading.own;
    for (const auto& [cause, count] : {std::pair{"overwritten", own.overwritten - sample.reading.before},
                                       {"hole", own.holes},
                                       {"passed_over", own.passed_over}})
      page.sample("forward_lost_total", sample.labels + ',' + exposition::label("cause", cause), count);
  }
  family("forward_left_out_total", "counter", "Values that did not match --where.",
         [](const Reading& r) { return r.own.left_out; });
  family("forward_reconnects_total", "counter", "How often the server was connected again.",
         [](const Reading& r) { return r.reconnects; });
  return page.take();
}

}  // namespace arena_shm::tool
