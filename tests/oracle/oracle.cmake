# SPDX-License-Identifier: Apache-2.0
# A second implementation of training, in Python, made from docs/numerics.md alone: the program must give
# its bits. Python's standard library is all it needs.

find_package(Python3 3.9 COMPONENTS Interpreter QUIET)
if(NOT TARGET paragon_cli)
  message(STATUS "The test 'oracle' is left out: it needs the program (PARAGON_BUILD_CLI)")
elseif(Python3_Interpreter_FOUND)
  add_test(NAME oracle COMMAND ${Python3_EXECUTABLE} -B ${PROJECT_SOURCE_DIR}/tests/oracle/oracle_test.py
    $<TARGET_FILE:paragon_cli> ${PROJECT_BINARY_DIR}/tests/oracle
    --golden ${PROJECT_SOURCE_DIR}/src/cli/golden_hashes.json)
  set_tests_properties(oracle PROPERTIES TIMEOUT 600)
else()
  add_test(NAME oracle COMMAND ${CMAKE_COMMAND} -E echo "skipped: there is no Python 3.9 or later")
  set_tests_properties(oracle PROPERTIES SKIP_REGULAR_EXPRESSION "skipped: there is no Python")
endif()
