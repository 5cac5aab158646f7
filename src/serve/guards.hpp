// Who may ask: a page that this server itself has served, or a program; never a page of another site.
//
// A page of another site can have its name lead here (DNS rebinding): then its Host is that name. So a Host has to be a
// literal address or localhost, which no one else's name can be. Any port will do, for a tunnel may have another one.
// What such a page sends without that trick has its own Origin, or says that it comes from elsewhere.
#pragma once

#include <string>
#include <string_view>

namespace arena_shm::serve {

/// The headers that count; empty: not there.
struct Asker {
  std::string_view host;
  std::string_view origin;
  std::string_view fetch_site;  ///< Sec-Fetch-Site
};

/// Who may. A link that somebody follows is no program; our own page says that it is ours, by its Origin.
enum class Strictness { anybody, any_program, own_page };

/// Why it is refused; empty if it may.
std::string refusal(const Asker& asker, Strictness strictness);

}  // namespace arena_shm::serve
