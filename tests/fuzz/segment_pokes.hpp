// Hostile segments out of fuzzer input: a small valid one, into which the input pokes words.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <optional>
#include <span>
#include <string>

#include "arena_shm/core/header.hpp"
#include "arena_shm/raw.hpp"

namespace arena_shm::fuzz {

inline constexpr std::size_t kRecordBytes = 24;
inline constexpr std::uint64_t kSlots = 5;

/// Takes numbers off the front of the input; zeros when it is used up.
class Input {
 public:
  explicit Input(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}

  template <class T>
  T take() {
    T value{};
    const std::size_t count = std::min(sizeof(T), bytes_.size());
    std::memcpy(&value, bytes_.data(), count);
    bytes_ = bytes_.subspan(count);
    return value;
  }
  bool empty() const noexcept { return bytes_.empty(); }

 private:
  std::span<const std::uint8_t> bytes_;
};

/// The segment's image before anything is poked: eight values were put into five slots, by two writers. Laned: four
/// into five, of each of two lanes, with times. Lossless: with two consumers, one of which has got everything, and a
/// group of one, which holds a value.
inline std::string valid_image(Writers writers, Full full = Full::overwrite) {
  const std::string name = "fuzz-base-" + std::to_string(::getpid());
  RawArena::remove(name);
  const RawArena arena = RawArena::create(name, {"", kRecordBytes, 8, R"({"names":["x"]})"},
                                          {.slots = kSlots,
                                           .writers = writers,
                                           .seats = 3,
                                           .time = writers == Writers::laned,
                                           .full = full,
                                           .consumers = 5});
  std::string value(kRecordBytes, 'v');
  std::optional<RawConsumer> steady;
  std::optional<RawConsumer> member;
  if (full == Full::wait) {
    steady.emplace(arena.consumer("steady", {.durable = true}));
    member.emplace(arena.consumer("group", {.share = true}));
  }
  RawWriter first = arena.writer("first");
  RawWriter second = arena.writer("second");
  for (int i = 0; i < 4; ++i) {
    first.alloc(std::as_bytes(std::span(value)));
    second.alloc(std::as_bytes(std::span(value)));
    while (steady && steady->next(std::as_writable_bytes(std::span(value)))) {
    }
    for (int k = 0; member && k < 2; ++k) member->next(std::as_writable_bytes(std::span(value)));
  }
  std::optional<RawConsumer> late;
  if (full == Full::wait) late.emplace(arena.consumer("late"));
  std::ifstream file("/dev/shm/" + name, std::ios::binary);
  std::string image{std::istreambuf_iterator<char>(file), {}};
  RawArena::remove(name);
  if (image.size() != arena.info().segment_bytes) std::abort();
  return image;
}

/// Where a poke can do harm: the header, the control words, the seats and the consumers, the stamps; now and then
/// anywhere.
inline std::uint64_t poke_offset(const core::Header& header, std::uint8_t where, std::uint16_t index) {
  switch (where % 8) {
    case 0:
    case 1: return index % (sizeof(core::Header) / 8) * 8;
    case 2: return header.control.offset_bytes + (index % 2 == 0 ? 0 : 64);
    case 3: return header.doorbell.offset_bytes;
    case 4: {
      if (core::is_lossless(header) && index % 2 != 0)
        return header.consumers.offset_bytes + index % (header.consumers.size_bytes / 8) * 8;
      return header.seats.offset_bytes + index % (core::all_seats(header) * sizeof(core::Seat) / 8) * 8;
    }
    case 5:
    case 6: {
      const core::Header lane =
          core::lane_header(header, static_cast<std::uint32_t>(index / kSlots % core::lane_count(header)));
      return lane.slots.offset_bytes + index % kSlots * header.stride_bytes;
    }
    default: return index % (header.segment_bytes / 8) * 8;
  }
}

/// Values that are more interesting than random ones: small numbers, and their stamps and claims, and limits.
inline std::uint64_t poke_value(Input& input) {
  const auto kind = input.take<std::uint8_t>();
  switch (kind % 4) {
    case 0: return input.take<std::uint8_t>();
    case 1: return ~std::uint64_t{0} - input.take<std::uint8_t>();
    case 2: return (std::uint64_t{1} << (input.take<std::uint8_t>() % 64)) + input.take<std::uint8_t>() - 128;
    default: return input.take<std::uint64_t>();
  }
}

enum class Kinds : std::uint8_t { overwriting, all };

/// A valid image with the input's pokes in it. The checksum is mended unless the input says otherwise, for without that
/// nothing behind the first check would ever be reached.
inline std::string poked_image(Input& input, Kinds kinds = Kinds::overwriting) {
  static const std::string shared = valid_image(Writers::shared);
  static const std::string laned = valid_image(Writers::laned);
  static const std::string lossless = valid_image(Writers::shared, Full::wait);
  static const std::string lossless_laned = valid_image(Writers::laned, Full::wait);
  const auto flags = input.take<std::uint8_t>();
  const bool is_laned = (flags & 0x20) != 0;
  std::string image = is_laned ? laned : shared;
  if (kinds == Kinds::all && (flags & 0x10) != 0) image = is_laned ? lossless_laned : lossless;
  core::Header header;
  std::memcpy(&header, image.data(), sizeof(header));
  for (int pokes = flags % 16; pokes > 0 && !input.empty(); --pokes) {
    const auto where = input.take<std::uint8_t>();
    const std::uint64_t offset = poke_offset(header, where, input.take<std::uint16_t>());
    const std::uint64_t value = poke_value(input);
    std::memcpy(image.data() + offset, &value, sizeof(value));
  }
  if ((flags & 0x40) == 0) {
    core::Header poked;
    std::memcpy(&poked, image.data(), sizeof(poked));
    poked.checksum = core::header_checksum(poked);
    std::memcpy(image.data(), &poked, sizeof(poked));
  }
  if ((flags & 0x80) != 0) image.resize(input.take<std::uint16_t>() % (image.size() + 1));
  return image;
}

/// A file in /dev/shm with that content, gone at the end.
class HostileFile {
 public:
  explicit HostileFile(const std::string& image) : name_("fuzz-" + std::to_string(::getpid())) {
    const int fd = ::open(path().c_str(), O_CREAT | O_TRUNC | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0 || ::write(fd, image.data(), image.size()) != static_cast<ssize_t>(image.size())) std::abort();
    ::close(fd);
  }
  HostileFile(const HostileFile&) = delete;
  HostileFile& operator=(const HostileFile&) = delete;
  ~HostileFile() { ::unlink(path().c_str()); }
  const std::string& name() const noexcept { return name_; }
  std::string path() const { return "/dev/shm/" + name_; }

 private:
  std::string name_;
};

}  // namespace arena_shm::fuzz
