#include "arena_shm/core/type_name.hpp"

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <new>
#include <string_view>

#include "arena_shm/core/layout.hpp"
#include "arena_shm/error.hpp"

namespace arena_shm::core {
namespace {

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

/// What the runtime library makes of a mangled name; the mangled one, if it can make nothing of it.
std::string demangled(const std::string& mangled) {
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> text(
      abi::__cxa_demangle(mangled.c_str(), nullptr, nullptr, &status), &std::free);
  if (status == -1) throw std::bad_alloc();
  return text ? std::string(text.get()) : mangled;
}

void replace_all(std::string& text, std::string_view what, std::string_view by) {
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size()))
    text.replace(at, what.size(), by);
}

/// How long the discriminator is that begins at `at`, "_3" or "__12_": the how-manieth of its name in its function.
/// 0: there is none.
std::size_t discriminator_size(std::string_view mangled, std::size_t at) noexcept {
  const std::string_view rest = mangled.substr(at);
  if (rest.size() < 2 || rest[0] != '_') return 0;
  if (is_digit(rest[1])) return 2;
  const std::size_t end = rest.find_first_not_of("0123456789", 2);
  return rest[1] == '_' && end > 2 && end < rest.size() && rest[end] == '_' ? end + 1 : 0;
}

/// Whether another mangled name may read the same as `text`, what this one is demangled to.
bool is_ambiguous(const std::string& mangled, std::string_view text) {
  if (mangled.find("L_Z") != std::string::npos)
    return true;  // &Class::function, without what tells its overloads apart
  if (text.find(">(") != std::string_view::npos) return true;  // local to a function template: without its return type
  if (mangled.find('Z') == std::string::npos) return false;    // not local to any function
  for (std::size_t at = 0; at < mangled.size(); ++at) {
    const std::size_t size = discriminator_size(mangled, at);
    if (size > 0 && demangled(std::string(mangled).erase(at, size)) == text) return true;
  }
  return false;
}

/// A tail that tells this mangled name from others, and is the same where compilers do not mangle alike.
std::string tail_of(std::string mangled) {
  replace_all(mangled, "LDn0E", "LDnE");  // a null pointer
  replace_all(mangled, "MUl", "Ul");      // a lambda that initialises a variable
  replace_all(mangled, "C4E", "C1E");     // local to a constructor
  replace_all(mangled, "D4E", "D1E");
  return '#' + std::to_string(fnv1a(mangled.data(), mangled.size()));
}

}  // namespace

std::string readable_type_name(const char* mangled) {
  std::string name = demangled(mangled);
  std::string tail = is_ambiguous(mangled, name) ? tail_of(mangled) : "";
  replace_all(name, "> >", ">>");                                  // as other runtime libraries write it
  replace_all(name, "(decltype(nullptr))0", "decltype(nullptr)");  // as gcc mangles it
  constexpr std::size_t longest = sizeof(Header::type_name) - 1;
  if (name.size() + tail.size() <= longest) return name + tail;
  if (tail.empty()) tail = tail_of(mangled);
  std::size_t kept = longest - tail.size();
  while ((static_cast<unsigned char>(name[kept]) & 0xc0U) == 0x80U) --kept;  // not in the middle of a character
  return name.substr(0, kept) + tail;
}

void check_type_is_named(const std::string& name) {
  // Behind the function that it is local to: that is only where it stands.
  const std::size_t begin = std::max(name.rfind(")::") + 1, name.rfind(" const::") + 1);
  for (const std::string_view counted : {"$_", "._anon_"}) {  // clang's way, and gcc's
    for (auto at = name.find(counted, begin); at != std::string::npos; at = name.find(counted, at + 1)) {
      const std::size_t digits = at + counted.size();
      const std::size_t end = std::min(name.find_first_not_of("0123456789", digits), name.size());
      if (end == digits || name.compare(end, 2, "::") == 0) continue;  // another name, or that of a scope
      throw Error(Code::invalid_argument, {.name = {},
                                           .doing = "put into an arena",
                                           .expected = "a type with a name that every compiler knows",
                                           .found = "an unnamed type, '" + name + "'",
                                           .remedy = "write struct Name {...}, or give it a name by RecordTraits"});
    }
  }
}

}  // namespace arena_shm::core
