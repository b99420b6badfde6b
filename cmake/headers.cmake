# `headers`: each header compiles alone, public ones without a private include path. Not part of
# `all`; `./dev check` builds it.
file(GLOB_RECURSE public_headers CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR}/include
     ${PROJECT_SOURCE_DIR}/include/*.hpp)
file(GLOB_RECURSE private_headers CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR}/src
     ${PROJECT_SOURCE_DIR}/src/*.hpp)

function(duplex_lone_headers target)
  foreach(header IN LISTS ARGN)
    set(source ${CMAKE_CURRENT_BINARY_DIR}/headers/${target}/${header}.cpp)
    # Twice, so that a header without its guard is found as well.
    file(CONFIGURE OUTPUT ${source} CONTENT "#include <${header}>\n#include <${header}>\n")
    list(APPEND sources ${source})
  endforeach()
  add_library(${target} OBJECT EXCLUDE_FROM_ALL ${sources})
  target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR}/include)
  target_link_libraries(${target} PRIVATE duplex_warnings)
endfunction()

add_custom_target(headers)
if(public_headers)
  duplex_lone_headers(public_headers_alone ${public_headers})
  add_dependencies(headers public_headers_alone)
endif()
if(private_headers)
  duplex_lone_headers(private_headers_alone ${private_headers})
  target_include_directories(private_headers_alone PRIVATE ${PROJECT_SOURCE_DIR}/src)
  add_dependencies(headers private_headers_alone)
endif()
