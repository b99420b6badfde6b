# What most sources include of the standard library, and tests of GoogleTest, is compiled once for
# each target of many sources, and once for all unit tests, which takes a third off the time of a
# build. Sources name what they use nevertheless: clang-tidy looks at them without this, and so do
# release builds and those who build the library within their own project. Not where the compiler
# optimises in earnest: GCC 12 takes what it has precompiled of its own library for ours, and warns
# of what it finds in there.
#
#   duplex_precompile(TARGET [HEADER...])            those, and the standard library's
#   duplex_precompile(TARGET REUSE_FROM OTHER)       what was precompiled for OTHER, which is
#                                                    compiled by the same options
function(duplex_precompile target)
  if(NOT DUPLEX_PRECOMPILE OR NOT CMAKE_BUILD_TYPE STREQUAL "Debug")
    return()
  endif()
  if("${ARGV1}" STREQUAL REUSE_FROM)
    target_precompile_headers(${target} REUSE_FROM ${ARGV2})
    return()
  endif()
  target_precompile_headers(
    ${target}
    PRIVATE
    <algorithm>
    <array>
    <chrono>
    <coroutine>
    <cstdint>
    <cstring>
    <expected>
    <functional>
    <memory>
    <mutex>
    <optional>
    <span>
    <stdexcept>
    <string>
    <string_view>
    <system_error>
    <type_traits>
    <unordered_map>
    <utility>
    <variant>
    <vector>
    ${ARGN})
endfunction()
