// Writers.
#pragma once

#include <utility>

#include "arena_shm/raw.hpp"
#include "python/core/handle.hpp"
#include "python/core/module.hpp"

namespace arena_shm::python {

class Writer final : public Holding<RawWriter> {
 public:
  Writer(std::string name, RawWriter&& object, SharedFormat of, bool lossless)
      : Holding(std::move(name), "writer", std::move(object)), format(std::move(of)), is_lossless(lossless) {}
  const SharedFormat format;
  const bool is_lossless;
};

}  // namespace arena_shm::python
