# `cmake --install`: headers, libraries, the CMake package and pkg-config files; the program's own
# folder adds the program.
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/duplex)
set(pkgconfig_dir ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/duplex TYPE INCLUDE FILES_MATCHING PATTERN "*.hpp")
install(TARGETS duplex duplex_core EXPORT duplex_targets ARCHIVE)
install(
  EXPORT duplex_targets
  FILE duplexTargets.cmake
  NAMESPACE duplex::
  DESTINATION ${package_dir})

configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/duplexConfig.cmake.in duplexConfig.cmake
                              INSTALL_DESTINATION ${package_dir})
# Before 1.0 a minor version may change the API.
write_basic_package_version_file(duplexConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/duplexConfig.cmake
              ${CMAKE_CURRENT_BINARY_DIR}/duplexConfigVersion.cmake DESTINATION ${package_dir})

# Relative to the file itself, so that the installed tree may be moved.
file(RELATIVE_PATH pkgconfig_prefix ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
foreach(name duplex duplex-core)
  configure_file(${CMAKE_CURRENT_LIST_DIR}/${name}.pc.in ${name}.pc @ONLY)
  install(FILES ${CMAKE_CURRENT_BINARY_DIR}/${name}.pc DESTINATION ${pkgconfig_dir})
endforeach()
