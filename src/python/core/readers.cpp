#include "python/core/readers.hpp"

#include <pybind11/stl.h>

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "python/core/errors.hpp"
#include "python/core/info.hpp"
#include "python/core/views.hpp"

namespace arena_shm::python {
namespace py = pybind11;

void Gaps::add(const Gap& gap) noexcept {
  try {
    if (gaps_.size() >= 2 * kMost) gaps_.erase(gaps_.begin(), gaps_.begin() + kMost);
    gaps_.push_back(gap);
  } catch (const std::bad_alloc&) {  // the counters have it
  }
}

py::list Gaps::take() {
  const std::size_t first = gaps_.size() - std::min(gaps_.size(), kMost);
  py::list told;
  for (std::size_t i = first; i < gaps_.size(); ++i) {
    const Gap& gap = gaps_[i];
    told.append(py::make_tuple(gap.first, gap.last, std::string(to_string(gap.cause)), gap.step));
  }
  gaps_.clear();
  return told;
}

namespace {

static_assert(offsetof(Arrival, seq) == 0 && offsetof(Arrival, time) == 8 && offsetof(Arrival, late) == 16 &&
              offsetof(Arrival, redelivered) == 17 && sizeof(Arrival) == 24);

/// numpy's name for Arrival.
py::dtype arrival_type() {
  static const py::handle made = [] {
    py::list names;
    py::list formats;
    py::list offsets;
    const auto add = [&](const char* name, const char* format, std::size_t offset) {
      names.append(name);
      formats.append(py::dtype(format));
      offsets.append(offset);
    };
    add("seq", "u8", offsetof(Arrival, seq));
    add("time", "u8", offsetof(Arrival, time));
    add("late", "?", offsetof(Arrival, late));
    add("redelivered", "?", offsetof(Arrival, redelivered));
    return py::dtype(names, formats, offsets, sizeof(Arrival)).release();
  }();
  return py::reinterpret_borrow<py::dtype>(made);
}

py::tuple counts_of(const RawReader& reader) {
  return py::make_tuple(reader.cursor(), reader.read_count(), reader.overwritten_count(), reader.hole_count(),
                        reader.passed_over_count(), reader.lag(), reader.is_exact());
}

py::tuple counts_of(const RawConsumer& consumer) {
  return py::make_tuple(consumer.cursor(), consumer.read_count(), consumer.overwritten_count(), consumer.hole_count(),
                        0, consumer.lag(), consumer.awaited_count(), consumer.late_count(),
                        consumer.redelivered_count());
}

template <class T>
py::tuple counts(Following<T>& self) {
  self.require_open();
  if (self.is_used() && self.counts) return self.counts;
  const Use use(self, Use::By::one_at_a_time);
  return counts_of(self.object());
}

/// The first `count` records of the array: all of it, or, so that a few values do not keep the room of many, a copy.
py::object given_away(py::object& room, const py::dtype& type, std::size_t count) {
  const auto all = py::reinterpret_borrow<py::array>(room);
  const auto capacity = static_cast<std::size_t>(all.size());
  if (count == capacity) return std::exchange(room, py::object());
  if (count > capacity / 2) return std::exchange(room, py::object())[py::slice(0, static_cast<py::ssize_t>(count), 1)];
  py::array few(type, static_cast<py::ssize_t>(count));
  std::memcpy(few.mutable_data(), all.data(), count * static_cast<std::size_t>(type.itemsize()));
  return few;
}

py::array room_for(py::object& room, const py::dtype& type, std::size_t capacity) {
  if (!room || static_cast<std::size_t>(py::len(room)) != capacity) room = py::array(type, capacity);
  return py::reinterpret_borrow<py::array>(room);
}

/// (values, arrivals, gaps), or None if there is neither a value nor a gap.
template <class T>
py::object next_batch(Following<T>& self, std::size_t most) {
  const Use use(self, Use::By::one_at_a_time);
  const py::dtype& type = self.format->dtype();
  py::array values = room_for(self.values, type, most);
  py::array arrivals = room_for(self.arrivals, arrival_type(), most);
  const std::span<std::byte> bytes(static_cast<std::byte*>(values.mutable_data()), most * self.format->size_bytes());
  const std::span<Arrival> into(static_cast<Arrival*>(arrivals.mutable_data()), most);
  const auto take = [&] { return self.object().next_batch(bytes, into); };
  const std::uint64_t coming = std::min<std::uint64_t>(self.object().lag(), most);
  const bool is_much = coming > kLargeCopyBytes / self.format->size_bytes();
  if (is_much) self.counts = counts_of(self.object());
  const std::size_t count = is_much ? without_gil(take) : take();
  if (count == 0 && self.gaps->empty()) return py::none();
  py::object gaps = self.gaps->empty() ? py::object(py::tuple()) : py::object(self.gaps->take());
  return py::make_tuple(given_away(self.values, type, count), given_away(self.arrivals, arrival_type(), count), gaps);
}

template <class T>
py::object next(Following<T>& self) {
  const Use use(self, Use::By::one_at_a_time);
  const Format& format = *self.format;
  py::array one(format.dtype(), py::array::ShapeContainer{}, py::array::StridesContainer{});
  const std::span<std::byte> bytes(static_cast<std::byte*>(one.mutable_data()), format.size_bytes());
  const auto take = [&] { return self.object().next(bytes); };
  if (bytes.size() > kLargeCopyBytes) self.counts = counts_of(self.object());
  const auto seq = bytes.size() > kLargeCopyBytes ? without_gil(take) : take();
  if (!seq) return py::none();
  bool is_redelivered = false;
  if constexpr (std::is_same_v<T, RawConsumer>) is_redelivered = self.object().is_redelivered();
  return entry_of(*seq, one[py::tuple()], self.object().time(), self.object().is_late(), is_redelivered);
}

template <class T>
bool wait(Following<T>& self, const py::object& timeout) {
  const Duration most = duration_of(timeout);
  const Use use(self, Use::By::one_at_a_time);
  if (most <= Duration{} || !self.lets_batches_come) {
    if (self.object().wait_for({})) return true;
    if (most <= Duration{}) return false;
  }
  self.counts = counts_of(self.object());
  return wait_in_slices(
      most, [&](Duration part) { return self.object().wait_for(part); }, [&] { self.look_around(); });
}

template <class T, class Class>
void add_common(Class& following) {
  using Self = Following<T>;
  following.def("next", &next<T>)
      .def("next_batch", &next_batch<T>)
      .def("wait", &wait<T>)
      .def("counts", &counts<T>)
      .def("take_gaps",
           [](Self& self) {
             const Use use(self, Use::By::one_at_a_time);
             return self.gaps->take();
           })
      .def("position", [](Self& self) {
        const Use use(self, Use::By::one_at_a_time);
        return self.object().position().next();
      });
}

template <class T>
std::unique_ptr<Reader> reader_of(Attached<T>& ring, const py::object& start, const py::dict& options) {
  const Use use(ring, Use::By::many);
  const ReaderOptions how = reader_options_of(options);
  const bool is_position = PyList_Check(start.ptr()) != 0;
  RawReader reader = is_position
                         ? ring.object().reader(From::at(Position(py::cast<std::vector<std::uint64_t>>(start))), how)
                         : ring.object().reader(from_of(start), how);
  return std::make_unique<Reader>(ring.name(), "reader", std::move(reader), ring.format,
                                  how.manner == Manner::throughput);
}

}  // namespace

void add_readers(py::module_& module) {
  py::class_<Reader, Handle> reader(module, "Reader");
  add_common<RawReader>(reader);
  reader
      .def("seek",
           [](Reader& self, const py::object& start) {
             const Use use(self, Use::By::one_at_a_time);
             if (PyList_Check(start.ptr()) != 0)
               self.object().seek(Position(py::cast<std::vector<std::uint64_t>>(start)));
             else
               self.object().seek(from_of(start));
           })
      .def("lane_counts", [](Reader& self, std::uint32_t lane) {
        const Use use(self, Use::By::one_at_a_time);
        const LaneCounts counts = self.object().counts(lane);
        return py::make_tuple(counts.cursor, counts.read, counts.overwritten, counts.holes, counts.passed_over);
      });
  py::class_<Consumer, Handle> consumer(module, "Consumer");
  add_common<RawConsumer>(consumer);
  consumer
      .def("release",
           [](Consumer& self) {
             const Use use(self, Use::By::one_at_a_time);
             self.object().release();
           })
      .def("release_before", [](Consumer& self, const std::vector<std::uint64_t>& end) {
        const Use use(self, Use::By::one_at_a_time);
        self.object().release(Position(end));
      });

  module.def("reader", &reader_of<RawView>);
  module.def("reader", &reader_of<RawArena>);
  module.def("consumer", [](Ring& ring, const std::string& name, const py::dict& options) {
    const Use use(ring, Use::By::many);
    const ConsumerOptions how = consumer_options_of(options);
    return std::make_unique<Consumer>(ring.name(), "consumer",
                                      without_gil([&] { return ring.object().consumer(name, how); }), ring.format,
                                      how.manner == Manner::throughput);
  });
}

}  // namespace arena_shm::python
