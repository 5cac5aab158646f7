# What Doxygen reads instead of a header: the words of our comments as its commands. Lines keep their numbers.
#
#   /// Returns: how many.        @return; where a comment begins so, its first sentence is also what is said in brief
#   /// Requires: a clock.        @pre
#   /// Errors: Code::corrupt.    a paragraph with that title; so are the other words of kTitles
#   /// As Reader::next.          @copydoc, where a comment begins so, and does not say what it returns
#
# A header in C is documented as a file, by its first comment. Protected members are for the library itself, as private
# ones are.
BEGIN {
  kTitles = "Cost|Errors|Lossless|Ordering|Progress|Thread safety"
}

# The first sentence of what is returned.
function first_sentence(  i, text) {
  text = substr(block[1], 10)
  for (i = 2; i <= count && block[i] !~ /^(@|$)/; ++i) text = text " " block[i]
  sub(" (Requires|" kTitles "): .*", "", text)
  if (match(text, /[.?] /)) text = substr(text, 1, RSTART)
  return toupper(substr(text, 1, 1)) substr(text, 2)
}

# `Word: ` becomes `command `, wherever a sentence may begin.
function turn(text, word, command) {
  sub("^" word ": ", command " ", text)
  while (match(text, "[.?)] " word ": "))
    text = substr(text, 1, RSTART + 1) command substr(text, RSTART + RLENGTH - 1)
  return text
}

function flush(  i, k, line, says_more, titles) {
  for (i = 1; i <= count; ++i) says_more = says_more || block[i] ~ /Returns: /
  if (!says_more && match(block[1], /^As [A-Za-z_:]+(\([^)]*\)( const)?)?\./))
    block[1] = "@copydoc " substr(block[1], 4, RLENGTH - 4) substr(block[1], RLENGTH + 1)
  else if (block[1] ~ /^Returns: /)
    block[1] = first_sentence() " @newline " block[1]
  for (i = 1; i <= count; ++i) {
    line = block[i]
    sub(/@newline Returns: /, "@newline @return ", line)
    line = turn(turn(line, "Returns", "@return"), "Requires", "@pre")
    split(kTitles, titles, "|")
    for (k in titles) line = turn(line, titles[k], "@title{" titles[k] "}")
    print indent "/// " line
  }
  count = 0
}

FNR == 1 && FILENAME ~ /\.h$/ { sub(/^\/\*/, "/** @file @newline") }
/^ *\/\/\/( |$)/ {
  match($0, /^ */)
  indent = substr($0, 1, RLENGTH)
  block[++count] = substr($0, RLENGTH + 5)
  next
}
{
  flush()
  sub(/^ protected:/, " private:")
  print
}
