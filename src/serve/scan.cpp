#include "serve/scan.hpp"

#include <algorithm>
#include <vector>

#include "serve/batch_reader.hpp"
#include "serve/json.hpp"
#include "serve/wanted.hpp"

namespace arena_shm::serve {

namespace {

// One value, as a point of the chart.
struct Point {
  std::int64_t place = 0;
  std::uint64_t seq = 0;
  std::vector<std::uint64_t> keys;  // of each series
};

class Scan {
 public:
  // `is_whole`: nothing is before or behind. A time that is told again may be some ns off: it is at the edge then.
  Scan(const RingLayout& layout, std::vector<std::size_t> series, std::pair<std::int64_t, std::int64_t> range,
       bool is_whole, std::size_t columns)
      : layout_(layout),
        series_(std::move(series)),
        from_(range.first),
        to_(std::max(range.second, range.first + 1)),
        is_whole_(is_whole),
        columns_(columns),
        extremes_(columns * series_.size()) {}

  // `gaps`: before these values, or before those of another batch.
  void take(const Batch& batch, const Wanted& wanted, std::vector<Gap>& gaps) {
    for (std::size_t i = 0; i < batch.arrivals.size(); ++i) {
      const std::int64_t found = batch.places[i];
      const std::int64_t place = is_whole_ ? std::clamp(found, from_, to_ - 1) : found;
      const std::uint64_t seq = batch.arrivals[i].seq;
      if (!gaps.empty()) lose_before(seq, place, gaps);
      if (!is_inside(place)) continue;
      const auto record = batch.record(i);
      if (wanted && !wanted(record, seq, batch.time_of(i))) continue;
      add(columns_[index_of(place)], place, seq, record);
    }
  }

  std::string text(std::uint64_t read) const {
    std::string out;
    append(out, R"({{"along":"{}","origin":"{}","from":0,"to":)", layout_.is_along_time() ? "time" : "seq", from_);
    append_place(out, to_);
    append(out, R"(,"width":{})", is_of_points() ? 0.0 : width());
    append(out, R"(,"read":"{}","count":"{}","points":{},"fields":[)", read, count_, is_of_points());
    for (std::size_t k = 0; k < series_.size(); ++k) {
      if (k > 0) out += ',';
      text::append_json_string(out, layout_.series()[series_[k]].name);
    }
    out += "],";
    ColumnArrays arrays(series_.size());
    is_of_points() ? add_points(arrays) : add_columns(arrays);
    arrays.append_to(out);
    out += '}';
    return out;
  }

 private:
  bool is_of_points() const noexcept { return count_ <= columns_.size() && !has_lost(); }
  bool has_lost() const noexcept {
    return std::any_of(columns_.begin(), columns_.end(), [](const Column& column) { return column.lost != Losses{}; });
  }

  bool is_inside(std::int64_t place) const noexcept { return place >= from_ && place < to_; }

  // What was lost in front of that value, of its lane. It has no place but the value's; without times it has its own.
  void lose_before(std::uint64_t seq, std::int64_t place, std::vector<Gap>& gaps) {
    std::erase_if(gaps, [&](const Gap& gap) {
      if (gap.last >= seq || gap.first % gap.step != seq % gap.step) return false;
      if (!layout_.is_along_time())
        lose(gap);
      else if (is_inside(place))
        lost_at(place, gap.cause) += gap.count();
      return true;
    });
  }

  // Each lost value where it would be.
  void lose(const Gap& gap) {
    const std::uint64_t begin = std::max(gap.first, static_cast<std::uint64_t>(std::max<std::int64_t>(from_, 0)));
    const std::uint64_t end = std::min(gap.last + 1, static_cast<std::uint64_t>(std::max<std::int64_t>(to_, 0)));
    for (std::uint64_t seq = gap.first + (begin - gap.first + gap.step - 1) / gap.step * gap.step; seq < end;) {
      const std::size_t column = index_of(static_cast<std::int64_t>(seq));
      const auto next = static_cast<std::uint64_t>(begin_of(column + 1));
      const std::uint64_t count = (std::min(next, end) - seq + gap.step - 1) / gap.step;
      columns_[column].lost[static_cast<std::size_t>(gap.cause)] += count;
      seq += count * gap.step;
    }
  }

  std::uint64_t& lost_at(std::int64_t place, Loss cause) {
    return columns_[index_of(place)].lost[static_cast<std::size_t>(cause)];
  }

  __extension__ using Wide = unsigned __int128;

  std::uint64_t span() const noexcept { return static_cast<std::uint64_t>(to_) - static_cast<std::uint64_t>(from_); }

  std::size_t index_of(std::int64_t place) const noexcept {
    const auto offset = static_cast<std::uint64_t>(place) - static_cast<std::uint64_t>(from_);
    return static_cast<std::size_t>(static_cast<Wide>(offset) * columns_.size() / span());
  }

  // The least place that is in that column, or behind it.
  std::int64_t begin_of(std::size_t column) const noexcept {
    const Wide offset = (static_cast<Wide>(column) * span() + columns_.size() - 1) / columns_.size();
    return from_ + static_cast<std::int64_t>(offset);
  }

  void add(Column& column, std::int64_t place, std::uint64_t seq, std::span<const std::byte> record) {
    const bool is_kept = count_ < columns_.size();
    Point point{.place = place, .seq = seq, .keys = {}};
    if (column.count == 0 || seq < column.first_seq) column.first_seq = seq;
    ++column.count;
    ++count_;
    const auto at = static_cast<std::size_t>(&column - columns_.data());
    for (std::size_t k = 0; k < series_.size(); ++k) {
      const Number& number = layout_.series()[series_[k]].number;
      with_key_reader(number, [&](auto key_at) {
        const std::uint64_t key = key_at(record.data() + number.offset_bytes);
        const bool is_odd = number.is_floating() && key == kNoKey;
        extremes_[at * series_.size() + k].add(is_odd ? Extremes{.odd = 1} : Extremes{.least = key, .greatest = key});
        if (is_kept) point.keys.push_back(key);
      });
    }
    if (is_kept) points_.push_back(std::move(point));
  }

  // As the page has places.
  double width() const noexcept {
    const double width = static_cast<double>(span()) / static_cast<double>(columns_.size());
    return layout_.is_along_time() ? width / 1e9 : width;
  }

  void append_place(std::string& out, std::int64_t place) const {
    if (layout_.is_along_time())
      append_seconds(out, place - from_);
    else
      append(out, "{}", place - from_);
  }

  void add_points(ColumnArrays& arrays) const {
    std::vector<const Point*> points;
    for (const Point& point : points_) points.push_back(&point);
    std::stable_sort(points.begin(), points.end(), [](const Point* a, const Point* b) { return a->place < b->place; });
    std::string place;
    for (const Point* point : points) {
      place.clear();
      append_place(place, point->place);
      arrays.add(place, {.count = 1, .first_seq = point->seq});
      for (std::size_t k = 0; k < series_.size(); ++k) {
        const Number& number = layout_.series()[series_[k]].number;
        const bool is_odd = number.is_floating() && point->keys[k] == kNoKey;
        arrays.add(k, number,
                   is_odd ? Extremes{.odd = 1} : Extremes{.least = point->keys[k], .greatest = point->keys[k]});
      }
    }
  }

  void add_columns(ColumnArrays& arrays) const {
    std::string place;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      if (columns_[i].count == 0 && columns_[i].lost == Losses{}) continue;
      place.clear();
      append_place(place, begin_of(i));
      arrays.add(place, columns_[i]);
      for (std::size_t k = 0; k < series_.size(); ++k)
        arrays.add(k, layout_.series()[series_[k]].number, extremes_[i * series_.size() + k]);
    }
  }

  const RingLayout& layout_;
  std::vector<std::size_t> series_;
  std::int64_t from_;
  std::int64_t to_;
  bool is_whole_;
  std::vector<Column> columns_;
  std::vector<Extremes> extremes_;
  std::vector<Point> points_;  // the first ones, as many as there are columns
  std::uint64_t count_ = 0;
};

// From the least place that there is to behind the greatest.
std::pair<std::int64_t, std::int64_t> whole_range(const RawView& view, const RingLayout& layout,
                                                  const std::vector<std::uint64_t>& end, const std::stop_token& stop) {
  std::optional<std::int64_t> least;
  std::int64_t greatest = 0;
  BatchReader reader(view, layout, From::oldest);
  while (!stop.stop_requested() && reader.read_below(end)) {
    for (const std::int64_t place : reader.batch().places) {
      greatest = least ? std::max(greatest, place) : place;
      least = least ? std::min(*least, place) : place;
    }
  }
  return {least.value_or(0), greatest + 1};
}

}  // namespace

std::string scan(const std::string& name, const Interest& interest, const ScanRange& range,
                 const std::stop_token& stop) {
  if (stop.stop_requested()) return {};
  const RawView view = RawView::open(name);
  const RingLayout layout(view);
  const Wanted wanted = wanted_by(interest.where, layout);
  std::vector<std::size_t> series;
  for (const std::string& field : interest.fields) {
    if (const auto found = layout.find_series(field)) series.push_back(*found);
  }
  const std::vector<std::uint64_t> end = view.reader(From::newest, {.doorbell = false}).position().next();
  const bool is_whole = !range.from || !range.to;
  Scan scan(layout, std::move(series),
            is_whole ? whole_range(view, layout, end, stop) : std::pair(*range.from, *range.to), is_whole,
            range.columns);
  BatchReader reader(view, layout, From::oldest);
  std::vector<Gap> gaps;
  reader.raw().on_gap([&](const Gap& gap) { gaps.push_back(gap); });
  while (!stop.stop_requested() && reader.read_below(end)) scan.take(reader.batch(), wanted, gaps);
  if (stop.stop_requested()) return {};
  return scan.text(reader.raw().read_count());
}

}  // namespace arena_shm::serve
