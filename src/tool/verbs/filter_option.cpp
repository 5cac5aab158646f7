#include "tool/verbs/filter_option.hpp"

namespace arena_shm::tool {

terminal::Option add_where_option(const terminal::Command& verb, std::optional<std::string>& expression) {
  return verb
      .add_option(
          "--where", [&expression](const std::string& text) { expression = text; },
          "Only values for which this holds, like 'px > 100.5 && sym == \"ES\"'; see 'arena-shm help filters'")
      .type_name("EXPR");
}

std::string filters_text() {
  return R"(Filters: --where EXPR of tail, latest, record, snapshot, export, replay, stat and forward

  px > 100.5 && sym == "ES" && side != sell

Fields      px, leg.px, pos[2], `odd name!`; _seq is the sequence number, _time_ns the time when the value was appended
            (arenas that were created with --time). A field comes before a word of the language of the same name.
Numbers     12, -3, 0x1f, 1.5, 2e-3, nan, inf. Integers are exact: 18446744073709551615 is not -1, and
            9007199254740993 is not 9007199254740992.0. Beside an f32 field, a constant with a point is rounded as the
            field is, so that what is printed is found.
Texts       "ES" or 'ES', with \\ \" \' \n \r \t \0 \xHH; compared by their bytes. One that is longer than the field
            is a mistake beside == and !=.
Enums       side == sell, Side.sell, 'sell' or its number; beside an enum, a value named like a word is that value
Times       ts > now - 5s, ts > '2026-01-31T12:34:56.789Z', late_us > 5ms. A field counts the unit in the schema, else
            the one at the end of its name (_us, _ms, _s), else nanoseconds. A time
            divided by a time, as 5ms / late_us, is a number. now is when the verb was started.
Operators   as in C: ||, &&, then == != < <= > >=, then + -, then * / %, then ! and -; parentheses. Also or, and, not.
            / is the quotient (7 / 2 is 3.5), % has the sign of its divisor, as in Python.
Functions   has(flags, 4): are all bits of 4 set? abs(x). isnan(x)

Of NaN only != holds. What is divided by zero, or goes beyond 128 bits, is no value: no comparison with it holds. Truth
values are conditions by themselves, and can be compared with each other: open, !open, (px > 1) == open.
)";
}

}  // namespace arena_shm::tool
