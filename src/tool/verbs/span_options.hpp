// Of what time values are to be, as the command line says it: --since, --last, --until.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "recording/recording_source.hpp"
#include "recording/since.hpp"
#include "terminal/command_line.hpp"

namespace arena_shm::tool {

/// Handles of the three: two of them say where to begin, and exclude each other.
struct SpanOptions {
  terminal::Option since;
  terminal::Option last;
  terminal::Option until;

  /// All that say where to begin.
  void begin_excludes(const char* other) const {
    static_cast<void>(since.excludes(other));
    static_cast<void>(last.excludes(other));
  }
  void exclude(const char* other) const {
    begin_excludes(other);
    static_cast<void>(until.excludes(other));
  }
};

/// Adds them to a verb. `until_seq`: then --until takes a sequence number, too. `follows`: it waits for what comes.
SpanOptions add_span_options(const terminal::Command& verb, recording::TimeSpan& span,
                             std::optional<std::uint64_t>* until_seq = nullptr, bool follows = false);

/// For --last: standard input, pipes and devices cannot be read twice. Errors: Code::invalid_argument.
void require_file(const std::string& path);

/// Of what is in a file: also where only its end tells the beginning. `open`: the same file once more.
/// Errors: as RecordingSource::begin_since; Code::invalid_argument, if it cannot be read twice.
template <class Open>
void begin_span(recording::RecordingSource& source, const recording::TimeSpan& span, const std::string& path,
                Open open) {
  if (!span.is_given()) return;
  source.begin_since(span);
  if (!source.asks_for_newest()) return;
  require_file(path);
  source.tell_newest(*open());
}

}  // namespace arena_shm::tool
