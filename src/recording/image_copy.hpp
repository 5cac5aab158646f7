// A segment's file, saved as it is.
#pragma once

#include <cstdint>

#include "inspect/image.hpp"
#include "recording/recording_file.hpp"

namespace arena_shm::recording {

/// Copies the segment while its writers go on. A slot that changes meanwhile is saved as one that is being written, so
/// that no value of the copy is torn; head, seats and consumers are as they were at the end, those of lanes, at the end
/// of their lane. What the clock of its times, if it has any, says at the end goes into the header. A damaged segment
/// is copied as it is. Returns: how many slots were saved as being written. Errors: as RecordingFile::flush.
std::uint64_t copy_image(const inspect::Image& image, RecordingFile& out);

}  // namespace arena_shm::recording
