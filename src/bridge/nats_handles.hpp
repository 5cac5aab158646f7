// What nats.c gives, with an end. Only for the files that know nats.c.
#pragma once

#include <nats/nats.h>

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bridge/connection.hpp"

namespace arena_shm::bridge {

template <auto destroy>
struct Destroyer {
  template <class Thing>
  void operator()(Thing* thing) const noexcept {
    destroy(thing);
  }
};
using OptionsHandle = std::unique_ptr<natsOptions, Destroyer<natsOptions_Destroy>>;
using MessageHandle = std::unique_ptr<natsMsg, Destroyer<natsMsg_Destroy>>;
using InfoHandle = std::unique_ptr<jsStreamInfo, Destroyer<jsStreamInfo_Destroy>>;
using StreamNamesHandle = std::unique_ptr<jsStreamNamesList, Destroyer<jsStreamNamesList_Destroy>>;

// The connection goes first, then what was made of it: else what it has in hand is answered to nobody.
struct Connection::Handles {
  natsConnection* connection = nullptr;
  jsCtx* jetstream = nullptr;
  natsSubscription* answers = nullptr;
  std::string inbox;
  std::vector<MessageHandle> done;
  std::size_t done_bytes = 0;

  // Each message that is destroyed wakes a thread of the library's, unless that is awake.
  void destroy_soon(MessageHandle message, std::size_t bytes) {
    constexpr std::size_t kMostMessages = 64;
    constexpr std::size_t kMostBytes = 1 << 20;
    done.push_back(std::move(message));
    done_bytes += bytes;
    if (done.size() < kMostMessages && done_bytes < kMostBytes) return;
    done.clear();
    done_bytes = 0;
  }

  ~Handles() {
    if (connection != nullptr) natsConnection_Close(connection);
    natsSubscription_Destroy(answers);
    jsCtx_Destroy(jetstream);
    natsConnection_Destroy(connection);
  }
};

/// A copy.
Stored stored_of(natsMsg* message);

}  // namespace arena_shm::bridge
