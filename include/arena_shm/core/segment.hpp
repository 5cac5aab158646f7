// One process's hold on one segment: the validated header, the mappings, and the file of leases.
#pragma once

#include <sys/types.h>

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "arena_shm/core/consumer_table.hpp"
#include "arena_shm/core/forked.hpp"
#include "arena_shm/core/layout.hpp"
#include "arena_shm/core/lease.hpp"
#include "arena_shm/core/ring.hpp"
#include "arena_shm/core/witness.hpp"
#include "arena_shm/info.hpp"
#include "arena_shm/options.hpp"
#include "arena_shm/timescale.hpp"

namespace arena_shm::core {

enum class Access : std::uint8_t { read_only, read_write };

/// Shared by all handles, writers and readers of one arena object; the last one unmaps. In a forked child it does
/// nothing at all: the mappings are not there (MADV_DONTFORK), and the parent's are none of its business.
/// Thread safety: const after construction, but for the doorbell, which is mapped once under a lock.
class Segment {
 public:
  /// Errors: Code::already_exists, invalid_name, invalid_argument, no_space, file_size_limit, permission_denied, ...
  static std::shared_ptr<const Segment> create(std::string_view name, const RecordType& record, const Options& options);
  /// Errors: Code::not_found, not_an_arena, permission_denied, truncated, corrupt, incompatible_*, ...
  static std::shared_ptr<const Segment> open(std::string_view name, Access access);
  /// Opens the arena, or creates it; whoever comes first creates. Its record and options must be the ones given.
  /// Errors: also Code::incompatible_type, incompatible_options.
  static std::shared_ptr<const Segment> open_or_create(std::string_view name, const RecordType& record,
                                                       const Options& options);
  /// Takes the name away; handles go on working. False: there was no such name.
  static bool remove(std::string_view name);

  Segment(const Segment&) = delete;
  Segment& operator=(const Segment&) = delete;
  ~Segment();

  const Info& info() const noexcept { return info_; }
  /// The ring. Of a laned arena: all seats, with the head and the slots of the first lane.
  const Ring& ring() const noexcept { return ring_; }
  std::uint32_t lane_count() const noexcept { return ring_.lane_count; }
  /// One lane of a laned arena; of all others, the ring. Requires: seat < ring().seat_count.
  Ring lane_of_seat(std::uint32_t seat) const noexcept;

  /// A value's place.
  struct Place {
    Ring lane;
    std::uint64_t number;  ///< in that lane
  };
  Place place_of(std::uint64_t seq) const noexcept {
    if (ring_.lane_count == 1) [[likely]]
      return {ring_, seq};
    return {lane_of_seat(static_cast<std::uint32_t>(seq % ring_.lane_count)), seq / ring_.lane_count};
  }
  /// The slot of any seq.
  Slot slot_of(std::uint64_t seq) const noexcept {
    if (ring_.lane_count == 1) [[likely]]
      return ring_.slot_of(seq);
    const Place place = place_of(seq);
    return place.lane.slot_of(place.number);
  }
  /// All seqs that have been handed out are below it. Cost: a load for each lane.
  std::uint64_t head() const noexcept;
  /// How many seqs have been handed out. Cost: a load for each lane.
  std::uint64_t count() const noexcept;
  /// Errors: Code::invalid_argument, if the arena has no times.
  Timescale timescale() const;
  std::uint64_t ticks_per_second() const noexcept { return clock_.ticks_per_second; }
  /// Refuses a process that cannot read the arena's clock as those do who write it. Errors: Code::unsupported.
  void require_clock() const;
  /// The consumers of a lossless arena; of others, none.
  const ConsumerTable& consumers() const noexcept { return consumers_; }
  bool is_lossless() const noexcept { return info_.full == Full::wait; }
  const LeaseFile& leases() const noexcept { return *leases_; }
  const Witness& witness() const noexcept { return *witness_; }
  /// Does somebody hold a seat? Who is not proved to be over does. Cost: as Witness::life_of, for each seat that was
  /// taken and not left.
  bool has_writers() const noexcept;
  /// The doorbell, mapped writable at the first call; null if it may not be written.
  Doorbell* doorbell() const noexcept;
  /// Errors: Code::forked, in a forked child. There, ring() is one of zeros, without seats, in memory of the child's
  /// own.
  void require_own_process() const {
    if (forked_.holds()) [[unlikely]]
      refuse_forked(info_.name);
  }
  /// Maps all slots, as far as the kernel lets it, instead of each page when it is first touched.
  void prefault() const noexcept;

 private:
  class Mapping;

  Segment(const std::string& name, int fd, Access access);
  void refuse_child() noexcept;
  std::byte* map(const Region& region, bool writable, int fd) const;

  std::unique_ptr<LeaseFile> leases_;
  Info info_;
  Ring ring_;
  ConsumerTable consumers_;
  std::unique_ptr<Witness> witness_;  // once the ring is mapped
  Access access_;
  Region doorbell_region_{};
  std::uint64_t lane_bytes_ = 0;
  ClockFacts clock_;
  ProcessMark owner_;
  mutable std::mutex mapping_;  // guards the two below
  mutable std::vector<std::unique_ptr<Mapping>> mappings_;
  mutable Doorbell* doorbell_ = nullptr;
  mutable bool doorbell_tried_ = false;
  InForkedChild forked_;
};

/// The name without a leading slash. Errors: Code::invalid_name.
std::string checked_name(std::string_view name);

}  // namespace arena_shm::core
