// What the numbers are from: machine, kernel, compiler, and what speaks against trusting them.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace arena_shm::bench {

struct Machine {
  std::vector<std::pair<std::string, std::string>> facts;  ///< name and value, in order
  std::vector<std::string> warnings;
};

Machine describe_machine(const std::vector<int>& cpus);

/// The CPUs this process may run on.
std::vector<int> allowed_cpus();

}  // namespace arena_shm::bench
