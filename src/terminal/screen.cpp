#include "terminal/screen.hpp"

#define NCURSES_NOMACROS 1  // its names are those of everybody
#include <curses.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <climits>
#include <clocale>
#include <cstdio>
#include <cstdlib>
#include <cwchar>
#include <utility>

#include "terminal/output.hpp"
#include "text/columns.hpp"

namespace arena_shm::terminal {

namespace {

constexpr short kAlarmPair = 1;
constexpr int kControlL = 'L' - '@';
constexpr int kEscape = 0x1b;
constexpr int kDelete = 0x7f;

// Does the terminal's locale have it, as wide as it is counted?
bool can_show(const text::Character& character) {
  std::array<char, MB_LEN_MAX> bytes{};
  std::mbstate_t state{};
  return std::wcrtomb(bytes.data(), character.code, &state) <= bytes.size() &&
         ::wcwidth(character.code) == static_cast<int>(character.columns);
}

// As many characters as fit into so many columns.
std::wstring fitted(std::string_view text, std::size_t columns) {
  text = text.substr(0, text::fitting_bytes(text, columns));
  std::wstring fit;
  while (!text.empty()) {
    const text::Character next = text::first_character(text);
    fit += can_show(next) ? std::wstring(1, next.code) : std::wstring(next.columns, L'?');
    columns -= next.columns;
    text.remove_prefix(next.bytes.size());
  }
  return fit.append(columns, L' ');
}

attr_t attributes(Screen::Style style) {
  switch (style) {
    case Screen::Style::heading: return A_BOLD;
    case Screen::Style::selected: return A_REVERSE;
    case Screen::Style::alarming: return ::has_colors() ? static_cast<attr_t>(COLOR_PAIR(kAlarmPair)) : A_BOLD;
    case Screen::Style::plain: break;
  }
  return A_NORMAL;
}

Screen::Key key_of(int code) {
  using Key = Screen::Key;
  switch (code) {
    case ERR: return Key::none;
    case 'q': return Key::quit;
    case KEY_UP:
    case 'k': return Key::up;
    case KEY_DOWN:
    case 'j': return Key::down;
    case KEY_HOME:
    case 'g': return Key::first;
    case KEY_END:
    case 'G': return Key::last;
    case 's': return Key::sort;
    case 'r': return Key::reverse;
    case '?':
    case 'h': return Key::help;
    case '/': return Key::filter;
    case '\r':
    case '\n':
    case KEY_ENTER: return Key::enter;
    case kEscape: return Key::escape;
    case '\b':
    case kDelete:
    case KEY_BACKSPACE: return Key::erase;
    case kControlL: return Key::redraw;
    case KEY_RESIZE: return Key::resized;
    default: return Key::other;
  }
}

}  // namespace

struct Screen::Terminal {
  explicit Terminal(SCREEN* opened) : screen(opened) {}
  ~Terminal() {
    ::endwin();
    ::delscreen(screen);
  }
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  SCREEN* screen;
};

Screen::Screen(std::unique_ptr<Terminal> terminal) : terminal_(std::move(terminal)) {}
Screen::~Screen() = default;

std::unique_ptr<Screen> Screen::open() {
  if (::isatty(STDIN_FILENO) != 1 || ::isatty(STDOUT_FILENO) != 1) return nullptr;
  std::setlocale(LC_CTYPE, "");
  // initscr would end the process where the terminal is unknown.
  SCREEN* opened = ::newterm(nullptr, stdout, stdin);
  if (opened == nullptr) return nullptr;
  auto terminal = std::make_unique<Terminal>(opened);
  if (::tigetstr("cup") == nullptr) return nullptr;
  ::cbreak();
  ::noecho();
  ::nonl();
  ::keypad(stdscr, TRUE);
  ::nodelay(stdscr, TRUE);
  ::set_escdelay(25);
  ::curs_set(0);
  if (is_colourful() && ::has_colors()) {
    ::start_color();
    ::use_default_colors();
    ::init_pair(kAlarmPair, COLOR_RED, -1);
  }
  return std::unique_ptr<Screen>(new Screen(std::move(terminal)));
}

int Screen::rows() const { return ::getmaxy(stdscr); }

std::size_t Screen::columns() const { return static_cast<std::size_t>(::getmaxx(stdscr)); }

void Screen::clear() { ::werase(stdscr); }

void Screen::put(int row, std::string_view text, Style style) {
  if (row < 0 || row >= rows()) return;
  const std::wstring line = fitted(text, columns());
  ::wattrset(stdscr, static_cast<int>(attributes(style)));
  ::mvwaddnwstr(stdscr, row, 0, line.data(), static_cast<int>(line.size()));
  ::wattrset(stdscr, static_cast<int>(A_NORMAL));
}

void Screen::show() { ::wrefresh(stdscr); }

void Screen::redraw() { ::redrawwin(stdscr); }

Screen::Key Screen::wait_key(std::chrono::milliseconds longest) {
  if (const Key key = take_key(::wgetch(stdscr)); key != Key::none) return key;
  pollfd in{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
  if (::poll(&in, 1, static_cast<int>(longest.count())) > 0 && (in.revents & (POLLHUP | POLLERR | POLLNVAL)) != 0) {
    return Key::quit;
  }
  return take_key(::wgetch(stdscr));
}

Screen::Key Screen::take_key(int code) {
  const bool is_text = code >= ' ' && code <= 0xff && code != kDelete;  // keys that type nothing are beyond
  typed_ = is_text ? std::string(1, static_cast<char>(code)) : "";
  return key_of(code);
}

}  // namespace arena_shm::terminal
