// Everything about a segment that can be verified from outside, by reading alone.
//
// A live segment moves while it is read. Two things keep that from being taken for damage. Words are read before what
// bounds them: stamps and claims before head, which only grows. And what looks wrong is looked at again: reported is
// only what is wrong in the same words at every look.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "inspect/facts.hpp"
#include "inspect/image.hpp"

namespace arena_shm::inspect {

enum class Severity : std::uint8_t {
  note,     ///< what a death, or the way in which an image was saved, leaves behind: harms nobody
  warning,  ///< the arena works, but somebody should do something
  error,    ///< not what the library writes
};
std::string_view to_string(Severity severity) noexcept;

struct Finding {
  Severity severity;
  std::string text;  ///< "where: expected ..., found ...; remedy"
};

struct Checked {
  Facts facts;
  std::vector<Finding> findings;
  std::vector<std::string> verified;  ///< what has been looked at, and what there is; empty if the header is not usable
  bool has_failed() const noexcept;   ///< there is more than notes
};

/// What is wrong with the contents never throws.
/// Cost: reads the stamps, and twice the times, of all slots that were ever used; sleeps `between_looks` a few times
/// where something looks wrong.
Checked check(const Image& image, std::chrono::milliseconds between_looks = std::chrono::milliseconds{10});

}  // namespace arena_shm::inspect
