#include "bridge/run.hpp"

#include <fmt/format.h>

#include <random>
#include <utility>

#include "text/quantities.hpp"

namespace arena_shm::bridge {

namespace {

constexpr std::chrono::milliseconds kBetweenPauses{50};
constexpr std::chrono::seconds kAnswerPatience{5};
constexpr std::uint64_t kFenceBytes = 64;  // its header, at most

std::uint64_t random_id() {
  std::random_device device;
  return std::uint64_t{device()} << 32 | device();
}

std::uint64_t bytes_of(const Wire& wire) {
  std::uint64_t bytes = kFenceBytes + wire.payload.size();
  for (const auto& [name, value] : wire.headers) bytes += name.size() + value.size() + 4;
  return bytes;
}

}  // namespace

Run::Run(Connection& connection, const StreamWish& wish, std::uint64_t base,
         std::function<void(const Place&, const Delivery&)> stored)
    : connection_(connection), wish_(wish), base_(base), stored_(std::move(stored)), id_(random_id()) {
  connection_.forget_answers();
}

void Run::publish(Message& message, const Delivery& delivery, std::uint64_t most_bytes,
                  const std::function<void()>& pause) {
  message.link = {.run = id_, .number = number_};
  encode(message, wire_);
  if (const std::uint64_t bytes = bytes_of(wire_); bytes > most_bytes) {
    throw Error(Code::unsupported,
                {.name = wish_.name,
                 .doing = "publish to stream",
                 .expected = fmt::format("messages of {} at most, headers and data", text::counted(most_bytes, "byte")),
                 .found = fmt::format("one of {}", text::counted(bytes, "byte")),
                 .remedy = "raise max_payload of the server, and the stream's limit of a message"});
  }
  // In long strides: who wakes up for each answer is slow.
  if (window_.size() >= kWindow) {
    while (window_.size() > kWindow / 2) {
      take_answers(kBetweenPauses);
      pause();
    }
  }
  connection_.publish(wish_.subject, number_, base_ + number_, wire_);
  window_.push_back({.place = {.seq = base_ + number_ + 1,
                               .time = {},
                               .link = message.link,
                               .epoch = message.epoch,
                               .next = message.next,
                               .tally = message.tally},
                     .delivery = delivery,
                     .at = Clock::now()});
  ++number_;
}

void Run::take_answers(std::chrono::milliseconds longest) {
  while (const auto answer = connection_.next_answer(longest)) {
    longest = {};
    if (!answer->stored_at) throw Doubt{.why = answer->text, .is_fenced = answer->is_fenced};
    if (window_.empty() || window_.front().place.link.number != answer->number)
      throw Doubt{.why = fmt::format("an answer to message {} of the run, which was not the next one", answer->number)};
    const Sent sent = std::move(window_.front());
    window_.pop_front();
    if (*answer->stored_at != sent.place.seq)
      throw Doubt{.why = fmt::format("message {} was expected to be stored, and message {} was", sent.place.seq,
                                     *answer->stored_at)};
    stored_(sent.place, sent.delivery);
  }
  if (!window_.empty() && Clock::now() - window_.front().at > kAnswerPatience)
    throw Doubt{.why = "the server has not answered in time"};
}

}  // namespace arena_shm::bridge
