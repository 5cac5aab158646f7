// Who attends to a run that may take long: is told how it goes, and may end it. A terminal in the tool.
#pragma once

#include <string_view>

namespace arena_shm::recording {

class Attendant {
 public:
  virtual ~Attendant() = default;

  /// Is the run to come to an end?
  virtual bool stop_requested() const noexcept = 0;
  /// Something that the user ought to know.
  virtual void note(std::string_view text) = 0;
  /// One line of an account: a gap.
  virtual void tell(std::string_view line) = 0;
  /// How far the run has come: takes the place of the line before. Empty: there is nothing to show any more.
  virtual void show_progress(std::string_view line) = 0;
};

}  // namespace arena_shm::recording
