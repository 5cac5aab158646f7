#include "inspect/check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>
#include <thread>
#include <utility>

#include "arena_shm/core/clock.hpp"
#include "arena_shm/core/mutex.hpp"
#include "core/text_file.hpp"
#include "inspect/check_parts.hpp"
#include "inspect/heads.hpp"
#include "inspect/seats.hpp"
#include "inspect/times.hpp"
#include "text/quantities.hpp"

namespace arena_shm::inspect {

namespace {

constexpr std::size_t kMaxAlike = 5;  // findings of one kind that are told one by one
constexpr std::uint64_t kMaxPaddingBytes = 1 << 16;

std::string part_of(const std::string& problem) { return problem.substr(0, problem.find(':')); }

// The words behind the header are read one by one while others write: what is wrong must stay so.
Facts read_settled_facts(const Image& image, std::chrono::milliseconds between_looks) {
  constexpr int kLooks = 2;
  Facts facts = read_facts(image);
  for (int i = 0; i < kLooks && image.is_live() && !facts.problems.empty(); ++i) {
    std::this_thread::sleep_for(between_looks);
    const Facts again = read_facts(image);
    std::erase_if(facts.problems, [&](const std::string& problem) {
      return std::none_of(again.problems.begin(), again.problems.end(),
                          [&](const std::string& other) { return part_of(other) == part_of(problem); });
    });
    if (facts.usable != again.usable) facts = again;
  }
  return facts;
}

void check_creation(const Image& image, const core::Header& header, std::vector<Finding>& findings) {
  const auto add = [&](Severity severity, const char* text) { findings.push_back({severity, text}); };
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  if (header.created_ns > std::chrono::duration_cast<std::chrono::nanoseconds>(now).count())
    add(Severity::note,
        "header: expected a creation time in the past, found one in the future; the clock was set back");
  if (header.epoch == decltype(header.epoch){})
    add(Severity::warning, "header: expected a random epoch, found zeros; remove the arena and create it again");
  const std::string_view name(header.type_name.data(), header.type_name.size());
  if (name.find_first_not_of('\0', std::min(name.find('\0'), name.size())) != std::string_view::npos)
    add(Severity::warning,
        "header: expected zeros after the type's name, found other bytes; remove the arena and create it again");
  auto boot = core::first_line_of("/proc/sys/kernel/random/boot_id");
  if (!image.is_live() || !boot) return;
  std::erase(*boot, '-');
  std::string made;
  for (const std::uint8_t byte : header.boot_id) made += fmt::format("{:02x}", byte);
  if (*boot != made && header.boot_id != decltype(header.boot_id){})
    add(Severity::note,
        "header: expected an arena that was created after the last boot, found an older one; it is a copy of a "
        "saved segment");
}

/// What stands where nothing belongs. These bytes never move.
Suspects suspect_padding(const Image& image, const core::Header& header) {
  using core::Region;
  const std::uint64_t control = header.control.offset_bytes;
  std::vector<Region> used{{0, sizeof(core::Header)},
                           header.schema,
                           header.doorbell,
                           {control + offsetof(core::Control, mutex), sizeof(std::uint64_t)},
                           header.seats,
                           {header.segment_bytes, 0}};
  if (!has_lanes(header)) used.push_back({core::head_offset_bytes(header), sizeof(std::uint64_t)});
  for (std::uint32_t lane = 0; lane < core::lane_count(header); ++lane)
    used.push_back(core::lane_header(header, lane).slots);
  const auto key = [](const Region& region) { return std::pair(region.offset_bytes, region.size_bytes); };
  std::sort(used.begin(), used.end(), [&](auto& a, auto& b) { return key(a) < key(b); });
  Suspects suspects;
  for (std::size_t i = 0; i + 1 < used.size(); ++i) {
    const std::uint64_t begin = used[i].offset_bytes + used[i].size_bytes;
    std::vector<std::byte> bytes(std::min(used[i + 1].offset_bytes - begin, kMaxPaddingBytes));
    bytes.resize(image.read(begin, bytes));
    const auto stray = std::find_if(bytes.begin(), bytes.end(), [](std::byte b) { return b != std::byte{0}; });
    if (stray == bytes.end()) continue;
    const auto at = begin + static_cast<std::uint64_t>(stray - bytes.begin());
    suspects.push_back(
        {.where = "padding",
         .words = {at},
         .severity = Severity::warning,
         .text = fmt::format("expected zeros from byte {} to {}, found {:#04x} at byte {}; {}", begin,
                             used[i + 1].offset_bytes, std::to_integer<unsigned>(*stray), at, kWrittenOver)});
  }
  return suspects;
}

/// Many of one kind become a few, and a count.
void report(const Suspects& suspects, std::vector<Finding>& findings) {
  struct Kind {
    std::string name;  // "seat", "slot", ...
    std::size_t count = 0;
    Severity worst = Severity::note;  // of those that are only counted
  };
  std::vector<Kind> kinds;
  for (const Suspect& suspect : suspects) {
    const std::string name = suspect.where.substr(0, suspect.where.find(' '));
    auto kind = std::find_if(kinds.begin(), kinds.end(), [&](const Kind& known) { return known.name == name; });
    if (kind == kinds.end()) kind = kinds.insert(kinds.end(), {.name = name});
    if (++kind->count <= kMaxAlike) {
      findings.push_back({suspect.severity, suspect.where + ": " + suspect.text});
    } else {
      kind->worst = std::max(kind->worst, suspect.severity);
    }
  }
  for (const Kind& kind : kinds) {
    if (kind.count > kMaxAlike)
      findings.push_back(
          {kind.worst, fmt::format("{}s: {}{} like these", kind.name, kind.count == kMaxSuspects ? "at least " : "",
                                   text::counted(kind.count - kMaxAlike, "more problem"))});
  }
}

void report_times(const Image& image, const CheckedTimes& times, Checked& checked) {
  const auto clock = static_cast<Clock>(checked.facts.header.clock);
  report(times.suspects, checked.findings);
  if (!times.goes_on)
    checked.findings.push_back(
        {Severity::note,
         fmt::format("times: expected the clock {} to have gone on since the arena was created, found that it began "
                     "anew, as in sleep; the times of values before that are less exact",
                     to_string(clock))});
  const auto kernels = kernels_clock();
  if (image.is_live() && is_clock_readable(checked.facts.header) && kernels && !core::is_kernels_own(clock))
    checked.findings.push_back(
        {Severity::warning,
         fmt::format("times: expected that the kernel keeps time with {}, found that it now does with {}; it may have "
                     "found that processors disagree: create the arena again",
                     to_string(clock), *kernels)});
}

std::string times_text(const Info& info, const CheckedTimes& times) {
  std::string text = fmt::format("times (by {}", to_string(info.clock));
  if (times.in_order) text += ", in order within each lane";
  if (times.by_clock) text += ", none in the future";
  return text + ')';
}

std::string lanes_text(const core::Header& header) {
  return (header.flags & core::kFlagLaned) != 0 ? fmt::format(" in {}", text::counted(header.seat_count, "lane")) : "";
}

void describe(const Image& image, const CheckedSlots& slots, const std::optional<CheckedTimes>& times,
              Checked& checked) {
  const Facts& facts = checked.facts;
  auto& verified = checked.verified;
  verified.push_back(fmt::format("header (version {}, {} bytes in 5 regions)", facts.header.layout_version,
                                 facts.header.segment_bytes));
  if (image.is_live()) verified.emplace_back("pages (reserved)");
  verified.push_back(facts.header.schema.size_bytes == 0
                         ? "no schema"
                         : fmt::format("schema ({}, hash {:016x})",
                                       text::counted(facts.header.schema.size_bytes, "byte"),
                                       facts.header.schema_hash));
  if (const auto heads = read_heads(image, facts.header)) verified.push_back(fmt::format("head ({})", heads->end()));
  if (facts.mutex) verified.emplace_back(core::mutex_owner(*facts.mutex) == 0 ? "mutex (free)" : "mutex (owned)");
  if (facts.doorbell)
    verified.emplace_back((*facts.doorbell & 1) != 0 ? "doorbell (a reader may be asleep)" : "doorbell (quiet)");
  verified.push_back(text::counted(facts.header.seat_count, "seat"));
  verified.push_back(fmt::format("{}{} ({} published, {} being written, {})", text::counted(facts.info.slots, "slot"),
                                 lanes_text(facts.header), slots.published, slots.in_flight,
                                 text::counted(slots.holes, "hole")));
  if (times) verified.push_back(times_text(facts.info, *times));
}

}  // namespace

std::string_view to_string(Severity severity) noexcept {
  switch (severity) {
    case Severity::note: return "note";
    case Severity::warning: return "warning";
    case Severity::error: break;
  }
  return "error";
}

bool Checked::has_failed() const noexcept {
  return std::any_of(findings.begin(), findings.end(),
                     [](auto& finding) { return finding.severity != Severity::note; });
}

Checked check(const Image& image, std::chrono::milliseconds between_looks) {
  Checked checked{.facts = read_settled_facts(image, between_looks), .findings = {}, .verified = {}};
  for (const std::string& problem : checked.facts.problems) checked.findings.push_back({Severity::error, problem});
  if (!checked.facts.usable) return checked;
  const core::Header& header = checked.facts.header;
  check_creation(image, header, checked.findings);
  report(suspect_padding(image, header), checked.findings);

  Suspects seats = suspect_seats(image, header);
  keep_persisting(image, between_looks, seats, [&] { return suspect_seats(image, header); });
  report(seats, checked.findings);

  const CheckedSlots slots = check_slots(image, header, between_looks);
  report(slots.halted, checked.findings);
  report(slots.suspects, checked.findings);
  if (slots.holes > 0) {
    const bool laned = (header.flags & core::kFlagLaned) != 0;
    checked.findings.push_back(
        {Severity::note,
         fmt::format("slots: expected a value for each sequence number, found {} without a value, from {}{} on; "
                     "their writers died or skipped them, and readers count them as holes",
                     slots.holes, slots.first_hole,
                     laned ? fmt::format(" of lane {}", slots.first_hole % header.seat_count) : "")});
  }
  std::optional<CheckedTimes> times;
  if (is_timed(header)) {
    times = check_times(image, header);
    report_times(image, *times, checked);
  }
  describe(image, slots, times, checked);
  return checked;
}

}  // namespace arena_shm::inspect
