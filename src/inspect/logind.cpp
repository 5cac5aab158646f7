#include "inspect/logind.hpp"

#include <algorithm>
#include <filesystem>
#include <map>
#include <sstream>
#include <system_error>

#include "arena_shm/core/system.hpp"
#include "core/text_file.hpp"

namespace arena_shm::inspect {

std::optional<std::string> remove_ipc_setting() {
  namespace fs = std::filesystem;
  std::map<std::string, std::string> files;  // by name: one in /etc stands for those elsewhere
  for (const char* directory : {"/usr/lib/systemd", "/usr/local/lib/systemd", "/run/systemd", "/etc/systemd"}) {
    std::error_code ignored;
    const std::string base = directory;
    if (fs::exists(base + "/logind.conf", ignored)) files[""] = base + "/logind.conf";
    for (const std::string& name : core::names_in(base + "/logind.conf.d")) {
      if (fs::path(name).extension() == ".conf") files[name] = base + "/logind.conf.d/" + name;
    }
  }
  std::optional<std::string> setting;
  for (const auto& [name, path] : files) {
    std::istringstream file(core::text_of(path).value_or(""));
    for (std::string line; std::getline(file, line);) {
      std::erase_if(line, [](char c) { return c == ' ' || c == '\t' || c == '\r'; });
      if (line.starts_with("RemoveIPC=")) setting = line.substr(10);
    }
  }
  return setting;
}

}  // namespace arena_shm::inspect
