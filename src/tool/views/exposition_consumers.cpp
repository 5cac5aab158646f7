#include <algorithm>
#include <string>
#include <vector>

#include "tool/views/exposition_page.hpp"

namespace arena_shm::tool::exposition {

namespace {

using inspect::ConsumerFacts;

// One of each name: samples must not come twice. One that has died and holds up nobody is left out; so are members,
// of whom there are many with one name: their group has the samples.
std::vector<const ConsumerFacts*> named(const Arena& arena) {
  std::vector<const ConsumerFacts*> found;
  for (const ConsumerFacts& consumer : arena.consumers.all) {
    const bool is_new = std::none_of(found.begin(), found.end(),
                                     [&](const auto* other) { return other->seat.name == consumer.seat.name; });
    if (consumer.is_there() && !consumer.is_member() && is_new) found.push_back(&consumer);
  }
  return found;
}

// How long a writer has been waiting for it, or for one of its members.
std::int64_t waited_ns(const Arena& arena, const ConsumerFacts& consumer) {
  std::int64_t longest = consumer.waited_ns;
  for (const ConsumerFacts& one : arena.consumers.all) {
    if (one.group == consumer.index) longest = std::max(longest, one.waited_ns);
  }
  return longest;
}

// `append` appends the sample, or none.
template <class Append>
void of_consumers(Page& page, const char* name, const char* help, Append append) {
  page.family(name, "gauge", help, [&](const char* metric, const Arena& arena) {
    if (!arena.readable) return;
    for (const ConsumerFacts* consumer : named(arena))
      append(metric, arena.label + ',' + label("consumer", consumer->seat.name), arena, *consumer);
  });
}

}  // namespace

void add_consumers(Page& page) {
  page.family("full", "gauge", "1 if a lossless arena is full, so that writers have to wait; of lossless arenas.",
              [&](const char* metric, const Arena& arena) {
                if (!arena.readable || !core::is_lossless(arena.facts.header)) return;
                page.sample(metric, arena.label, arena.consumers.blocker() != nullptr ? 1 : 0);
              });
  of_consumers(page, "consumer_alive",
               "1 if the consumer, or a member of the group, lives; 0 if it is durable and away, or was evicted.",
               [&](const char* metric, const std::string& labels, const Arena&, const ConsumerFacts& consumer) {
                 page.sample(metric, labels, consumer.is_evicted() || consumer.is_away() ? 0 : 1);
               });
  of_consumers(page, "consumer_lag_values",
               "Values that were handed out and that the consumer has not done with, or no member of the group taken.",
               [&](const char* metric, const std::string& labels, const Arena&, const ConsumerFacts& consumer) {
                 page.sample(metric, labels, consumer.lag);
               });
  of_consumers(
      page, "consumer_lag_seconds",
      "Age of the oldest value that the consumer has not done with, 0 if there is none; of arenas whose values "
      "have times.",
      [&](const char* metric, const std::string& labels, const Arena&, const ConsumerFacts& consumer) {
        if (consumer.lag_ns) page.sample(metric, labels, Page::seconds(*consumer.lag_ns));
      });
  of_consumers(page, "consumer_blocks_seconds",
               "How long a writer has been waiting for the consumer, or a member of the group, to make room; 0 if none "
               "waits for it.",
               [&](const char* metric, const std::string& labels, const Arena& arena, const ConsumerFacts& consumer) {
                 page.sample(metric, labels, Page::seconds(waited_ns(arena, consumer)));
               });
  of_consumers(page, "consumer_members", "Members of a group that live.",
               [&](const char* metric, const std::string& labels, const Arena&, const ConsumerFacts& consumer) {
                 if (consumer.is_group()) page.sample(metric, labels, consumer.members);
               });
  of_consumers(page, "consumer_held_values", "Values that members of a group have taken and not done with.",
               [&](const char* metric, const std::string& labels, const Arena&, const ConsumerFacts& consumer) {
                 if (consumer.is_group()) page.sample(metric, labels, consumer.holds);
               });
}

}  // namespace arena_shm::tool::exposition
