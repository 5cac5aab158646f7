#include "serve/viewer.hpp"

#include <future>
#include <utility>

#include "serve/rings.hpp"
#include "serve/workers.hpp"

namespace arena_shm::serve {
namespace {

class ViewerTest : public Rings {
 protected:
  ViewerTest() : arena_(create(1, {.slots = 8})) { write(arena_, 5); }

  std::shared_ptr<Viewer> viewer() {
    return std::make_shared<Viewer>(hub_, [this](auto task, auto done) {
      if (is_full_) return false;
      tasks_.emplace_back(std::move(task), std::move(done));
      return true;
    });
  }
  std::string zoom(int id) const {
    return R"({"op":"zoom","ring":")" + name() + R"(","fields":["v[0]"],"id":)" + std::to_string(id) + "}";
  }

  RawArena arena_;
  std::shared_ptr<Hub> hub_ = std::make_shared<Hub>(Surroundings{
      .rings = [] { return "[]"; }, .is_wanted = [](const std::string&) { return true; }, .save = {}, .tell = {}});
  std::vector<std::pair<std::function<std::string()>, std::function<void(std::string)>>> tasks_;
  bool is_full_ = false;
};

TEST_F(ViewerTest, NothingIsScannedForAPageThatIsGone) {
  auto page = viewer();
  ASSERT_TRUE(page->take(zoom(1)));
  ASSERT_EQ(tasks_.size(), 1U);
  page.reset();
  EXPECT_EQ(tasks_[0].first(), "");
}

TEST_F(ViewerTest, AZoomEndsTheOneBeforeAndIsAnswered) {
  const auto page = viewer();
  ASSERT_TRUE(page->take(zoom(1)));
  ASSERT_TRUE(page->take(zoom(2)));
  ASSERT_TRUE(page->take(zoom(3)));
  ASSERT_EQ(tasks_.size(), 1U);  // one at a time
  EXPECT_EQ(tasks_[0].first(), "");
  tasks_[0].second("");
  ASSERT_EQ(tasks_.size(), 2U);
  tasks_[1].second(tasks_[1].first());
  const std::string message = page->next();
  EXPECT_NE(message.find(R"("detail_id":3)"), std::string::npos) << message;
  EXPECT_NE(message.find(R"("count":"5")"), std::string::npos) << message;
}

TEST_F(ViewerTest, AZoomForWhichThereIsNoRoomIsRefusedAndTheNextOneIsNot) {
  const auto page = viewer();
  is_full_ = true;
  ASSERT_TRUE(page->take(zoom(1)));
  EXPECT_NE(page->next().find("too many pages are zooming"), std::string::npos);
  is_full_ = false;
  ASSERT_TRUE(page->take(zoom(2)));
  ASSERT_EQ(tasks_.size(), 1U);
  EXPECT_NE(tasks_[0].first().find(R"("count":"5")"), std::string::npos);
}

TEST_F(ViewerTest, WhatTheHostLacksIsSaidOnceAndToldUntilItIsThereAgain) {
  std::vector<std::string> said;
  bool is_well = false;
  hub_ = std::make_shared<Hub>(Surroundings{.rings =
                                                [&] {
                                                  if (!is_well) throw std::runtime_error("no descriptors");
                                                  return std::string("[1]");
                                                },
                                            .is_wanted = [](const std::string&) { return true; },
                                            .save = {},
                                            .tell = [&](const std::string& text) { said.push_back(text); }});
  const auto page = viewer();
  hub_->survey();
  hub_->survey();
  EXPECT_EQ(said.size(), 1U);
  EXPECT_NE(page->next().find("no descriptors"), std::string::npos);
  ASSERT_TRUE(page->take(R"({"op":"next"})"));
  EXPECT_EQ(page->next(), "");
  is_well = true;
  hub_->survey();
  const std::string well = page->next();
  EXPECT_NE(well.find(R"("problem":"")"), std::string::npos) << well;
  EXPECT_NE(well.find(R"("rings":[1])"), std::string::npos) << well;
}

TEST(WorkersTest, MoreTasksThanMayWaitAreRefused) {
  boost::asio::io_context context;
  Workers workers(context, 1, 2);
  std::promise<void> go_on;
  const auto task = [waits = go_on.get_future().share()] { return waits.wait(), std::string("done"); };
  std::vector<std::string> results;
  const auto done = [&](std::string result) { results.push_back(std::move(result)); };
  EXPECT_TRUE(workers.run(task, done));
  EXPECT_TRUE(workers.run(task, done));
  EXPECT_FALSE(workers.run(task, done));
  go_on.set_value();
  const auto work = boost::asio::make_work_guard(context);
  while (results.size() < 2) context.run_one();
  EXPECT_TRUE(workers.run([]() -> std::string { throw std::runtime_error("it broke"); }, done));
  while (results.size() < 3) context.run_one();
  EXPECT_EQ(results.back(), R"({"problem":"it broke"})");
}

}  // namespace
}  // namespace arena_shm::serve
