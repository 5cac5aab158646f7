// The whole terminal as rows of text. The only place that knows ncurses.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace arena_shm::terminal {

/// While it lives, the terminal is its; afterwards, as it was before.
/// Thread safety: none, and one at a time.
class Screen {
 public:
  enum class Style { plain, heading, selected, alarming };
  enum class Key {
    none,
    quit,
    up,
    down,
    first,
    last,
    sort,
    reverse,
    help,
    filter,
    enter,
    escape,
    erase,
    redraw,
    resized,
    other
  };

  /// Nothing if standard input and output are no terminal, or none that can be drawn on.
  static std::unique_ptr<Screen> open();
  ~Screen();
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;

  int rows() const;
  std::size_t columns() const;
  void clear();
  /// The text is cut at the right edge; rows that are not there are left out. Requires: printable (utf8.hpp).
  void put(int row, std::string_view text, Style style = Style::plain);
  void show();
  void redraw();

  /// Waits for a key, or a signal. A terminal that is gone is Key::quit.
  Key wait_key(std::chrono::milliseconds longest);
  /// What the last key has typed: a byte of UTF-8 text, or nothing.
  std::string_view typed() const noexcept { return typed_; }

 private:
  struct Terminal;
  Key take_key(int code);
  explicit Screen(std::unique_ptr<Terminal> terminal);

  std::unique_ptr<Terminal> terminal_;
  std::string typed_;
};

}  // namespace arena_shm::terminal
