# Writes the files of the page as a C++ source: cmake -D FOLDER=... -D OUTPUT=... -P embed.cmake
file(GLOB files RELATIVE ${FOLDER} ${FOLDER}/*.html ${FOLDER}/*.css ${FOLDER}/*.js ${FOLDER}/*.svg)
set(type_html "text/html")
set(type_css "text/css")
set(type_js "text/javascript")
set(type_svg "image/svg+xml")
set(arrays "")
set(rows "")
set(number 0)
foreach(file IN LISTS files)
  file(READ ${FOLDER}/${file} bytes HEX)
  string(REGEX REPLACE "(................................)" "\\1\n" bytes "${bytes}")
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "'\\\\x\\1'," bytes "${bytes}")
  cmake_path(GET file EXTENSION LAST_ONLY extension)
  string(SUBSTRING "${extension}" 1 -1 extension)
  string(APPEND arrays "constexpr char k${number}[] = {\n${bytes}};\n")
  string(APPEND rows "    {\"/${file}\", \"${type_${extension}}; charset=utf-8\", {k${number}, sizeof(k${number})}},\n")
  math(EXPR number "${number} + 1")
endforeach()
file(
  WRITE ${OUTPUT}
  "#include <algorithm>\n#include <array>\n\n#include \"serve/assets.hpp\"\n\nnamespace arena_shm::serve {\n\n"
  "namespace {\n\n${arrays}\nconstexpr std::array<Asset, ${number}> kAssets{{\n${rows}}};\n\n}  // namespace\n\n"
  "const Asset* find_asset(std::string_view path) noexcept {\n"
  "  if (path == \"/\") path = \"/index.html\";\n"
  "  const auto is_it = [&](const Asset& one) { return one.path == path; };\n"
  "  const auto found = std::find_if(kAssets.begin(), kAssets.end(), is_it);\n"
  "  return found == kAssets.end() ? nullptr : &*found;\n}\n\n}  // namespace arena_shm::serve\n"
)
