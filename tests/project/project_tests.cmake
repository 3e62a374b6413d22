# SPDX-License-Identifier: Apache-2.0
# Tests of the project itself: who includes whom, file sizes, and use from outside.

set(project_tests ${PROJECT_SOURCE_DIR}/tests/project)
set(project_work ${PROJECT_BINARY_DIR}/tests/project)

add_test(NAME include_direction COMMAND ${PROJECT_SOURCE_DIR}/tools/check_includes.sh
  ${PROJECT_SOURCE_DIR})
add_test(NAME include_rules COMMAND ${project_tests}/include_rules_test.sh ${PROJECT_SOURCE_DIR}
  ${project_work}/include_rules)
add_test(NAME file_sizes COMMAND ${PROJECT_SOURCE_DIR}/tools/check_files.sh ${PROJECT_SOURCE_DIR})
add_test(NAME public_headers COMMAND ${project_tests}/headers_test.sh ${PROJECT_SOURCE_DIR}/include
  ${CMAKE_CXX_COMPILER})

# The rule goes by mnemonics of x86-64; what sanitizers add to a program is no part of it.
if(NOT PARAGON_SANITIZE AND CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64)$" AND CMAKE_OBJDUMP)
  add_test(NAME no_float_objects COMMAND ${project_tests}/no_float_test.sh
    ${PROJECT_SOURCE_DIR}/src ${PROJECT_BINARY_DIR}/CMakeFiles/paragon_objects.dir/src ${CMAKE_OBJDUMP})
endif()

# A sanitized library asks for sanitized users: packaging is tested in the plain builds.
if(NOT PARAGON_SANITIZE)
  add_test(NAME outside_installed COMMAND ${project_tests}/outside_test.sh installed
    ${PROJECT_BINARY_DIR} ${project_work}/installed ${CMAKE_CXX_COMPILER})
  add_test(NAME outside_subproject COMMAND ${project_tests}/outside_test.sh subproject
    ${PROJECT_SOURCE_DIR} ${project_work}/subproject ${CMAKE_CXX_COMPILER} ${PROJECT_BINARY_DIR})
  add_test(NAME readme_program COMMAND ${project_tests}/readme_test.sh ${PROJECT_SOURCE_DIR}
    ${PROJECT_BINARY_DIR} ${project_work}/readme ${CMAKE_CXX_COMPILER})
  set_tests_properties(outside_installed outside_subproject readme_program PROPERTIES
    LABELS slow TIMEOUT 900 COST 100)
endif()
