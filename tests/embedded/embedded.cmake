# SPDX-License-Identifier: Apache-2.0
# Integer training on an emulated microcontroller without floating point; skipped, with a message, where
# the cross compiler or the emulator is missing.

add_executable(write_images ${PROJECT_SOURCE_DIR}/tests/embedded/write_images.cpp)
set_target_properties(write_images PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
target_include_directories(write_images PRIVATE src)
target_link_libraries(write_images PRIVATE paragon_inside paragon_flags fmt::fmt)

# One program of the host is enough: sanitizers look at the same sources in the other tests.
if(NOT PARAGON_SANITIZE)
  add_test(NAME embedded COMMAND ${PROJECT_SOURCE_DIR}/tests/embedded/embedded_test.sh
    ${PROJECT_SOURCE_DIR} $<TARGET_FILE:write_images> ${PROJECT_BINARY_DIR}/tests/embedded)
  set_tests_properties(embedded PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 300 COST 50)
endif()
