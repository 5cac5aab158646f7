#include "arena_shm/core/segment.hpp"

#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <boost/interprocess/mapped_region.hpp>
#include <boost/interprocess/shared_memory_object.hpp>
#include <cerrno>
#include <utility>

#include "arena_shm/core/header.hpp"
#include "arena_shm/core/stop_point.hpp"
#include "core/dump.hpp"
#include "core/segment_files.hpp"

namespace arena_shm::core {

namespace bip = boost::interprocess;

namespace {

/// What Boost maps: anything that has a handle.
struct Mappable {
  int fd;
  bip::mapping_handle_t get_mapping_handle() const noexcept { return {fd, false}; }
};

}  // namespace

class Segment::Mapping {
 public:
  Mapping(int fd, const Region& region, bool writable)
      : region_(Mappable{fd}, writable ? bip::read_write : bip::read_only,
                static_cast<bip::offset_t>(region.offset_bytes), region.size_bytes) {}

  void* address() const noexcept { return region_.get_address(); }
  std::size_t size() const noexcept { return region_.get_size(); }

 private:
  bip::mapped_region region_;
};

std::shared_ptr<const Segment> Segment::create(std::string_view name, const RecordType& record,
                                               const Options& options) {
  ::pthread_testcancel();
  const NoCancel no_cancel;
  const std::string file_name = checked_name(name);
  const Header header = make_header(file_name, record, options);
  const Draft draft(file_name, header, record.schema, options.mode);
  // Attached before it is published: if that fails, nothing is left behind.
  std::shared_ptr<const Segment> segment(new Segment(file_name, draft.duplicate().release(), Access::read_write));
  draft.publish();
  return segment;
}

std::shared_ptr<const Segment> Segment::open(std::string_view name, Access access) {
  ::pthread_testcancel();
  const NoCancel no_cancel;
  const std::string file_name = checked_name(name);
  Descriptor file = open_file(file_name, access);
  return std::shared_ptr<const Segment>(new Segment(file_name, file.release(), access));
}

std::shared_ptr<const Segment> Segment::open_or_create(std::string_view name, const RecordType& record,
                                                       const Options& options) {
  ::pthread_testcancel();
  const NoCancel no_cancel;
  check_arguments(checked_name(name), record, options);  // not only when it falls to this caller to create
  constexpr int kAttempts = 100;                         // each needs somebody to create or remove the name in between
  for (int attempt = 1;; ++attempt) {
    try {
      const std::string file_name = checked_name(name);
      Descriptor file = open_file(file_name, Access::read_write);
      const unsigned mode = mode_of(file.get(), file_name);
      std::shared_ptr<const Segment> segment(new Segment(file_name, file.release(), Access::read_write));
      check_record(file_name, record, segment->info().record);
      check_options(file_name, options, segment->info(), mode);
      return segment;
    } catch (const Error& error) {
      if (error.code() != Code::not_found || attempt == kAttempts) throw;
    }
    try {
      return create(name, record, options);
    } catch (const Error& error) {
      if (error.code() != Code::already_exists || attempt == kAttempts) throw;
    }
  }
}

bool Segment::remove(std::string_view name) {
  ::pthread_testcancel();
  const NoCancel no_cancel;
  const std::string file_name = checked_name(name);
  errno = 0;
  if (bip::shared_memory_object::remove(file_name.c_str())) return true;
  if (errno != ENOENT) throw_errno(errno, Act::remove, "remove", file_name);
  return false;
}

Segment::Segment(const std::string& name, int fd, Access access)
    : leases_(std::make_unique<LeaseFile>(fd, name)),
      access_(access),
      owner_(ProcessMark::current()),
      forked_([](void* segment) noexcept { static_cast<Segment*>(segment)->refuse_child(); }, this) {
  fd = leases_->fd();  // it may have been moved
  const Header header = read_header(fd, name);
  check_reserved(fd, name, header);
  info_ = header_info(name, header);
  info_.record.schema = read_schema(fd, name, header);
  const bool writable = access == Access::read_write;
  ring_.control = reinterpret_cast<Control*>(map(header.control, writable, fd));
  ring_.seats = reinterpret_cast<Seat*>(map(header.seats, writable, fd));
  ring_.slots = map(header.slots, writable, fd);
  ring_.slot_count = header.slot_count;
  ring_.modulo = Modulo(header.slot_count);
  ring_.stride_bytes = header.stride_bytes;
  ring_.payload_offset_bytes = header.payload_offset_bytes;
  ring_.payload_bytes = header.payload_bytes;
  ring_.seat_count = header.seat_count;
  ring_.consumer_count = header.consumer_count;
  ring_.clock = info_.clock;
  ring_.exclusive = info_.writers != Writers::shared;
  ring_.head = ring_.exclusive ? &ring_.seats[0].hi : &ring_.control->head;
  ring_.lane_count = info_.lanes;
  ring_.limit = (is_lossless() ? kLosslessSeqLimit : kSeqLimit) / info_.lanes;
  if (info_.full == Full::wait)
    consumers_ = ConsumerTable(map(header.consumers, writable, fd), header.consumer_count, info_.lanes);
  lane_bytes_ = lane_bytes(header);
  clock_ = clock_facts(header);
  witness_ = std::make_unique<Witness>(ring_, *leases_);
  doorbell_region_ = header.doorbell;
  if (writable) {
    doorbell_ = reinterpret_cast<Doorbell*>(map(header.doorbell, true, fd));
    doorbell_tried_ = true;
  }
}

Segment::~Segment() {
  if (ProcessMark::current() == owner_) return;
  // A forked child: nothing of this is mapped here, and something else may be where it was.
  for (auto& mapping : mappings_) static_cast<void>(mapping.release());
}

Ring Segment::lane_of_seat(std::uint32_t seat) const noexcept {
  Ring lane = ring_;
  if (info_.writers != Writers::laned || ring_.seats == nullptr) return lane;
  lane.seats += seat;
  lane.seat_count = 1;
  lane.first_seat = seat;
  lane.head = &lane.seats->hi;
  lane.slots += seat * lane_bytes_;
  return lane;
}

Timescale Segment::timescale() const {
  if (ring_.is_timed()) return Timescale(clock_);
  throw Error(Code::invalid_argument, {.name = info_.name,
                                       .doing = "read the times of",
                                       .expected = "values with times",
                                       .found = "an arena that was made without",
                                       .remedy = "create it with times"});
}

void Segment::require_clock() const {
  if (!ring_.is_timed()) return;
  const auto refuse = [&](std::string expected, std::string found, std::string remedy) {
    throw Error(Code::unsupported, {.name = info_.name,
                                    .doing = "use the clock of",
                                    .expected = std::move(expected),
                                    .found = std::move(found),
                                    .remedy = std::move(remedy)});
  };
  if (!can_read(info_.clock))
    refuse("the clock " + std::string(to_string(info_.clock)), "a process that may not read it",
           "permit it (prctl PR_SET_TSC), or create the arena in a process that may not, either");
  if (info_.clock == Clock::boottime && own_time_namespace() != clock_.time_namespace)
    refuse("a process in the time namespace " + std::to_string(clock_.time_namespace),
           "one in " + std::to_string(own_time_namespace()), "run both in the same time namespace");
}

std::uint64_t Segment::head() const noexcept {
  if (ring_.lane_count == 1) return std::min(ring_.head->load(std::memory_order_acquire), ring_.limit);  // W2 or X1
  std::uint64_t end = 0;
  for (std::uint32_t i = 0; i < ring_.lane_count; ++i) {
    const Ring lane = lane_of_seat(i);
    const std::uint64_t head = lane.head->load(std::memory_order_acquire);  // X1 -> here
    if (head > 0) end = std::max(end, lane.seq_of(std::min(head, lane.limit) - 1) + 1);
  }
  return end;
}

std::uint64_t Segment::count() const noexcept {
  std::uint64_t count = 0;
  for (std::uint32_t i = 0; i < ring_.lane_count; ++i)
    count += std::min(lane_of_seat(i).head->load(std::memory_order_acquire), ring_.limit);
  return count;
}

bool Segment::has_writers() const noexcept {
  for (std::uint32_t i = 0; i < ring_.seat_count; ++i) {
    const std::uint64_t session = ring_.seats[i].session.load(std::memory_order_acquire);  // E5 -> here
    if (witness_->life_of(i, session) != Life::over) return true;
  }
  return false;
}

std::byte* Segment::map(const Region& region, bool writable, int fd) const {
  try {
    mappings_.push_back(std::make_unique<Mapping>(fd, region, writable));
  } catch (const bip::interprocess_exception& error) {
    throw_errno(error.get_native_error(), Act::map, "map", info_.name);
  }
  const Mapping& mapping = *mappings_.back();
  // Handles do not survive fork: a child that wrote through one would write without a lease.
  if (::madvise(mapping.address(), mapping.size(), MADV_DONTFORK) != 0) throw_errno(errno, Act::map, "map", info_.name);
  keep_out_of_dumps(mapping.address(), mapping.size());
  return static_cast<std::byte*>(mapping.address());
}

Doorbell* Segment::doorbell() const noexcept {
  const NoCancel no_cancel;
  const SignalsBlocked no_handlers;  // one that makes a reader would come upon the lock
  const std::lock_guard<std::mutex> guard(mapping_);
  if (doorbell_tried_) return doorbell_;
  doorbell_tried_ = true;
  ARENA_SHM_STOP_POINT(doorbell_mapping);
  const Descriptor fresh(leases_->open_fresh(O_RDWR));
  if (!fresh) return nullptr;  // no permission to write: the reader polls
  try {
    doorbell_ = reinterpret_cast<Doorbell*>(map(doorbell_region_, true, fresh.get()));
  } catch (const std::exception&) {
    doorbell_ = nullptr;
  }
  return doorbell_;
}

/// What looks at the ring without asking first, as ptr_at does, shall find memory there.
void Segment::refuse_child() noexcept {
  const std::size_t bytes = sizeof(Control) + ring_.payload_offset_bytes + ring_.payload_bytes + sizeof(std::uint64_t);
  void* zeros = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (zeros == MAP_FAILED) return;
  ring_.control = static_cast<Control*>(zeros);
  ring_.head = &ring_.control->head;
  ring_.seats = nullptr;
  ring_.seat_count = 0;
  ring_.consumer_count = 0;
  consumers_ = {};
  ring_.slots = static_cast<std::byte*>(zeros) + sizeof(Control);
  ring_.stride_bytes = 0;
  ring_.lane_count = 1;
}

void Segment::prefault() const noexcept {
  if (forked_.holds()) return;
  const std::size_t bytes = lane_bytes_ * ring_.lane_count;
  const int advice = access_ == Access::read_write ? MADV_POPULATE_WRITE : MADV_POPULATE_READ;
  if (::madvise(ring_.slots, bytes, advice) == 0 || errno != EINVAL) return;
  // Linux before 5.14. What is read is mapped; a writer's first touch still costs a little.
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  for (std::size_t at = 0; at < bytes; at += page) load_word(reinterpret_cast<const std::uint64_t*>(ring_.slots + at));
}

}  // namespace arena_shm::core
