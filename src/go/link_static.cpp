// clang-format off: it would take the next line for prose
//go:build arena_static

// Empty: that there is C++ makes Go link with its runtime library.
