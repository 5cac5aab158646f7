// Readers and consumers.
#pragma once

#include <pybind11/numpy.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "arena_shm/raw.hpp"
#include "python/core/handle.hpp"
#include "python/core/module.hpp"

namespace arena_shm::python {

/// Runs of lost values that nobody has asked for yet. The library reports them where there is no interpreter lock.
class Gaps {
 public:
  void add(const Gap& gap) noexcept;
  bool empty() const noexcept { return gaps_.empty(); }
  /// [(first, last, cause, step), ...]; the newest ones, if there were too many.
  pybind11::list take();

 private:
  static constexpr std::size_t kMost = 65536;
  std::vector<Gap> gaps_;
};

/// T is RawReader or RawConsumer.
template <class T>
class Following final : public Holding<T> {
 public:
  Following(std::string name, const char* what, T&& object, SharedFormat of, bool is_patient)
      : Holding<T>(std::move(name), what, std::move(object)), format(std::move(of)), lets_batches_come(is_patient) {
    this->object().on_gap([to = gaps](const Gap& gap) { to->add(gap); });
  }

  const SharedFormat format;
  const bool lets_batches_come;  // Manner::throughput: a look would not
  // Apart: a handle that is left to a thread at exit still reports.
  const std::shared_ptr<Gaps> gaps = std::make_shared<Gaps>();
  pybind11::tuple counts;   // of before a wait, for who asks meanwhile
  pybind11::object values;  // arrays with room for a batch, which are given away when they are full
  pybind11::object arrivals;
};

using Reader = Following<RawReader>;
using Consumer = Following<RawConsumer>;

}  // namespace arena_shm::python
