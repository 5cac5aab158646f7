// clang-format off
//go:build arena_static

// Empty: that there is C++ makes Go link with its runtime library. A formatter would take the constraint for prose.
