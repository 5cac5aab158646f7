// The small value types of the public interface: what is asked for when an arena is made, and what reads give back.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "arena_shm/duration.hpp"

namespace arena_shm {

/// Who may write at a time. Chosen when the arena is created.
enum class Writers : std::uint8_t {
  shared,     ///< up to `seats` writers at once
  exclusive,  ///< one at a time, and no locked instruction in its alloc; a second one gets Code::table_full
  /// Up to `seats` at once, each with `slots` slots of its own, a lane: none of them slows another one down. Values of
  /// one lane have an order; those of different lanes have none.
  laned,
};

/// What becomes of a value when the ring is full. Chosen when the arena is created.
enum class Full : std::uint8_t {
  overwrite,  ///< the oldest value is overwritten: nobody waits, and who is too slow loses values
  wait,       ///< lossless: writers wait for every consumer that is registered, as long as it lives
};

/// How an arena is to be created.
struct Options {
  std::uint64_t slots = 0;            ///< values the ring holds, exactly; laned: each lane; any number > 0
  Writers writers = Writers::shared;  ///< shared, exclusive or laned
  std::uint32_t seats = 64;           ///< writers that may be attached at once, 1 to 4096; exclusive arenas have one
  unsigned mode = 0600;               ///< permission bits of the segment; the umask does not apply
  bool time = false;                  ///< each value gets the time of its append: Entry::time. 8 bytes a slot
  Full full = Full::overwrite;        ///< overwrite, or wait
  std::uint32_t consumers = 8;        ///< lossless: that may be registered at once, 1 to 256
  /// Lossless: a consumer that has held up a writer for so long without progress is evicted: it loses values, and is
  /// told. Zero: never, writers wait for ever.
  Duration patience{};
};

/// What a record is, when it is known at run time only.
struct RecordType {
  std::string name;               ///< type name; empty: unknown, agrees with every name
  std::uint64_t size_bytes = 0;   ///< > 0
  std::uint64_t align_bytes = 8;  ///< a power of two, at most the page size
  std::string schema;             ///< JSON text as numpy.dtype reads it; empty: none, agrees with every schema
};

/// A value with its sequence number. `alloc` returns one, and so does a reader. In a variable without an initialiser,
/// the value is as uninitialised as a T would be. `auto [seq, value] = entry` takes the first two members.
template <class T>
struct Entry {
  std::uint64_t seq = 0;  ///< its sequence number
  T value;                ///< a copy
  /// With Options::time: when it was appended, by the arena's clock; 0 without. Timescale turns it into a time of day.
  std::uint64_t time = 0;
  /// In Order::time: older than a value that has come before, or of a time that cannot be. Of a consumer of a shared
  /// arena: its writer was so slow that the consumer went on without.
  bool late = false;
  /// Of a member of a group: another one may have had it, which has died, left, or was evicted.
  bool redelivered = false;
};

namespace core {

template <class E>
inline constexpr bool is_entry = false;
template <class T>
inline constexpr bool is_entry<Entry<T>> = true;

}  // namespace core

/// For `auto [seq, value] = entry`. Of an Entry only: it is found for whatever has one in its type.
/// @param entry  an Entry
/// Returns: its seq, or its value.
template <std::size_t i, class E>
requires(i < 2 && core::is_entry<std::remove_cvref_t<E>>) constexpr auto&& get(E&& entry) noexcept {
  if constexpr (i == 0)
    return std::forward<E>(entry).seq;
  else
    return std::forward<E>(entry).value;
}

/// Where a batch went. Its values have growing sequence numbers from first to last; numbers in between may be others'.
struct SeqRange {
  std::uint64_t first = 0;  ///< the sequence number of the first value
  std::uint64_t last = 0;   ///< that of the last one
  std::uint64_t count = 0;  ///< values published; 0: first and last mean nothing

  /// Appends what comes later.
  /// @param later  where that went
  void add(const SeqRange& later) noexcept {
    if (later.count == 0) return;
    if (count == 0) first = later.first;
    last = later.last;
    count += later.count;
  }
  /// Appends [begin, begin + values).
  /// @param begin, values  the first sequence number, and how many there are, without gaps
  void add(std::uint64_t begin, std::uint64_t values) noexcept { add(SeqRange{begin, begin + values - 1, values}); }
};

/// What `read(seq)` found.
enum class ReadStatus : std::uint8_t {
  ok,           ///< the value was there and is whole
  not_yet,      ///< seq has not been handed out
  pending,      ///< handed out, not published; its writer lives
  overwritten,  ///< the slot belongs to a later value
  hole,         ///< handed out and never to be published: its writer died or skipped it
};

/// @param status  one of the enumerators
/// Returns: "ok", "not_yet", ...: the enumerator's name.
std::string_view to_string(ReadStatus status) noexcept;

/// The outcome of `read(seq)`; holds a value if, and only if, the status is ok.
template <class T>
struct ReadResult {
  ReadStatus status = ReadStatus::not_yet;  ///< ok, or why there is no value
  std::optional<T> value;                   ///< a copy
  std::uint64_t time = 0;                   ///< as Entry::time

  /// Returns: is there a value?
  explicit operator bool() const noexcept { return value.has_value(); }
  /// Requires: status == ok. Returns: the value.
  const T& operator*() const noexcept { return *value; }
  /// Requires: status == ok. Returns: the value's address.
  const T* operator->() const noexcept { return &*value; }
};

/// Where a reader is, and another one can begin: for each lane, the next sequence number that it wants. Arenas without
/// lanes have one.
class Position {
 public:
  /// @param next  for each lane, the next sequence number that is wanted
  explicit Position(std::vector<std::uint64_t> next) : next_(std::move(next)) {}
  /// Returns: for each lane, the next sequence number that is wanted.
  const std::vector<std::uint64_t>& next() const noexcept { return next_; }
  /// Returns: do all numbers agree?
  friend bool operator==(const Position&, const Position&) = default;

 private:
  std::vector<std::uint64_t> next_;
};

/// Where a reader begins.
class From {
 public:
  static const From oldest;  ///< the oldest value that can be read
  static const From newest;  ///< the first value that is handed out from now on
  /// @param seq  where to begin; in lanes, in each of them with the first value that is not below it
  /// Returns: that place.
  static constexpr From at(std::uint64_t seq) noexcept { return From{Kind::at, seq}; }
  /// @param position  of another reader
  /// Returns: the same place.
  static Position at(Position position) noexcept { return position; }

  /// Returns: is it a sequence number?
  constexpr bool is_seq() const noexcept { return kind_ == Kind::at; }
  /// @param head, slots  where the counter stands, and how many values the ring holds
  /// Returns: the first sequence number to read.
  constexpr std::uint64_t cursor(std::uint64_t head, std::uint64_t slots) const noexcept {
    if (kind_ == Kind::at) return seq_;
    if (kind_ == Kind::newest) return head;
    return head > slots ? head - slots : 0;
  }

 private:
  enum class Kind : std::uint8_t { oldest, newest, at };
  constexpr From(Kind kind, std::uint64_t seq) noexcept : kind_(kind), seq_(seq) {}
  Kind kind_;
  std::uint64_t seq_;
};
inline constexpr From From::oldest{From::Kind::oldest, 0};
inline constexpr From From::newest{From::Kind::newest, 0};

/// How a reader follows a writer that it has caught up with.
enum class Manner : std::uint8_t {
  latency,     ///< looks at the next slot all the time: gets each value soonest, slows the writer
  throughput,  ///< `wait_for` lets a quarter of the ring come first, or 1 to 32 us pass: hardly slows the writer
};

/// In what order a reader takes the values of several lanes.
enum class Order : std::uint8_t {
  arrival,  ///< of each lane in its own order; lanes by turns, in long runs
  /// In order of time, across all lanes: nothing comes that is older than what has come before, but marked
  /// Entry::late. Of equal times, the lower lane first. Needs Options::time, in lanes or exclusive.
  ///
  /// An idle lane does not hold up the others: it is proved to have nothing older, by a round. A round is a membarrier,
  /// which interrupts every running writer for some microseconds. There is one only where a value waits for it; of
  /// Manner::throughput, one in 100 us at most. A writer that lives and does not publish what it has claimed holds up
  /// all, for ReaderOptions::hold; then its lane is set aside. What it had claimed comes in its
  /// place, if that is still to come, and is marked otherwise.
  time,
};

/// How a reader follows.
struct ReaderOptions {
  Manner manner = Manner::latency;  ///< how soon it has to have each value
  /// How long later values are held back for one whose writer lives but does not publish it. Then it is passed over;
  /// in Order::time, set aside.
  /// Any duration will do: std::chrono::hours::max() is for ever, zero and less is not at all.
  Duration hold = std::chrono::milliseconds{1};
  /// Sleep on the arena's doorbell, if it may be written; else poll. Nothing but the doorbell's page is mapped
  /// writable.
  bool doorbell = true;
  Order order = Order::arrival;  ///< of the values of several lanes
};

/// When a consumer has done with what it got.
enum class Release : std::uint8_t {
  at_next_call,  ///< when it asks for the next value, or waits for it
  explicitly,    ///< when it calls release(): for who has to keep several values at once
};

/// How a consumer consumes.
struct ConsumerOptions {
  /// Join the group of that name, or found it: each value goes to one of its members. `durable` is for the group as a
  /// whole, if one of them asks for it; `from` is where who founds it begins; the rest is each member's own.
  bool share = false;
  /// The writers wait for it also while nobody has its name. It comes back with what was not released: at least once.
  bool durable = false;
  From from = From::newest;  ///< where a name begins that was not there; a durable one goes on from where it was
  Release release = Release::at_next_call;  ///< when it has done with what it got
  /// How long later values are held back for one whose writer has stopped in the middle of it. Then the consumer goes
  /// on without; it comes late, marked, when it is published.
  Duration hold = std::chrono::milliseconds{1};
  Manner manner = Manner::latency;  ///< how soon it has to have each value
  Order order = Order::arrival;     ///< of the values of several lanes
};

/// What became of the values of one lane that a follower has come by; of an arena without lanes, of all. Its cursor
/// went on by the sum of the last four, from where it began, or was set by seek.
struct LaneCounts {
  std::uint64_t cursor = 0;       ///< the next sequence number it wants of this lane
  std::uint64_t read = 0;         ///< values that were delivered
  std::uint64_t overwritten = 0;  ///< Loss::overwritten
  std::uint64_t holes = 0;        ///< Loss::hole
  std::uint64_t passed_over = 0;  ///< Loss::passed_over
};

/// Why a follower did not get a value.
enum class Loss : std::uint8_t {
  overwritten,  ///< a later value took its slot before the reader came
  hole,         ///< its writer died or skipped it
  /// The reader went on without it. Its writer lives, but has held it for longer than ReaderOptions::hold; or the
  /// reader is slower than the writers, and jumped ahead by up to half the ring, so as to read in long runs.
  passed_over,
};

/// @param loss  one of the enumerators
/// Returns: "overwritten", "hole", "passed over".
std::string_view to_string(Loss loss) noexcept;

/// A run of values that a follower did not get, all for the same reason: the sequence numbers first, first + step, ...,
/// last.
struct Gap {
  std::uint64_t first = 0;         ///< the lowest sequence number
  std::uint64_t last = 0;          ///< the highest
  Loss cause = Loss::overwritten;  ///< why
  std::uint64_t step = 1;          ///< the number of lanes: a run is of one of them
  /// Returns: how many values.
  std::uint64_t count() const noexcept { return (last - first) / step + 1; }
};

}  // namespace arena_shm

template <class T>
struct std::tuple_size<arena_shm::Entry<T>> : std::integral_constant<std::size_t, 2> {};
template <class T>
struct std::tuple_element<0, arena_shm::Entry<T>> {
  using type = std::uint64_t;
};
template <class T>
struct std::tuple_element<1, arena_shm::Entry<T>> {
  using type = T;
};
