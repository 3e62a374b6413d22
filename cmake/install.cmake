# SPDX-License-Identifier: Apache-2.0
include(CMakePackageConfigHelpers)

set(paragon_config_dir ${CMAKE_INSTALL_LIBDIR}/cmake/paragon)

install(TARGETS paragon EXPORT paragon-targets)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(EXPORT paragon-targets NAMESPACE paragon:: DESTINATION ${paragon_config_dir})
if(TARGET paragon_cli)
  install(TARGETS paragon_cli)
endif()

get_target_property(paragon_type paragon TYPE)
if(paragon_type STREQUAL "STATIC_LIBRARY")
  set(PARAGON_IS_STATIC TRUE)
else()
  set(PARAGON_IS_STATIC FALSE)
endif()
configure_package_config_file(cmake/paragon-config.cmake.in
  ${PROJECT_BINARY_DIR}/paragon-config.cmake INSTALL_DESTINATION ${paragon_config_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/paragon-config-version.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/paragon-config.cmake
  ${PROJECT_BINARY_DIR}/paragon-config-version.cmake DESTINATION ${paragon_config_dir})
