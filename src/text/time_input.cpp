// Times from texts.
#include <chrono>
#include <cstdint>
#include <limits>

#include "text/time_text.hpp"

namespace arena_shm::text {

namespace {

__extension__ using Wide = __int128;  // holds every time of either sign in every unit

// Takes from the front of a text what it is asked for, or says that it is not there.
class Scanner {
 public:
  explicit Scanner(std::string_view text) noexcept : rest_(text) {}

  bool at_end() const noexcept { return rest_.empty(); }
  bool at_digit() const noexcept { return !rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9'; }

  bool take_one_of(std::string_view some) noexcept {
    if (rest_.empty() || some.find(rest_.front()) == std::string_view::npos) return false;
    taken_ = rest_.front();
    rest_.remove_prefix(1);
    return true;
  }
  char taken() const noexcept { return taken_; }

  /// Requires: so many digits fit into the number.
  bool take_number(std::int64_t& number, int least_digits, int most_digits) noexcept {
    number = 0;
    int count = 0;
    for (; count < most_digits && at_digit(); ++count) {
      number = 10 * number + (rest_.front() - '0');
      rest_.remove_prefix(1);
    }
    return count >= least_digits;
  }

 private:
  std::string_view rest_;
  char taken_ = 0;
};

struct Time {
  Wide seconds = 0;       // since 1970
  std::int64_t part = 0;  // of a second, in units
  bool inexact = false;
};

// Days since 1970, by a year near enough for std::chrono: the calendar repeats itself after 400 years.
bool read_date(Scanner& scan, Wide& days) noexcept {
  constexpr int kMostYearDigits = 15;
  constexpr std::int64_t kYearsOfCycle = 400;
  constexpr std::int64_t kDaysOfCycle = 146'097;
  constexpr int kBaseYear = 2000;
  const bool signed_year = scan.take_one_of("+-");
  const bool negative = signed_year && scan.taken() == '-';
  std::int64_t year = 0;
  std::int64_t month = 0;
  std::int64_t day = 0;
  if (!scan.take_number(year, 4, kMostYearDigits) || !scan.take_one_of("-") || !scan.take_number(month, 2, 2) ||
      !scan.take_one_of("-") || !scan.take_number(day, 2, 2))
    return false;
  const std::int64_t from_base = (negative ? -year : year) - kBaseYear;
  std::int64_t cycles = from_base / kYearsOfCycle;
  if (from_base % kYearsOfCycle < 0) --cycles;
  const auto in_cycle = static_cast<int>(from_base - cycles * kYearsOfCycle);
  const std::chrono::year_month_day date{std::chrono::year{kBaseYear + in_cycle},
                                         std::chrono::month{static_cast<unsigned>(month)},
                                         std::chrono::day{static_cast<unsigned>(day)}};
  if (!date.ok()) return false;
  days = Wide{std::chrono::sys_days(date).time_since_epoch().count()} + Wide{cycles} * kDaysOfCycle;
  return true;
}

// The digits behind the point, in units.
bool read_part(Scanner& scan, std::int64_t units_per_second, Time& time) noexcept {
  if (!scan.at_digit()) return false;
  for (std::int64_t unit = units_per_second / 10; scan.at_digit(); unit /= 10) {
    std::int64_t digit = 0;
    scan.take_number(digit, 1, 1);
    time.part += digit * unit;
    if (unit == 0 && digit != 0) time.inexact = true;
  }
  return true;
}

bool read_clock(Scanner& scan, std::int64_t units_per_second, Time& time) noexcept {
  std::int64_t hour = 0;
  std::int64_t minute = 0;
  std::int64_t second = 0;
  if (!scan.take_number(hour, 2, 2) || !scan.take_one_of(":") || !scan.take_number(minute, 2, 2)) return false;
  if (scan.take_one_of(":")) {
    if (!scan.take_number(second, 2, 2)) return false;
    if (scan.take_one_of(".") && !read_part(scan, units_per_second, time)) return false;
  }
  if (hour > 23 || minute > 59 || second > 59) return false;
  time.seconds += (hour * 60 + minute) * 60 + second;
  return true;
}

// Z, +02:00, +0200, +02 or nothing.
bool read_offset(Scanner& scan, Time& time) noexcept {
  if (scan.at_end() || scan.take_one_of("Zz")) return true;
  if (!scan.take_one_of("+-")) return false;
  const int east = scan.taken() == '+' ? 1 : -1;
  std::int64_t hours = 0;
  std::int64_t minutes = 0;
  if (!scan.take_number(hours, 2, 2)) return false;
  const bool colon = scan.take_one_of(":");
  if ((colon || scan.at_digit()) && !scan.take_number(minutes, 2, 2)) return false;
  if (hours > 23 || minutes > 59) return false;
  time.seconds -= east * (hours * 60 + minutes) * 60;
  return true;
}

bool read(std::string_view text, std::int64_t units_per_second, Time& time) noexcept {
  constexpr int kSecondsOfDay = 86'400;
  Scanner scan(text);
  Wide days = 0;
  if (!read_date(scan, days)) return false;
  time.seconds = days * kSecondsOfDay;
  if (scan.take_one_of("Tt ") && !read_clock(scan, units_per_second, time)) return false;
  return read_offset(scan, time) && scan.at_end();
}

template <class T>
TimeReading read_as(std::string_view text, std::int64_t units_per_second, T& since_1970) noexcept {
  Time time;
  if (!read(text, units_per_second, time)) return TimeReading::no_time;
  const Wide count = time.seconds * units_per_second + time.part;
  if (count < Wide{std::numeric_limits<T>::min()} || count > Wide{std::numeric_limits<T>::max()})
    return TimeReading::out_of_range;
  since_1970 = static_cast<T>(count);
  return time.inexact ? TimeReading::inexact : TimeReading::ok;
}

}  // namespace

TimeReading read_time(std::string_view text, std::int64_t units_per_second, std::int64_t& since_1970) noexcept {
  return read_as(text, units_per_second, since_1970);
}

TimeReading read_time(std::string_view text, std::int64_t units_per_second, std::uint64_t& since_1970) noexcept {
  return read_as(text, units_per_second, since_1970);
}

}  // namespace arena_shm::text
