// A ring among many, whose reader waits for all of them by a WaitSet. Nothing comes in the others.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "arena_shm/arena.hpp"
#include "arena_shm/wait_set.hpp"
#include "bench/channels/channel.hpp"
#include "bench/channels/names.hpp"

namespace arena_shm::bench {

template <class T, std::size_t rings>
class WaitSetChannel : public ChannelDefaults {
 public:
  explicit WaitSetChannel(std::size_t slots) {
    for (std::size_t i = 0; i < rings; ++i) {
      names_.push_back(fresh_name());
      Arena<T>::create(names_.back(), {.slots = i == kBusy ? slots : 16});
    }
  }

  void join_writer() { writer_.emplace(Arena<T>::open(names_[kBusy]).writer()); }
  void join_reader() {
    set_ = std::make_unique<WaitSet>();
    for (const std::string& name : names_) {
      views_.push_back(ArenaView<T>::open(name));
      readers_.push_back(views_.back().reader(From::newest, {.hold = std::chrono::hours{1}}));
    }
    for (Reader<T>& reader : readers_) set_->add(reader);
  }
  void all_joined() {
    for (const std::string& name : names_) Arena<T>::remove(name);
  }

  bool push(const T& value) {
    writer_->alloc(value);
    return true;
  }
  template <class Use>
  bool pop(Use&& use) {
    const auto entry = readers_[kBusy].next();
    if (!entry) return false;
    use(entry->value);
    return true;
  }
  template <class Use>
  void wait_pop(Use&& use) {
    while (!pop(use)) set_->wait_for(std::chrono::seconds{1});
  }

 private:
  static constexpr std::size_t kBusy = rings / 2;

  std::vector<std::string> names_;
  std::optional<Writer<T>> writer_;
  std::vector<ArenaView<T>> views_;
  std::vector<Reader<T>> readers_;
  std::unique_ptr<WaitSet> set_;
};

}  // namespace arena_shm::bench
