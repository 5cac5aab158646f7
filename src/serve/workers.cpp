#include "serve/workers.hpp"

#include <boost/asio/post.hpp>
#include <exception>
#include <utility>

#include "serve/error_text.hpp"
#include "serve/json.hpp"

namespace arena_shm::serve {

Workers::~Workers() {
  pool_.stop();
  pool_.join();
}

bool Workers::run(std::function<std::string()> task, std::function<void(std::string)> done) {
  if (count_ >= most_) return false;
  boost::asio::post(pool_, [this, task = std::move(task), done = std::move(done)]() mutable {
    std::string result;
    try {
      result = std::exchange(task, nullptr)();
    } catch (const std::exception& error) {
      result = problem_text(error_text(error));
    }
    --count_;
    boost::asio::post(context_, [done = std::move(done), result = std::move(result)] { done(result); });
  });
  ++count_;  // after what may throw; that it may be -1 for a moment is seen by nobody else
  return true;
}

}  // namespace arena_shm::serve
