// W1: what one alloc costs a writer that is alone.
#include <cstring>
#include <memory>

#include "bench/channels/boost_queues.hpp"
#include "bench/channels/c_writer.hpp"
#include "bench/channels/kernel_queues.hpp"
#include "bench/channels/mutex_rings.hpp"
#include "bench/workloads/alone_contestants.hpp"
#include "bench/workloads/workloads.hpp"

namespace arena_shm::bench {
namespace {

const std::string kW1 = "W1";

template <class T, Made made>
Contestant exclusive_stores(std::shared_ptr<MarkedRing<T>> ring) {
  return {.name = kExclusiveStores,
          .against = {kStoreFloor},
          .run = [ring, source = std::make_shared<Source<T, made>>()](auto time) {
            const auto view = ring->view();
            return time_alone(time, [&, view](std::uint64_t i) { keep_number(view.store(source->next(i))); });
          }};
}

template <class T, Made made>
Contestant shared_stores(std::shared_ptr<MarkedRing<T>> ring) {
  return {.name = kSharedStores,
          .against = {kFetchAddFloor},
          .run = [ring, source = std::make_shared<Source<T, made>>()](auto time) {
            const auto view = ring->view();
            return time_alone(time, [&, view](std::uint64_t i) { keep_number(view.fetch_add(source->next(i))); });
          }};
}

template <class T, Made made>
Contestant memcpy_16_floor(std::shared_ptr<BareRing<T>> ring) {
  return {
      .name = kMemcpy16Floor, .against = {}, .run = [ring, source = std::make_shared<Source<T, made>>()](auto time) {
        const auto view = ring->view();
        return time_alone(
            time, ~std::uint64_t{0}, 16,
            [&, view](std::uint64_t i) { keep_number(view.store_16(source->next_batch(i).data())); }, [] {});
      }};
}

template <class T, Made made>
Contestant batch_stores(std::shared_ptr<MarkedRing<T>> ring) {
  return {.name = kBatchStores,
          .against = {kMemcpy16Floor},
          .run = [ring, source = std::make_shared<Source<T, made>>()](auto time) {
            const auto view = ring->view();
            return time_alone(
                time, ~std::uint64_t{0}, 16,
                [&, view](std::uint64_t i) { keep_number(view.fetch_add_16(source->next_batch(i).data())); }, [] {});
          }};
}

/// A peer of which only pushes are timed. One that gets full is emptied in between, untimed.
template <class Channel, class T, Made made>
Contestant push_alone(const std::string& name, std::size_t slots, const std::string& floor = kFetchAddFloor) {
  auto channel = std::make_shared<Channel>(slots);
  channel->join_writer();
  channel->all_joined();
  std::uint64_t longest = ~std::uint64_t{0};
  if constexpr (!Channel::kOverwrites) longest = Channel::kBurst;
  return {.name = name,
          .against = {floor},
          .run = [channel, longest, source = std::make_shared<Source<T, made>>()](auto time) {
            return time_alone(
                time, longest, 1, [&](std::uint64_t i) { keep_number(channel->push(source->next(i)) ? 1 : 0); },
                [&] {
                  if constexpr (!Channel::kOverwrites) empty<Channel, T>(*channel);
                });
          }};
}

template <class T, Made made>
std::vector<Contestant> ours(std::size_t slots) {
  const Options shared{.slots = slots};
  std::vector<Contestant> all;
  all.push_back(writer_alone<T, made>(kExclusive, {kStoreFloor, kExclusiveStores},
                                      {.slots = slots, .writers = Writers::exclusive}));
  all.push_back(writer_alone<T, made>(kLaned, {kStoreFloor, kExclusive},
                                      {.slots = slots, .writers = Writers::laned, .seats = 2}));
  const Options timed{.slots = slots, .writers = Writers::laned, .seats = 2, .time = true};
  all.push_back(writer_alone<T, made>(kLanedTimed, {kExclusiveAndClock, kLaned}, timed));
  const auto exclusive =
      writer_of(std::make_shared<OpenWriter<T>>(Options{.slots = slots, .writers = Writers::exclusive}));
  all.push_back(
      alone<T, made>(kExclusiveAndClock, {kExclusive}, exclusive, [](auto& writer, auto& source, std::uint64_t i) {
        keep_number(ticks_after_all());
        keep_number(writer.alloc(source.next(i)).seq);
      }));
  all.push_back(writer_alone<T, made>(kSharedTimed, {kShared}, {.slots = slots, .time = true}));
  all.push_back(writer_alone<T, made>(kShared, {kFetchAddFloor, kSharedStores}, shared));
  all.push_back(writer_alone<T, made>(kLossless, {kShared}, {.slots = slots, .full = Full::wait}));
  all.push_back(writer_alone<T, made>(kLosslessExclusive, {kExclusive},
                                      {.slots = slots, .writers = Writers::exclusive, .full = Full::wait}));
  all.push_back(alone<T, made>(
      kGuarded, {kFetchAddFloor, kRobust, kMessageQueue}, std::make_shared<OpenWriter<T>>(shared, false),
      [](auto& open, auto& source, std::uint64_t i) { keep_number(open.arena.alloc(source.next(i)).seq); }));
  // The other ways write into one ring together, by turns.
  const auto writer = writer_of(std::make_shared<OpenWriter<T>>(shared));
  all.push_back(
      alone<T, made>(kShared + ", copy used", {kFetchAddFloor}, writer, [](auto& w, auto& source, std::uint64_t i) {
        auto entry = w.alloc(source.next(i));
        keep(entry.value);
        keep_number(entry.seq);
      }));
  all.push_back(alone<T, made>(kInPlace, {kFetchAddFloor}, writer, [](auto& w, auto& source, std::uint64_t i) {
    keep_number(w.alloc_with([&](SlotWriter& slot) noexcept { slot.append(source.next(i)); }));
  }));
  all.push_back(alone<T, made>(
      kBatch, {kMemcpy16Floor, kBatchStores}, writer,
      [](auto& w, auto& source, std::uint64_t i) { keep_number(w.alloc(source.next_batch(i)).last); }, 16));
  const auto through_c = std::make_shared<CWriter<T>>(shared);
  all.push_back(alone<T, made>(kShared + kThroughC, {kShared}, through_c,
                               [](auto& w, auto& source, std::uint64_t i) { keep_number(w.alloc(source.next(i))); }));
  all.push_back(alone<T, made>(
      kBatch + kThroughC, {kBatch}, through_c,
      [](auto& w, auto& source, std::uint64_t i) { keep_number(w.alloc(source.next_batch(i))); }, 16));
  return all;
}

template <std::size_t bytes, std::size_t slots, Made made>
Rows group(const Settings& settings, bool all_peers) {
  using T = Value<bytes>;
  std::string name = size_and_slots(bytes, slots);
  if (made == Made::just_now) name += ", just made";
  tell(kW1, name);
  const auto ring = std::make_shared<BareRing<T>>(slots);
  std::vector<Contestant> all{store_floor<T, made>(ring), fetch_add_floor<T, made>(ring)};
  const auto marked = std::make_shared<MarkedRing<T>>(slots);
  all.push_back(exclusive_stores<T, made>(marked));
  all.push_back(shared_stores<T, made>(marked));
  all.push_back(memcpy_16_floor<T, made>(std::make_shared<BareRing<T>>(slots)));
  all.push_back(batch_stores<T, made>(marked));
  for (Contestant& contestant : ours<T, made>(slots)) all.push_back(std::move(contestant));
  all.push_back(push_alone<RobustRing<T>, T, made>(kRobust, slots));
  all.push_back(push_alone<MessageQueueChannel<T, slots>, T, made>(kMessageQueue, slots));
  if (all_peers) {
    all.push_back(push_alone<BoostMutexRing<T>, T, made>(kBoostMutex, slots));
    all.push_back(push_alone<SpscChannel<T, slots, false>, T, made>(kSpsc, slots, kStoreFloor));
    all.push_back(push_alone<QueueChannel<T, slots>, T, made>(kQueue, slots));
    all.push_back(push_alone<MqChannel<T>, T, made>(kMq, slots));
    all.push_back(push_alone<PipeChannel<T>, T, made>(kPipe, slots));
  }
  return run_rounds(kW1, name, all, settings);
}

/// The memory's own speed: a page from the cache, over and over, along a block.
Contestant bandwidth(std::size_t block_bytes) {
  constexpr std::size_t kPiece = 4096;
  struct Block {
    explicit Block(std::size_t bytes) : memory(bytes), pieces(bytes / kPiece) {}
    SharedBlock memory;
    std::size_t pieces;
    std::array<std::byte, kPiece> source{};
  };
  const auto block = std::make_shared<Block>(block_bytes);
  return {.name = "memcpy into " + std::to_string(block_bytes / 1024) + " KiB",
          .against = {},
          .run =
              [block](auto time) {
                Slice slice = time_alone(time, [&](std::uint64_t i) {
                  keep(block->source);
                  std::memcpy(block->memory.data() + i % block->pieces * kPiece, block->source.data(), kPiece);
                  keep_stores();
                });
                slice.value = kPiece / slice.value;
                return slice;
              },
          .unit = "GB/s"};
}

}  // namespace

Rows cost_alone(const Settings& settings) {
  const Pinned pinned(settings.cpus.front());
  const bool usual = settings.at_least(Scope::usual);
  Rows rows;
  append(rows, group<64, 1024, Made::ahead>(settings, usual));
  append(rows, group<64, 65536, Made::ahead>(settings, usual));
  append(rows, group<256, 65536, Made::ahead>(settings, usual));
  append(rows, group<64, 1024, Made::just_now>(settings, false));
  if (usual) {
    append(rows, group<8, 1024, Made::ahead>(settings, true));
    append(rows, group<8, 65536, Made::ahead>(settings, true));
    append(rows, group<256, 1024, Made::ahead>(settings, true));
  }
  if (settings.at_least(Scope::full)) {
    append(rows, group<8, 1024, Made::just_now>(settings, false));
    append(rows, group<256, 1024, Made::just_now>(settings, false));
    append(rows, group<64, 65536, Made::just_now>(settings, false));
  }
  const std::vector<Contestant> blocks{bandwidth(32U << 10), bandwidth(512U << 10), bandwidth(16U << 20)};
  append(rows, run_rounds(kW1, "memory bandwidth", blocks, settings));
  return rows;
}

}  // namespace arena_shm::bench
