// Peers: what the kernel offers. Each value costs a system call on either side.
#pragma once

#include <fcntl.h>
#include <mqueue.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <string>
#include <system_error>

#include "bench/channels/channel.hpp"
#include "bench/channels/names.hpp"

namespace arena_shm::bench {

/// As long as it may be without any setting: ten values.
template <class T>
class MqChannel : public ChannelDefaults {
 public:
  static constexpr bool kOverwrites = false;
  static constexpr std::size_t kBurst = 10;

  explicit MqChannel(std::size_t) {
    const std::string name = "/" + fresh_name();
    mq_attr attributes{};
    attributes.mq_maxmsg = kBurst;
    attributes.mq_msgsize = sizeof(T);
    waiting_ = ::mq_open(name.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600, &attributes);
    if (waiting_ >= 0) trying_ = ::mq_open(name.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC);
    const int error = errno;
    ::mq_unlink(name.c_str());
    if (waiting_ < 0 || trying_ < 0) throw std::system_error(error, std::generic_category(), "mq_open");
  }
  ~MqChannel() {
    ::mq_close(waiting_);
    ::mq_close(trying_);
  }
  MqChannel(const MqChannel&) = delete;
  MqChannel& operator=(const MqChannel&) = delete;

  bool push(const T& value) { return ::mq_send(trying_, reinterpret_cast<const char*>(&value), sizeof(T), 0) == 0; }
  template <class Use>
  bool pop(Use&& use) {
    return receive(trying_, use);
  }
  template <class Use>
  std::size_t pop_some(Use&& use) {
    return pop_up_to(*this, kSome, use);
  }
  template <class Use>
  void wait_pop(Use&& use) {
    while (!receive(waiting_, use)) continue;
  }

 private:
  template <class Use>
  bool receive(mqd_t queue, Use&& use) {
    T value;
    if (::mq_receive(queue, reinterpret_cast<char*>(&value), sizeof(T), nullptr) < 0) return false;
    use(value);
    return true;
  }

  mqd_t waiting_ = -1;
  mqd_t trying_ = -1;
};

template <class T>
class PipeChannel : public ChannelDefaults {
 public:
  static constexpr bool kOverwrites = false;
  static constexpr std::size_t kBurst = 65536 / sizeof(T);

  explicit PipeChannel(std::size_t) {
    if (::pipe2(ends_.data(), O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category(), "pipe");
    // Flags belong to an end, not to a descriptor: a second pair of ends does not block.
    const std::string path = "/proc/self/fd/";
    trying_[0] = ::open((path + std::to_string(ends_[0])).c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    trying_[1] = ::open((path + std::to_string(ends_[1])).c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    if (trying_[0] < 0 || trying_[1] < 0) throw std::system_error(errno, std::generic_category(), "pipe");
  }
  ~PipeChannel() {
    for (const int fd : {ends_[0], ends_[1], trying_[0], trying_[1]}) ::close(fd);
  }
  PipeChannel(const PipeChannel&) = delete;
  PipeChannel& operator=(const PipeChannel&) = delete;

  bool push(const T& value) { return ::write(trying_[1], &value, sizeof(T)) == sizeof(T); }
  template <class Use>
  bool pop(Use&& use) {
    return take(trying_[0], 1, use) > 0;
  }
  template <class Use>
  std::size_t pop_some(Use&& use) {
    return take(trying_[0], kSome, use);
  }
  template <class Use>
  void wait_pop(Use&& use) {
    while (take(ends_[0], 1, use) == 0) continue;
  }

 private:
  /// Values are not longer than PIPE_BUF, so none is ever cut.
  template <class Use>
  std::size_t take(int fd, std::size_t most, Use&& use) {
    const ssize_t bytes = ::read(fd, values_.data(), most * sizeof(T));
    const std::size_t count = bytes < 0 ? 0 : static_cast<std::size_t>(bytes) / sizeof(T);
    for (std::size_t i = 0; i < count; ++i) use(values_[i]);
    return count;
  }

  std::array<int, 2> ends_{-1, -1};
  std::array<int, 2> trying_{-1, -1};
  std::array<T, kSome> values_;
};

}  // namespace arena_shm::bench
