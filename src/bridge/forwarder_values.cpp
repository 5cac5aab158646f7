// What a Forwarder does while it knows what the stream has.
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <span>
#include <utility>

#include "bridge/forwarder.hpp"
#include "schema/record_formatter.hpp"
#include "schema/restart_text.hpp"
#include "text/time_text.hpp"

namespace arena_shm::bridge {

namespace {

constexpr std::chrono::milliseconds kLongestWait{20};
constexpr std::chrono::milliseconds kShortWait{1};  // while answers are to come
constexpr std::chrono::milliseconds kBetweenAnswers{50};
constexpr std::chrono::seconds kBetweenPositions{1};  // while nothing comes but what is left out
constexpr std::chrono::seconds kDrainPatience{5};
constexpr std::uint64_t kBetweenLooks = 1024;  // values that are left out

}  // namespace

void Forwarder::forward() {
  while (!is_drained()) {
    if (!since_schema_ || *since_schema_ >= kBetweenSchemas) tell_schema();
    if (!take()) {
      if (go_over()) return;
      idle();
    }
    run_->take_answers({});
    pause();
  }
  finish();
}

// Once it is to stop: is all there that was there then?
bool Forwarder::is_drained() {
  if (!is_stopped()) return false;
  if (!last_number_) {
    last_number_ = source_->handed_out();
    last_moment_ = Clock::now() + kDrainPatience;
  }
  return told_.sum() >= *last_number_ || Clock::now() > last_moment_;
}

// Returns: false if there is nothing more just now.
bool Forwarder::take() {
  for (std::uint64_t left_out = 0; left_out < kBetweenLooks;) {
    const std::size_t bytes = message_.record_bytes;
    const std::size_t place = message_.seqs.size() * bytes;
    const Source::Step step = source_->next(std::span(records_).subspan(place, bytes));
    if (!source_->gaps().empty()) {
      tell_losses();
      if (place > 0) std::memcpy(records_.data(), records_.data() + place, bytes);  // is the first of its message now
    }
    if (step == Source::Step::none) return false;
    std::uint64_t& next = message_.next[message_.lanes() == 1 ? 0 : source_->seq() % message_.lanes()];
    next = source_->seq() + message_.lanes();
    if (step == Source::Step::left_out) {
      ++told_.left_out;
      ++left_out;
    } else {
      append();
    }
    if (message_.seqs.size() < batch_ && told_.sum() - told_sum_ < source_->a_part()) continue;
    seal();
    tell_position();
    return true;
  }
  return true;
}

void Forwarder::append() {
  if (message_.seqs.empty()) opened_ = Clock::now();
  ++told_.values;
  message_.seqs.push_back(source_->seq());
  const bool has_times = source_->info().clock != arena_shm::Clock::none;
  if (has_times) message_.times.push_back(source_->time_ns());
  newest_ns_ = has_times ? source_->time_ns() : 0;
}

void Forwarder::idle() {
  auto wait = kLongestWait;
  const auto now = Clock::now();
  if (!message_.seqs.empty()) {
    const auto left = opened_ + options_.max_delay - now;
    if (left <= left.zero()) return seal();
    wait = std::clamp(std::chrono::duration_cast<std::chrono::milliseconds>(left), kShortWait, wait);
  } else if (told_.sum() != told_sum_ && now - told_at_ >= kBetweenPositions) {
    tell_position();
  }
  release();  // also what has come once more, and was in the stream before
  source_->wait_for(run_->under_way() > 0 ? kShortWait : wait);
}

void Forwarder::publish(const Delivery& delivery) {
  message_.tally = told_;
  run_->publish(message_, delivery, most_bytes_, [this] { pause(); });
  told_sum_ = told_.sum();
  told_at_ = Clock::now();
  if (since_schema_) ++*since_schema_;
}

void Forwarder::seal() {
  if (message_.seqs.empty()) return;
  message_.kind = Kind::values;
  message_.records = std::span(records_).first(message_.seqs.size() * message_.record_bytes);
  publish({.values = message_.seqs.size(),
           .last_seq = message_.seqs.back(),
           .newest_ns = newest_ns_ != 0 ? newest_ns_ : text::realtime_ns()});
  message_.seqs.clear();
  message_.times.clear();
}

// What was lost behind the values so far, in messages of their own.
void Forwarder::tell_losses() {
  seal();
  message_.kind = Kind::losses;
  std::vector<Gap>& gaps = source_->gaps();
  for (std::size_t done = 0; done < gaps.size();) {
    const std::size_t count = std::min<std::size_t>(gaps.size() - done, most_gaps_);
    const auto from = gaps.begin() + static_cast<std::ptrdiff_t>(done);
    message_.gaps.assign(from, from + static_cast<std::ptrdiff_t>(count));
    for (const Gap& gap : message_.gaps) {
      message_.next[gap.first % message_.lanes()] = gap.last + gap.step;
      told_.of(gap.cause) += gap.count();
      const bool is_first = gap.first < message_.lanes() && gap.cause == Loss::overwritten;
      if (is_first && was_there_) meter_.change([&](Reading& reading) { reading.before += gap.count(); });
      attendant_.tell(fmt::format("{}: {}", source_->info().name, schema::describe(gap)));
    }
    publish({});
    done += count;
  }
  message_.gaps.clear();
  gaps.clear();
}

// That what came was left out.
void Forwarder::tell_position() {
  if (told_.sum() == told_sum_) return;
  message_.kind = Kind::losses;
  publish({});
}

void Forwarder::tell_schema() {
  seal();
  message_.kind = Kind::schema;
  message_.origin = origin_of(source_->info(), options_.source.where, before_);
  publish({});
  since_schema_ = 0;
}

// All that has come is in the stream.
void Forwarder::finish() {
  seal();
  tell_position();
  while (run_->under_way() > 0) {
    run_->take_answers(kBetweenAnswers);
    pause();
  }
  release();
}

// In parts: each one may wake a writer.
void Forwarder::release() {
  if (!known_ || known_->epoch != source_->info().epoch) return;
  source_->release(known_->next);
  released_sum_ = known_->tally.sum();
}

// Once all of an arena that has lost its name has come: to the one that has it now, if there is one.
bool Forwarder::go_over() {
  if (!source_->is_retired()) return false;
  std::unique_ptr<Source> newer;
  try {
    newer = std::make_unique<Source>(options_.source);
  } catch (const Error& error) {
    if (error.code() == Code::not_found) return false;
    throw;
  }
  const Info& before = source_->info();
  if (newer->info().epoch == before.epoch) return false;
  finish();
  const Restart restart{.before = before.epoch, .now = newer->info().epoch, .created_ns = newer->info().created_ns};
  attendant_.tell(schema::describe(before.name, restart));
  if (source_->has_writers())
    attendant_.note(
        fmt::format("what is still written to the arena that was '{}' before is not forwarded", before.name));
  whole_epoch_ = before.epoch;
  source_ = std::move(newer);
  was_there_ = false;
  return true;
}

}  // namespace arena_shm::bridge
