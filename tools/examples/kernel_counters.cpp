// Samples the kernel's counters ten times a second and records them.
//
//   kernel_counters ARENA
//
// One sample is one record, so whoever reads it sees counters that belong together. SIGINT or SIGTERM ends it.
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <fstream>
#include <limits>
#include <stdexcept>
#include <string>
#include <thread>

#include "arena_shm/arena.hpp"
#include "arena_shm/describe.hpp"

namespace {

using namespace std::chrono_literals;
constexpr auto kPeriod = 100ms;

struct Counters {
  std::uint64_t ts_ns;          // nanoseconds since 1970
  std::uint64_t busy_ticks;     // all CPUs, 1/100 s: user, nice, system, interrupts, stolen
  std::uint64_t idle_ticks;     // all CPUs: idle, waiting for input or output
  std::uint64_t switches;       // context switches since boot
  std::uint64_t available_kib;  // memory that programs can still have
  std::uint64_t rx_bytes;       // received, all network interfaces
  std::uint64_t tx_bytes;       // sent
  std::uint64_t own_run_ns;     // this process: on a CPU
  std::uint64_t own_wait_ns;    // this process: ready, and waiting for a CPU
};
BOOST_DESCRIBE_STRUCT(Counters, (),
                      (ts_ns, busy_ticks, idle_ticks, switches, available_kib, rx_bytes, tx_bytes, own_run_ns,
                       own_wait_ns))

constexpr std::uint64_t kSlots = 600;  // the last minute

volatile std::sig_atomic_t stop = 0;

void skip_line(std::istream& in) { in.ignore(std::numeric_limits<std::streamsize>::max(), '\n'); }

void read_stat(Counters& counters) {
  std::ifstream in("/proc/stat");
  std::string key;
  std::uint64_t user = 0, nice = 0, system = 0, idle = 0, io_wait = 0, irq = 0, soft_irq = 0, stolen = 0;
  in >> key >> user >> nice >> system >> idle >> io_wait >> irq >> soft_irq >> stolen;
  counters.busy_ticks = user + nice + system + irq + soft_irq + stolen;
  counters.idle_ticks = idle + io_wait;
  while (in >> key && key != "ctxt") skip_line(in);
  in >> counters.switches;
}

void read_meminfo(Counters& counters) {
  std::ifstream in("/proc/meminfo");
  std::string key;
  while (in >> key && key != "MemAvailable:") skip_line(in);
  in >> counters.available_kib;
}

void read_net_dev(Counters& counters) {
  std::ifstream in("/proc/net/dev");
  skip_line(in);
  skip_line(in);
  std::string interface;
  while (std::getline(in, interface, ':')) {
    std::uint64_t field[16] = {};
    for (std::uint64_t& value : field) in >> value;
    counters.rx_bytes += field[0];
    counters.tx_bytes += field[8];
    skip_line(in);
  }
}

void read_schedstat(Counters& counters) {
  std::ifstream in("/proc/self/schedstat");
  in >> counters.own_run_ns >> counters.own_wait_ns;
}

void sample(const char* name) {
  auto arena = arena_shm::Arena<Counters>::open_or_create(name, {.slots = kSlots});
  auto writer = arena.writer();
  std::uint64_t written = 0;
  for (auto wake = std::chrono::steady_clock::now(); stop == 0; wake += kPeriod) {
    std::this_thread::sleep_until(wake);
    Counters counters{};
    counters.ts_ns = static_cast<std::uint64_t>(std::chrono::system_clock::now().time_since_epoch() / 1ns);
    read_stat(counters);
    read_meminfo(counters);
    read_net_dev(counters);
    read_schedstat(counters);
    writer.alloc(counters);
    ++written;
  }
  std::printf("kernel_counters: wrote %lu values\n", written);
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 2) throw std::invalid_argument("usage: kernel_counters ARENA");
  std::signal(SIGINT, [](int) { stop = 1; });
  std::signal(SIGTERM, [](int) { stop = 1; });
  sample(argv[1]);
} catch (const std::exception& error) {
  std::fprintf(stderr, "kernel_counters: %s\n", error.what());
  return 1;
}
