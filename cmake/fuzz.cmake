# SPDX-License-Identifier: Apache-2.0
# Each fuzz/*_fuzz.cpp is a libFuzzer program; its seeds lie in fuzz/corpus/<name>/.

if(NOT CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  message(FATAL_ERROR "PARAGON_BUILD_FUZZ needs clang (libFuzzer); use the preset 'fuzz'")
endif()

file(GLOB paragon_fuzz_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/fuzz/*_fuzz.cpp)
foreach(source IN LISTS paragon_fuzz_sources)
  get_filename_component(name ${source} NAME_WE)
  add_executable(${name} ${source})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/fuzz)
  target_include_directories(${name} PRIVATE src)
  target_link_libraries(${name} PRIVATE paragon paragon_flags fmt::fmt)
  target_link_options(${name} PRIVATE -fsanitize=fuzzer)
endforeach()
