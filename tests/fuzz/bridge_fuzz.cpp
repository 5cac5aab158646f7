// Messages of a stream, as a hostile publisher may make them: what is understood fits together, is written as it was
// read, and goes into a ring, where each number has its value or none; what is not is an error. The first lines, up to
// an empty one, are the headers, the rest is the payload.
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "arena_shm/error.hpp"
#include "arena_shm/raw.hpp"
#include "bridge/message.hpp"
#include "bridge/mirror_ring.hpp"

namespace {

using namespace arena_shm;

void require(bool holds) {
  if (!holds) std::abort();
}

bridge::Headers headers_of(std::string_view& rest) {
  bridge::Headers headers;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (line.empty()) break;
    const std::size_t colon = std::min(line.find(": "), line.size());
    headers.emplace_back(line.substr(0, colon), colon < line.size() ? line.substr(colon + 2) : "");
  }
  return headers;
}

// Of the shape that the seeds have.
bridge::MirrorRing& ring() {
  static const std::string name = "fuzz-bridge-" + std::to_string(::getpid());
  static std::optional<bridge::MirrorRing> made = [] {
    const bridge::Origin origin{.arena = "any", .type = "eight bytes", .record_bytes = 8, .lanes = 2, .slots = 8};
    std::optional<bridge::MirrorRing> ring(bridge::MirrorRing::make(name, origin, {}, 0));
    RawArena::remove(name);
    return ring;
  }();
  return *made;
}

void apply(const bridge::Message& message) {
  // One that goes far beyond the others leaves nothing to be written for them.
  if (message.record_bytes != 8 || message.lanes() != 2 || message.tally.sum() > ring().sum() + 1000) return;
  const std::uint64_t before = ring().sum();
  const bridge::Applied applied = ring().apply(message);
  require(ring().sum() == before + applied.values + applied.left_out);
  require(applied.values + applied.again == message.seqs.size());
  require(ring().is_beyond(message.next));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  const bridge::Headers headers = headers_of(rest);
  std::optional<bridge::Message> message;
  try {
    message = bridge::decode(headers, std::as_bytes(std::span(rest)));
  } catch (const Error& error) {
    require(error.code() == Code::corrupt || error.code() == Code::incompatible_version);
    return 0;
  }
  std::uint64_t sum = 0;
  for (std::uint64_t k = 0; k < message->lanes(); ++k) sum += (message->next[k] - k) / message->lanes();
  require(sum == message->tally.sum());
  bridge::Wire wire;
  bridge::encode(*message, wire);
  const bridge::Message again = bridge::decode(wire.headers, wire.payload);
  require(again.seqs == message->seqs && again.next == message->next && again.tally == message->tally);
  apply(*message);
  return 0;
}
