# Writes arena_shm_c(3) from the C headers: what is said there of each type and function is said here.
#
#   awk -v version=VERSION -f c_page.awk arena_shm.h HEADER... EXAMPLE
BEGIN {
  print ".TH arena_shm_c 3 \"\" \"arena\\-shm " version "\" \"Library Functions Manual\""
  print ".SH NAME\narena_shm_c \\- a ring of the last N records in named shared memory, for C"
  print ".SH SYNOPSIS\n.EX\n#include <arena_shm/arena_shm.h>\n\n" \
        "cc program.c $(pkg\\-config \\-\\-cflags \\-\\-libs arena_shm)\n.EE\n.SH DESCRIPTION"
}

function roff(text) {
  gsub(/\\/, "\\e", text)
  gsub(/-/, "\\-", text)
  return text ~ /^[.']/ ? "\\&" text : text
}

# The text of a comment, without what makes it one.
function uncommented(text) {
  sub(/^ *\/?\*+[<\/]? ?/, "", text)
  sub(/ *\*+\/ *$/, "", text)
  return text
}

# What was said of a function, under its declaration.
function print_function(  lines, words, count, i, line, is_tight) {
  print ".PP\n.EX"
  sub(/^ARENA_SHM_API /, "", declaration)
  gsub(/ +/, " ", declaration)
  print roff(declaration) "\n.EE\n.RS 4"
  count = split(said, lines, "\n")
  for (i = 1; i <= count; ++i) {
    line = lines[i]
    if (line ~ /^@param error /) continue # the same for all
    if (split(line, words, " ") > 2 && words[1] == "@param") {
      sub(/^@param [^ ]+ /, "", line)
      print (is_tight++ ? "" : ".PD 0\n") ".TP\n.I " words[2] "\n" roff(line)
    } else if (sub(/^@return /, "", line)) {
      print ".PP\nReturns: " roff(line)
    } else {
      print (line == "" ? ".PP" : roff(line))
    }
  }
  print (is_tight ? ".PD\n" : "") ".RE"
}

FNR == 1 {
  is_first = FILENAME ~ /arena_shm\.h$/
  is_example = FILENAME ~ /\.c$/
  in_title = !is_example
  code = in_comment = in_macro = in_type = 0
  declaration = said = ""
  if (is_example) print ".SH EXAMPLES\n.EX"
}
is_example {
  print roff($0)
  next
}

# The comment at the beginning: what arena_shm.h says of all, or the title of a header. Code is indented in it.
in_title {
  text = uncommented($0)
  if (is_first) {
    if ((text ~ /^  /) != code) print ((code = !code) ? ".PP\n.EX" : ".EE")
    print (text == "" && !code ? ".PP" : roff(text))
  } else {
    sub(/\.$/, "", text)
    print ".SS \"" roff(text) "\""
  }
  if ($0 ~ /\*\/$/) in_title = 0
  next
}
is_first || /^extern|^$|^}$/ { next }

/^\/\*\*/ {
  in_comment = 1
  said = ""
}
in_comment {
  said = said (said == "" ? "" : "\n") uncommented($0)
  if ($0 ~ /\*\/$/) in_comment = 0
  next
}
in_macro || /^#/ { # those of which something is said
  if (/^#define/ && said != "") {
    sub(/\(.*/, "", $2)
    print ".PP\n.B " roff($2) "\n.RS 4\n" roff(said) "\n.RE"
  }
  said = ""
  in_macro = $0 ~ /\\$/
  next
}
/^typedef/ { # with what is said of it, and of its members
  print ".PP"
  if (said != "") print roff(said)
  print ".EX"
  said = ""
  in_type = 1
}
in_type {
  line = $0
  gsub(/\/\*\*<? /, "/* ", line)
  print roff(line)
  if ($0 ~ /^}.*;$|^typedef struct [a-z_]+ [a-z_]+;$/) {
    print ".EE"
    in_type = 0
  }
  next
}
/^ARENA_SHM_API/ || declaration != "" {
  sub(/^ +/, " ")
  declaration = declaration $0
  if ($0 ~ /;$/) {
    print_function()
    declaration = said = ""
  }
}

END {
  print ".EE\n.SH SEE ALSO\n.BR arena\\-shm (1),\n.BR arena_shm (3),\n.BR arena\\-shm\\-layout (5)"
}
