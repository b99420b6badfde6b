# Makes the page's files part of the target `target`.
include(${PROJECT_SOURCE_DIR}/cmake/EmbedFiles.cmake)

function(duplex_embed_page target)
  set(folder ${CMAKE_CURRENT_FUNCTION_LIST_DIR})
  file(GLOB files CONFIGURE_DEPENDS ${folder}/*.html ${folder}/*.css ${folder}/*.js ${folder}/*.svg)
  duplex_embed_files(${target} page_files ${files})
endfunction()
