// Contestants of the workloads with one writer alone (W1 and W7).
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bench/channels/arenas.hpp"
#include "bench/channels/floors.hpp"
#include "bench/harness/alone.hpp"
#include "bench/harness/rounds.hpp"
#include "bench/harness/values.hpp"

namespace arena_shm::bench {

/// A contestant that does `op(state, source, i)` for i = 0, step, 2 * step, ...
template <class T, Made made, class State, class Op>
Contestant alone(std::string name, std::vector<std::string> against, std::shared_ptr<State> state, Op op,
                 std::uint64_t step = 1) {
  auto source = std::make_shared<Source<T, made>>();
  return {.name = std::move(name), .against = std::move(against), .run = [=](Nanoseconds duration) {
            State& its_state = *state;
            Source<T, made>& its_source = *source;
            return time_alone(
                duration, ~std::uint64_t{0}, step, [&](std::uint64_t i) { op(its_state, its_source, i); }, [] {});
          }};
}

template <class T, Made made>
Contestant store_floor(std::shared_ptr<BareRing<T>> ring) {
  return {.name = kStoreFloor, .against = {}, .run = [ring, source = std::make_shared<Source<T, made>>()](auto time) {
            const auto view = ring->view();
            return time_alone(time, [&, view](std::uint64_t i) { keep_number(view.store(source->next(i))); });
          }};
}

template <class T, Made made>
Contestant fetch_add_floor(std::shared_ptr<BareRing<T>> ring) {
  return {
      .name = kFetchAddFloor, .against = {}, .run = [ring, source = std::make_shared<Source<T, made>>()](auto time) {
        const auto view = ring->view();
        return time_alone(time, [&, view](std::uint64_t i) { keep_number(view.fetch_add(source->next(i))); });
      }};
}

/// A writer with its arena, whose name is gone already.
template <class T>
struct OpenWriter {
  explicit OpenWriter(const Options& options, bool with_writer = true)
      : OpenWriter(fresh_name(), options, with_writer) {}

  Arena<T> arena;
  std::optional<Writer<T>> writer;

 private:
  OpenWriter(const std::string& name, const Options& options, bool with_writer)
      : arena(Arena<T>::create(name, options)) {
    {
      auto filler = arena.writer();
      fill_once(arena, filler);
    }
    if (with_writer)
      writer.emplace(arena.writer());
    else
      arena.alloc(T{});
    Arena<T>::remove(name);
  }
};

/// The writer itself, as a program has it at hand; its arena stays as long.
template <class T>
std::shared_ptr<Writer<T>> writer_of(std::shared_ptr<OpenWriter<T>> open) {
  Writer<T>* writer = &*open->writer;
  return {std::move(open), writer};
}

template <class T, Made made>
Contestant writer_alone(std::string name, std::vector<std::string> against, const Options& options) {
  return alone<T, made>(
      std::move(name), std::move(against), writer_of(std::make_shared<OpenWriter<T>>(options)),
      [](auto& writer, auto& source, std::uint64_t i) { keep_number(writer.alloc(source.next(i)).seq); });
}

}  // namespace arena_shm::bench
