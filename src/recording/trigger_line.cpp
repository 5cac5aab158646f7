#include "recording/trigger_line.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstring>
#include <fstream>
#include <optional>
#include <string_view>
#include <utility>

#include "arena_shm/core/fnv1a.hpp"
#include "arena_shm/error.hpp"

namespace arena_shm::recording {

namespace {

constexpr std::string_view kWord = "trigger";
constexpr std::string_view kPrefix = "arena-shm.trigger.";  // then the process, and the arena's hash

struct Address {
  sockaddr_un name{};
  socklen_t bytes = 0;
};

// An arena's name may be longer than a socket's.
std::string ending_of(const std::string& arena) {
  return fmt::format(".{:016x}", core::fnv1a(arena.data(), arena.size()));
}

// Of the abstract namespace: a zero byte, and the name without an end. Requires: one of ours.
Address address_of(const std::string& name) {
  Address address;
  address.name.sun_family = AF_UNIX;
  std::memcpy(address.name.sun_path + 1, name.data(), name.size());
  address.bytes = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  return address;
}

[[noreturn]] void fail(const std::string& arena, const char* what, int number) {
  throw Error(Code::system, {.name = arena,
                             .doing = "trigger",
                             .expected = std::string(what),
                             .found = "an error",
                             .remedy = "trigger with SIGUSR1",
                             .system_error = number});
}

core::Descriptor open_socket(const std::string& arena) {
  core::Descriptor low(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  core::Descriptor socket(low ? core::duplicate_above_standard(low.get()) : -1);
  if (!socket) fail(arena, "a socket of this host", errno);
  const int on = 1;
  if (::setsockopt(socket.get(), SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) != 0)
    fail(arena, "to know who triggers", errno);
  return socket;
}

struct Heard {
  Address from;
  ucred who{};
};

// The next datagram of somebody who may be heard.
std::optional<Heard> hear(int socket) {
  for (;;) {
    Heard heard;
    std::array<char, 16> word{};
    iovec part{word.data(), word.size()};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(ucred))> control{};
    msghdr message{};
    message.msg_name = &heard.from.name;
    message.msg_namelen = sizeof(heard.from.name);
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    const ssize_t bytes = ::recvmsg(socket, &message, 0);
    if (bytes < 0 && errno == EINTR) continue;
    if (bytes < 0) return std::nullopt;
    heard.from.bytes = message.msg_namelen;
    const cmsghdr* about = CMSG_FIRSTHDR(&message);
    if (about == nullptr || about->cmsg_type != SCM_CREDENTIALS) continue;
    std::memcpy(&heard.who, CMSG_DATA(about), sizeof(heard.who));
    const bool may = heard.who.uid == ::geteuid() || heard.who.uid == 0;
    if (may && std::string_view(word.data(), static_cast<std::size_t>(bytes)) == kWord) return heard;
  }
}

bool say(int socket, const Address& to) {
  return ::sendto(socket, kWord.data(), kWord.size(), MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&to.name),
                  to.bytes) >= 0;
}

// The names of all sockets that captures of the arena have. The last word of a line is the name, '@' for its zero byte.
std::vector<std::string> sockets_of(const std::string& arena) {
  std::vector<std::string> names;
  const std::string ending = ending_of(arena);
  std::ifstream table("/proc/net/unix");
  for (std::string line; std::getline(table, line);) {
    const std::size_t at = line.rfind(" @");
    if (at == std::string::npos) continue;
    std::string name = line.substr(at + 2);
    const bool is_one =
        name.starts_with(kPrefix) && name.ends_with(ending) && name.size() < sizeof(sockaddr_un::sun_path);
    if (is_one) names.push_back(std::move(name));
  }
  return names;
}

}  // namespace

TriggerLine::TriggerLine(const std::string& arena) : socket_(open_socket(arena)) {
  const Address own = address_of(fmt::format("{}{}{}", kPrefix, ::getpid(), ending_of(arena)));
  if (::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&own.name), own.bytes) != 0)
    fail(arena, "a socket with a name", errno);
}

bool TriggerLine::was_pulled() {
  bool was_pulled = false;
  while (const auto heard = hear(socket_.get())) {
    say(socket_.get(), heard->from);
    was_pulled = true;
  }
  return was_pulled;
}

std::vector<pid_t> pull_triggers(const std::string& arena) {
  const core::Descriptor socket = open_socket(arena);
  sockaddr own{.sa_family = AF_UNIX, .sa_data = {}};
  if (::bind(socket.get(), &own, sizeof(own.sa_family)) != 0) fail(arena, "a socket with a name", errno);
  std::size_t asked = 0;
  for (const std::string& name : sockets_of(arena)) {
    if (say(socket.get(), address_of(name))) ++asked;
  }
  std::vector<pid_t> answered;
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(1);
  while (answered.size() < asked) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
    pollfd wait{.fd = socket.get(), .events = POLLIN, .revents = 0};
    if (left.count() <= 0 || ::poll(&wait, 1, static_cast<int>(left.count())) == 0) break;
    while (const auto heard = hear(socket.get())) answered.push_back(heard->who.pid);
  }
  return answered;
}

}  // namespace arena_shm::recording
