#include "plot/gnuplot.hpp"

#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <cstdint>
#include <iterator>

#include "arena_shm/core/system.hpp"
#include "arena_shm/error.hpp"
#include "recording/temporary_file.hpp"
#include "text/time_text.hpp"
#include "text/utf8.hpp"

extern char** environ;  // NOLINT(readability-redundant-declaration): POSIX has it in no header

namespace arena_shm::plot {

namespace {

constexpr std::uint64_t kNsPerSecond = 1'000'000'000;

// Between single quotes nothing has a meaning but the quote.
std::string quoted(const std::string& text) {
  std::string quoted = "'";
  for (const char c : text::printable(text)) quoted += c == '\'' ? "''" : std::string(1, c);
  return quoted + '\'';
}

std::string place(std::int64_t at, std::int64_t first, Axis axis) {
  if (!axis.is_time) return fmt::format("{}", at);
  const std::uint64_t since = static_cast<std::uint64_t>(at) - static_cast<std::uint64_t>(first);
  return fmt::format("{}.{:09}", since / kNsPerSecond, since % kNsPerSecond);
}

Extremes extremes_of(const Bins& bins, std::size_t i) {
  Extremes all;
  for (const auto& [number, extremes] : bins.bins()) all.add(extremes[i]);
  return all;
}

// What a series is divided by: gnuplot takes numbers from half of the greatest one on for none.
struct Scale {
  double divisor = 1;
  const char* text = "";
};

Scale scale_of(const Extremes& all) {
  constexpr double kMost = 1e300;  // an axis goes beyond its values
  if (!all.is_there() || std::max(std::abs(all.least), std::abs(all.greatest)) < kMost) return {};
  return {.divisor = 1e10, .text = " times 1e10"};
}

void append_data(std::string& out, std::size_t i, const Bins& bins, std::int64_t first, Axis axis) {
  const double divisor = scale_of(extremes_of(bins, i)).divisor;
  out += fmt::format("$d{} << EOD\n", i);
  for (const auto& [number, extremes] : bins.bins()) {
    const Extremes& one = extremes[i];
    if (!one.is_there()) continue;
    std::pair a{one.least_at, one.least};
    std::pair b{one.greatest_at, one.greatest};
    if (b.first < a.first) std::swap(a, b);
    fmt::format_to(std::back_inserter(out), "{} {}\n", place(a.first, first, axis), a.second / divisor);
    if (b != a) fmt::format_to(std::back_inserter(out), "{} {}\n", place(b.first, first, axis), b.second / divisor);
  }
  out += "EOD\n";
}

std::int64_t first_place(const Bins& bins) {
  std::int64_t first = bins.last();
  for (const auto& [number, extremes] : bins.bins()) {
    bool is_any = false;
    for (const Extremes& one : extremes) {
      if (one.is_there()) first = std::min({first, one.least_at, one.greatest_at});
      is_any = is_any || one.is_there();
    }
    if (is_any) break;
  }
  return first;
}

std::string range_of(const Extremes& all, const Scale& scale) {
  if (!all.is_there()) return "[0:1]";
  if (all.least < all.greatest) return "[*:*]";
  const double value = all.least / scale.divisor;
  const double room = value == 0 ? 1 : std::abs(value) * 0.1;
  return fmt::format("[{}:{}]", value - room, value + room);
}

// Puts descriptors where a child has its standard ones.
class Streams {
 public:
  Streams(int in, int out, int errors) {
    ::posix_spawn_file_actions_init(&actions_);
    ::posix_spawn_file_actions_adddup2(&actions_, in, STDIN_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions_, out, STDOUT_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions_, errors, STDERR_FILENO);
  }
  Streams(const Streams&) = delete;
  Streams& operator=(const Streams&) = delete;
  ~Streams() { ::posix_spawn_file_actions_destroy(&actions_); }
  const posix_spawn_file_actions_t* get() const noexcept { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_{};
};

[[noreturn]] void refuse(Code code, std::string expected, std::string found, std::string remedy) {
  throw Error(code, {.name = "gnuplot",
                     .doing = "draw with",
                     .expected = std::move(expected),
                     .found = std::move(found),
                     .remedy = std::move(remedy)});
}

std::string all_of(int fd) {
  std::string all;
  std::array<char, 65536> block{};
  for (off_t at = 0;;) {
    const ssize_t got = ::pread(fd, block.data(), block.size(), at);
    if (got <= 0) return all;
    all.append(block.data(), static_cast<std::size_t>(got));
    at += got;
  }
}

}  // namespace

std::string gnuplot_script(const std::string& title, const std::vector<Series>& series, const Bins& bins, Axis axis) {
  constexpr std::size_t kHeightOfOne = 220;
  std::string script = fmt::format(
      "set terminal svg size 1000,{} noenhanced font 'sans,12' background rgb 'white'\n"
      "set grid lc rgb '#dddddd'\nset lmargin 14\nset rmargin 4\n",
      60 + kHeightOfOne * series.size());
  const std::int64_t first = bins.is_empty() ? 0 : first_place(bins);
  for (std::size_t i = 0; i < series.size(); ++i) append_data(script, i, bins, first, axis);
  script += fmt::format("set multiplot layout {},1 title {} noenhanced\n", series.size(), quoted(title));
  script += bins.is_empty() || first == bins.last()
                ? "set xrange [-1:1]\n"
                : fmt::format("set xrange [{}:{}]\n", place(first, first, axis), place(bins.last(), first, axis));
  for (std::size_t i = 0; i < series.size(); ++i) {
    const std::string unit = series[i].unit.empty() ? "" : " (" + series[i].unit + ")";
    if (i + 1 == series.size()) {
      script += fmt::format("set xlabel {} noenhanced\n",
                            quoted(axis.is_time ? "seconds since " + text::time_text(first, kNsPerSecond)
                                                : std::string("sequence number")));
    }
    const Extremes all = extremes_of(bins, i);
    const Scale scale = scale_of(all);
    script += fmt::format("set ylabel {} noenhanced\nset yrange {}\n", quoted(series[i].name + unit + scale.text),
                          range_of(all, scale));
    script += fmt::format("plot $d{} using 1:2 with linespoints lc rgb '#1f77b4' pt 7 ps 0.2 notitle\n", i);
  }
  return script + "unset multiplot\n";
}

std::string run_gnuplot(const std::string& script) {
  const core::Descriptor in = recording::temporary_file();
  const core::Descriptor out = recording::temporary_file();
  const core::Descriptor said = recording::temporary_file();  // also of pictures that are whole
  for (std::size_t at = 0; at < script.size();) {
    const ssize_t written = ::pwrite(in.get(), script.data() + at, script.size() - at, static_cast<off_t>(at));
    if (written < 0) core::throw_errno(errno, core::Act::write_file, "write to", "a temporary file");
    at += static_cast<std::size_t>(written);
  }
  ::lseek(in.get(), 0, SEEK_SET);
  const Streams streams(in.get(), out.get(), said.get());
  std::string program = "gnuplot";
  std::array<char*, 2> arguments{program.data(), nullptr};
  pid_t child = 0;
  const int error = ::posix_spawnp(&child, program.c_str(), streams.get(), nullptr, arguments.data(), environ);
  constexpr const char* kRemedy = "install it (Debian: gnuplot-nox); without -o, arena-shm plot draws in the terminal";
  if (error != 0) refuse(Code::unsupported, "gnuplot in PATH", "none (" + core::errno_text(error) + ")", kRemedy);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  std::string picture = all_of(out.get());
  if (!WIFEXITED(status) || WEXITSTATUS(status) == 127)
    refuse(Code::unsupported, "gnuplot in PATH", "none that runs", kRemedy);
  if (WEXITSTATUS(status) != 0 || picture.find("</svg>") == std::string::npos) {
    refuse(Code::system, "a picture",
           fmt::format("exit code {}, and what it said: {}", WEXITSTATUS(status), text::excerpt(all_of(said.get()))),
           "gnuplot 5.2 or later with the terminal svg is needed");
  }
  return picture;
}

}  // namespace arena_shm::plot
