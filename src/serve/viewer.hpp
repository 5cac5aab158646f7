// One page: what it asks for, and what it is told. A page asks for the next message when it has drawn the one before,
// so that a slow one gets less, and what it gets is never old.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "serve/hub.hpp"
#include "serve/scan.hpp"
#include "serve/watch_text.hpp"

namespace arena_shm::serve {

/// Runs a task on another thread; what it returns is later given to `done`, on the thread that has asked.
using Elsewhere = std::function<void(std::function<std::string()> task, std::function<void(std::string result)> done)>;

/// Thread safety: none.
class Viewer : public std::enable_shared_from_this<Viewer> {
 public:
  Viewer(std::shared_ptr<Hub> hub, Elsewhere elsewhere) : hub_(std::move(hub)), elsewhere_(std::move(elsewhere)) {}

  /// Takes a message of the page. Returns: false if it is none that a page sends.
  bool take(std::string_view text);
  /// The next message, an object of JSON; empty if the page has not asked for it, or there is nothing new.
  std::string next();

 private:
  struct Zoom {
    std::uint64_t id = 0;
    std::string ring;
    std::shared_ptr<const Interest> interest;
    ScanRange range;
  };

  void start_scan(Zoom zoom);

  std::shared_ptr<Hub> hub_;
  Elsewhere elsewhere_;
  bool is_asked_ = true;
  std::uint64_t number_ = 0;
  std::optional<std::uint64_t> rings_version_;
  std::unique_ptr<WatchText> watch_;
  bool is_scanning_ = false;
  std::optional<Zoom> next_zoom_;  // the newest one that came meanwhile
  std::string detail_;             // `"detail":{...},`
  std::string problem_;            // `"problem":"...",`
};

}  // namespace arena_shm::serve
