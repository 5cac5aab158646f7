# What Doxygen reads instead of a page in Markdown: headings that links find by their words, as they do elsewhere; and
# no links to pages that are not a part of the reference.
/^```/ { is_code = !is_code }
!is_code && /^##/ {
  id = tolower($0)
  sub(/^#+ */, "", id)
  gsub(/[^a-z0-9 -]/, "", id)
  gsub(/ /, "-", id)
  print $0 " {#" id "}"
  next
}
!is_code {
  while (match($0, /\[[^]]*\]\(\.\.\/[^)]*\)/)) {
    link = substr($0, RSTART + 1, RLENGTH - 2)
    $0 = substr($0, 1, RSTART - 1) substr(link, 1, index(link, "]") - 1) substr($0, RSTART + RLENGTH)
  }
}
{ print }
