// Threads for what takes long, beside the one that serves all pages.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <cstddef>
#include <functional>
#include <string>

namespace arena_shm::serve {

/// Thread safety: none.
class Workers {
 public:
  /// `context`: of the thread that asks. `most`: tasks that may wait or be under way; more are refused.
  Workers(boost::asio::io_context& context, std::size_t threads, std::size_t most)
      : context_(context), most_(most), pool_(threads) {}
  /// Waits for tasks that are under way; those that wait are forgotten.
  ~Workers();
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  /// Runs the task on another thread; what it returns, or {"problem": what it throws}, is later given to `done`, on the
  /// context. Returns: false if too many are waiting.
  bool run(std::function<std::string()> task, std::function<void(std::string)> done);

 private:
  boost::asio::io_context& context_;
  std::size_t most_;
  std::atomic<std::size_t> count_{0};
  boost::asio::thread_pool pool_;
};

}  // namespace arena_shm::serve
