#include "python/core/info.hpp"

#include <array>
#include <string>
#include <string_view>

#include "arena_shm/wait_set.hpp"
#include "python/core/errors.hpp"
#include "python/core/module.hpp"

namespace arena_shm::python {
namespace py = pybind11;
namespace {

/// Text that anybody may have written.
py::str text(std::string_view bytes) {
  return py::reinterpret_steal<py::str>(
      PyUnicode_DecodeUTF8(bytes.data(), static_cast<Py_ssize_t>(bytes.size()), "replace"));
}

py::bytes bytes(const std::array<std::uint8_t, 16>& id) {
  return {reinterpret_cast<const char*>(id.data()), id.size()};
}

constexpr std::array<const char*, 3> kWriters{"shared", "exclusive", "laned"};
constexpr std::array<const char*, 2> kFull{"overwrite", "wait"};
constexpr std::array<const char*, 2> kManner{"latency", "throughput"};
constexpr std::array<const char*, 2> kOrder{"arrival", "time"};
constexpr std::array<const char*, 2> kRelease{"at_next_call", "explicitly"};

template <class Enum, std::size_t n>
Enum enum_of(const std::array<const char*, n>& names, const char* option, const py::handle& value) {
  std::string expected;
  const bool is_text = PyUnicode_Check(value.ptr()) != 0;
  for (std::size_t i = 0; i < n; ++i) {
    if (is_text && py::cast<std::string>(value) == names[i]) return static_cast<Enum>(i);
    expected.append(i == 0 ? "'" : i + 1 == n ? " or '" : ", '").append(names[i]).append("'");
  }
  raise({is_text ? "invalid_argument" : "invalid_type",
         {.doing = "use options for",
          .expected = std::string("for ").append(option).append(" ").append(expected),
          .found = py::cast<std::string>(py::repr(value)),
          .remedy = "see the documentation of the call"}});
}

/// Sets each option that is given.
class Given {
 public:
  explicit Given(const py::dict& options) : options_(options) {}

  template <class Number>
  void number(const char* name, Number& to) {
    if (options_.contains(name)) to = py::cast<Number>(options_[name]);
  }
  void duration(const char* name, Duration& to) {
    if (options_.contains(name)) to = duration_of(options_[name]);
  }
  template <class Enum, std::size_t n>
  void choice(const char* name, const std::array<const char*, n>& names, Enum& to) {
    if (options_.contains(name)) to = enum_of<Enum>(names, name, options_[name]);
  }

 private:
  const py::dict& options_;
};

double seconds(std::chrono::nanoseconds time) { return std::chrono::duration<double>(time).count(); }

}  // namespace

py::dict info_of(const Info& info) {
  py::dict told;
  told["name"] = text(info.name);
  told["record_name"] = text(info.record.name);
  told["size_bytes"] = info.record.size_bytes;
  told["align_bytes"] = info.record.align_bytes;
  told["schema_text"] = text(info.record.schema);
  told["slots"] = info.slots;
  told["lanes"] = info.lanes;
  told["stride_bytes"] = info.stride_bytes;
  told["segment_bytes"] = info.segment_bytes;
  told["seats"] = info.seats;
  told["writers"] = kWriters.at(static_cast<std::size_t>(info.writers));
  told["clock"] = text(to_string(info.clock));
  told["full"] = kFull.at(static_cast<std::size_t>(info.full));
  told["consumers"] = info.consumers;
  told["patience"] = seconds(info.patience);
  told["epoch"] = bytes(info.epoch);
  told["boot_id"] = bytes(info.boot_id);
  told["created_ns"] = info.created_ns;
  told["creator_pid"] = info.creator_pid;
  told["layout_version"] = info.layout_version;
  return told;
}

py::dict info_of(const ConsumerInfo& info) {
  py::dict told;
  told["name"] = text(info.name);
  told["kind"] = text(to_string(info.kind));
  told["index"] = info.index;
  told["durable"] = info.durable;
  told["life"] = text(to_string(info.life));
  told["group"] = info.group;
  told["members"] = info.members;
  told["holds"] = info.holds;
  told["pid"] = info.pid;
  told["process"] = text(info.process);
  told["position"] = info.position;
  told["lag"] = info.lag;
  told["in_the_way"] = info.in_the_way;
  told["stalled"] = seconds(info.stalled);
  return told;
}

RecordType record_of(const py::tuple& record) {
  return {py::cast<std::string>(record[0]), py::cast<std::uint64_t>(record[1]), py::cast<std::uint64_t>(record[2]),
          py::cast<std::string>(record[3])};
}

Options options_of(const py::dict& options) {
  Options made;
  Given given(options);
  given.number("slots", made.slots);
  given.choice("writers", kWriters, made.writers);
  given.number("seats", made.seats);
  given.number("mode", made.mode);
  given.number("time", made.time);
  given.choice("full", kFull, made.full);
  given.number("consumers", made.consumers);
  given.duration("patience", made.patience);
  return made;
}

ConsumerOptions consumer_options_of(const py::dict& options) {
  ConsumerOptions made;
  Given given(options);
  given.number("share", made.share);
  given.number("durable", made.durable);
  if (options.contains("start")) made.from = from_of(options["start"]);
  given.choice("release", kRelease, made.release);
  given.duration("hold", made.hold);
  given.choice("manner", kManner, made.manner);
  given.choice("order", kOrder, made.order);
  return made;
}

ReaderOptions reader_options_of(const py::dict& options) {
  ReaderOptions made;
  Given given(options);
  given.choice("manner", kManner, made.manner);
  given.duration("hold", made.hold);
  given.number("doorbell", made.doorbell);
  given.choice("order", kOrder, made.order);
  return made;
}

From from_of(const py::object& start) {
  if (!PyUnicode_Check(start.ptr())) return From::at(py::cast<std::uint64_t>(start));
  constexpr std::array<const char*, 2> kEnds{"oldest", "newest"};
  enum class End : std::uint8_t { oldest, newest };
  return enum_of<End>(kEnds, "start", start) == End::oldest ? From::oldest : From::newest;
}

}  // namespace arena_shm::python
