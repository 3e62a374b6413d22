# SPDX-License-Identifier: Apache-2.0
# The texts of wgsl/ become part of the library.
file(GLOB paragon_wgsl_files CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/wgsl/*.wgsl)
set(PARAGON_WGSL_TEXTS "")
foreach(file IN LISTS paragon_wgsl_files)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
  file(READ ${file} text)
  get_filename_component(name ${file} NAME_WE)
  string(APPEND PARAGON_WGSL_TEXTS "    {\"${name}\", R\"wgsl(${text})wgsl\"},\n")
endforeach()
configure_file(${CMAKE_CURRENT_LIST_DIR}/wgsl_texts.cpp.in ${PROJECT_BINARY_DIR}/wgsl_texts.cpp @ONLY)
list(APPEND paragon_sources ${PROJECT_BINARY_DIR}/wgsl_texts.cpp)
