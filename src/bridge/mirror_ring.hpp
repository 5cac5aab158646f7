// The ring that a stream is mirrored into: each value has the number that it has at its origin, and what has no value
// there has none here.
//
// What it is a copy of is in the ring itself: the name in its seats is the epoch of the origin, in 32 hexadecimal
// digits, and its heads say how far it is. So whoever comes next, after any end, goes on where it was. A ring in whose
// seats there is another name is somebody else's, and is left alone.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "arena_shm/raw.hpp"
#include "bridge/message.hpp"

namespace arena_shm::bridge {

using Epoch = std::array<std::uint8_t, 16>;

/// What has come of a message.
struct Applied {
  std::uint64_t values = 0;    ///< written
  std::uint64_t again = 0;     ///< values that were there already
  std::uint64_t left_out = 0;  ///< numbers without a value: holes
};

/// Thread safety: none.
class MirrorRing {
 public:
  /// Goes on with what is there under the name. Nothing: there is no such ring, or it is not known yet what it is of.
  /// Errors: Code::already_exists, if somebody else has written it; table_full, if a mirror does so now; as
  /// RawArena::open.
  static std::optional<MirrorRing> find(const std::string& name);
  /// A new ring for an epoch, in the place of the one that a mirror has made before; `slots` of each lane, 0: as many
  /// as the origin has. Errors: as find() and RawArena::create; Code::no_space, if the origin would have it larger than
  /// a mirror makes one without being told; incompatible_type, if what is there is for other records.
  static MirrorRing make(const std::string& name, const Origin& origin, const Epoch& epoch, std::uint64_t slots);

  const std::string& name() const noexcept { return arena_.name(); }
  const Epoch& epoch() const noexcept { return epoch_; }
  /// Of each lane, the number that it goes on with: as Message::next.
  const std::vector<std::uint64_t>& next() const noexcept { return next_; }
  /// How many numbers lie below that, in all lanes.
  std::uint64_t sum() const noexcept;
  /// Has somebody removed it?
  bool is_retired() const noexcept { return arena_.retired(); }
  /// Has all of it been applied?
  bool is_beyond(const std::vector<std::uint64_t>& next) const noexcept;

  /// Writes its values, and leaves out the numbers without one, up to its positions. What is there already stays as it
  /// is. Requires: a message that decode has made, of this epoch.
  /// Errors: Code::corrupt, if it is of other records; exhausted.
  Applied apply(const Message& message);

 private:
  MirrorRing(RawArena arena, const Epoch& epoch);

  void require_alike(const Message& message) const;
  std::uint64_t advance(std::uint64_t lane, std::uint64_t to);
  void write_run(const Message& message, std::size_t begin, std::size_t end);

  RawArena arena_;
  std::vector<RawWriter> writers_;  // by lane
  Epoch epoch_;
  std::uint64_t schema_hash_;
  std::vector<std::uint64_t> next_;
};

}  // namespace arena_shm::bridge
