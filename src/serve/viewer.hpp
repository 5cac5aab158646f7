// One page: what it asks for, and what it is told. A page asks for the next message when it has drawn the one before,
// so that a slow one gets less, and what it gets is never old.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "serve/hub.hpp"
#include "serve/scan.hpp"
#include "serve/watch_text.hpp"

namespace arena_shm::serve {

/// Workers::run of some of them.
using Elsewhere = std::function<bool(std::function<std::string()> task, std::function<void(std::string result)> done)>;

/// Thread safety: none.
class Viewer : public std::enable_shared_from_this<Viewer> {
 public:
  Viewer(std::shared_ptr<Hub> hub, Elsewhere scan) : hub_(std::move(hub)), scan_(std::move(scan)) {}
  ~Viewer() { cancel(); }
  Viewer(const Viewer&) = delete;
  Viewer& operator=(const Viewer&) = delete;

  /// Takes a message of the page. Returns: false if it is none that a page sends.
  bool take(std::string_view text);
  /// The next message, an object of JSON; empty if the page has not asked for it, or there is nothing new.
  std::string next();
  /// Whatever is scanned for it is for nobody any more.
  void cancel() noexcept { scanning_.request_stop(); }

 private:
  struct Zoom {
    std::uint64_t id = 0;
    std::string ring;
    std::shared_ptr<const Interest> interest;
    ScanRange range;
  };

  void obey(std::string_view text);
  void start_scan(Zoom zoom);
  void show_detail(std::uint64_t id, std::string_view detail);

  std::shared_ptr<Hub> hub_;
  Elsewhere scan_;
  bool is_asked_ = true;
  std::uint64_t number_ = 0;
  std::optional<std::uint64_t> rings_version_;
  std::unique_ptr<WatchText> watch_;
  bool is_scanning_ = false;
  std::stop_source scanning_{std::nostopstate};  // of the scan that is under way
  std::optional<Zoom> next_zoom_;                // the newest one that came meanwhile
  std::string detail_;                           // `"detail":{...},`
  std::string problem_;                          // of the last thing that it asked for
  std::optional<std::string> told_ = "";         // what the page knows of problems, its own and all pages'
};

}  // namespace arena_shm::serve
