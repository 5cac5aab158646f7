// Where a server listens.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace arena_shm::serve {

struct Address {
  std::string host = "127.0.0.1";  ///< what rings hold is not for everybody on the network, unless asked for
  int port = 0;                    ///< 0: any that is free
};

/// "9464", "localhost:9464", "[::1]:9464"
std::optional<Address> parse_address(std::string_view text);

/// Empty if it is one; else what was expected, and what was found.
std::string address_defect(const std::string& text);

/// "http://[::1]:9464"
std::string url_of(const Address& address);

/// Throws that nobody can listen there, and what to do. `error`: of errno. Errors: Code::system.
[[noreturn]] void refuse_address(const Address& address, int error);

}  // namespace arena_shm::serve
