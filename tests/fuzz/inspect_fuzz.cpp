// Inspects hostile images: says what is wrong with them, and crashes on none.
#include "fuzz/segment_pokes.hpp"
#include "inspect/check.hpp"
#include "inspect/consumers.hpp"
#include "inspect/facts.hpp"
#include "inspect/seats.hpp"
#include "inspect/values.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace arena_shm;
  fuzz::Input input({data, size});
  const std::string hostile = fuzz::poked_image(input, fuzz::Kinds::all);
  const fuzz::HostileFile file(hostile);
  const inspect::Image image = inspect::Image::of_file(file.path());
  const inspect::Facts facts = inspect::read_facts(image);
  const inspect::Checked checked = inspect::check(image, std::chrono::milliseconds(0));
  if (checked.facts.usable != facts.usable || checked.has_failed() < !facts.problems.empty()) std::abort();
  if (!facts.usable) {
    if (facts.problems.empty()) std::abort();  // it has to say why
    return 0;
  }
  const inspect::Seats seats = inspect::read_seats(image, facts.header);
  for (const inspect::SeatFacts& seat : seats.all) static_cast<void>(inspect::describe_claim(seat, facts.header));
  if (facts.head) {
    inspect::Consumers consumers = inspect::read_consumers(image, facts.header, facts.heads, seats);
    inspect::read_lag_times(image, facts.header, facts.heads, consumers);
    static_cast<void>(consumers.blocker());
    if (consumers.in_order().size() > consumers.all.size()) std::abort();
    static_cast<void>(inspect::oldest_readable(image, facts.header, facts.heads));
    if (inspect::newest_values(image, facts.header, facts.heads, 5).size() > 5) std::abort();
  }
  static_cast<void>(inspect::read_value(image, facts.header, fuzz::poke_value(input)));
  return 0;
}
