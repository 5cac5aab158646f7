// Attaches to hostile segments, reads them, follows them, consumes from them, and writes into them. Whatever stands in
// them: an Error, or values; no access outside of the mapping, no hang.
#include <array>
#include <chrono>

#include "fuzz/segment_pokes.hpp"

namespace {

using namespace arena_shm;

constexpr int kSteps = 200;

// Of all lanes together, the number that comes next.
std::uint64_t next_numbers(const RawReader& reader, std::uint32_t lanes) {
  std::uint64_t sum = 0;
  for (std::uint32_t lane = 0; lane < lanes; ++lane) sum += reader.counts(lane).cursor / lanes;
  return sum;
}

void read_all(const RawView& view, fuzz::Input& input) {
  std::string value(view.info().record.size_bytes, '\0');
  const std::span<std::byte> bytes = std::as_writable_bytes(std::span(value));
  for (const std::uint64_t seq : {std::uint64_t{0}, view.head(), view.head() - 1, fuzz::poke_value(input)}) {
    static_cast<void>(view.read(seq, bytes));
    value[0] = static_cast<char>(view.ptr_at(seq)[value.size() - 1]);
  }
  for (const From from : {From::oldest, From::newest, From::at(fuzz::poke_value(input))}) {
    try {
      RawReader reader = view.reader(from, {.hold = std::chrono::nanoseconds{0}});
      const std::uint64_t first = next_numbers(reader, view.lanes());
      for (int i = 0; i < kSteps && reader.next(bytes); ++i) {
      }
      reader.wait_for(std::chrono::nanoseconds{0});
      const std::uint64_t accounted =
          reader.read_count() + reader.overwritten_count() + reader.hole_count() + reader.passed_over_count();
      if (next_numbers(reader, view.lanes()) - first != accounted) std::abort();
    } catch (const Error&) {
    }
  }
}

void write_some(RawArena& arena, fuzz::Input& input) {
  const std::string value(arena.info().record.size_bytes, 'w');
  const std::span<const std::byte> bytes = std::as_bytes(std::span(value));
  try {
    RawWriter writer = arena.writer("hostile");
    for (int i = 0; i < 12; ++i) static_cast<void>(writer.try_alloc(bytes));
  } catch (const Error&) {
  }
  if ((input.take<std::uint8_t>() & 1) == 0 || arena.info().full == Full::wait) return;  // that one would wait
  try {
    arena.alloc(bytes);
  } catch (const Error&) {
  }
}

/// As whoever may be one there: alone, in the group, in one of its own.
void consume_some(const RawArena& arena) {
  if (arena.info().full != Full::wait) return;
  std::string value(arena.info().record.size_bytes, '\0');
  for (const char* name : {"steady", "group", "other"}) {
    for (const bool share : {false, true}) {
      try {
        RawConsumer consumer = arena.consumer(name, {.share = share, .hold = std::chrono::nanoseconds{0}});
        for (int i = 0; i < kSteps && consumer.next(std::as_writable_bytes(std::span(value))); ++i) {
        }
        consumer.wait_for(std::chrono::nanoseconds{0});
        static_cast<void>(consumer.lag() + consumer.cursor());
      } catch (const Error&) {
      }
    }
  }
  static_cast<void>(arena.consumers());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input({data, size});
  const std::string image = fuzz::poked_image(input, fuzz::Kinds::all);
  if (image.empty()) return 0;
  const fuzz::HostileFile file(image);
  try {
    const RawView view = RawView::open(file.name());
    if (view.info().segment_bytes != image.size()) std::abort();
    read_all(view, input);
    RawArena arena = RawArena::open(file.name());
    write_some(arena, input);
    consume_some(arena);
    write_some(arena, input);
    read_all(view, input);
  } catch (const Error&) {
  }
  return 0;
}
