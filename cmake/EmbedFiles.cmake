# Files as part of a program, without any tool but CMake.
#
#   duplex_embed_files(TARGET FUNCTION FILE...)
#
# adds a source to TARGET that defines
#
#   std::span<const duplex::app::EmbeddedFile> duplex::app::FUNCTION() noexcept;
#
# for the FILEs (declared in embedded_file.hpp), written anew whenever one of them changes. This file
# is also the script that writes the source.

function(duplex_embed_files target function)
  set(output ${CMAKE_CURRENT_BINARY_DIR}/embedded/${function}.cpp)
  set(script ${PROJECT_SOURCE_DIR}/cmake/EmbedFiles.cmake)
  string(REPLACE ";" "|" files "${ARGN}")
  add_custom_command(
    OUTPUT ${output}
    COMMAND ${CMAKE_COMMAND} -D OUTPUT=${output} -D FUNCTION=${function} -D "FILES=${files}" -P
            ${script}
    DEPENDS ${ARGN} ${script}
    COMMENT "Embedding ${function}"
    VERBATIM)
  target_sources(${target} PRIVATE ${output})
endfunction()

if(NOT CMAKE_SCRIPT_MODE_FILE STREQUAL CMAKE_CURRENT_LIST_FILE)
  return()
endif()

string(REPLACE "|" ";" FILES "${FILES}")
string(REPEAT "." 98 line)  # 14 bytes
set(contents "")
set(entries "")
set(index 0)
foreach(file IN LISTS FILES)
  get_filename_component(name ${file} NAME)
  file(SHA256 ${file} sha256)
  file(READ ${file} hex HEX)
  string(REGEX REPLACE "(..)" "'\\\\x\\1'," bytes "${hex}")
  string(REGEX REPLACE "(${line})" "\\1\n" bytes "${bytes}")
  string(APPEND contents "constexpr char content_${index}[] = {\n${bytes}'\\0'};\n\n")
  string(APPEND entries
         "    {\"${name}\", {content_${index}, sizeof(content_${index}) - 1}, \"${sha256}\"},\n")
  math(EXPR index "${index} + 1")
endforeach()

file(
  WRITE ${OUTPUT}
  "// Written by cmake/EmbedFiles.cmake.

#include \"embedded_file.hpp\"

namespace duplex::app {
namespace {

${contents}constexpr EmbeddedFile files[] = {
${entries}};

}  // namespace

std::span<const EmbeddedFile> ${FUNCTION}() noexcept {
  return files;
}

}  // namespace duplex::app
")
