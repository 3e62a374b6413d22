# SPDX-License-Identifier: Apache-2.0
# One googletest executable and one ctest entry for each sub-folder of tests/ that has *_test.cpp files:
# tests/cpu/**.cpp -> test_cpu. tests/project holds the tests of the project itself (cmake scripts).

find_package(GTest REQUIRED)

file(GLOB_RECURSE paragon_test_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/*.cpp)
list(FILTER paragon_test_sources EXCLUDE REGEX "^${PROJECT_SOURCE_DIR}/tests/project/")
if(NOT PARAGON_HAS_WEBGPU)
  list(FILTER paragon_test_sources EXCLUDE REGEX "^${PROJECT_SOURCE_DIR}/tests/webgpu/")
endif()
set(paragon_test_folders)
foreach(source IN LISTS paragon_test_sources)
  if(source MATCHES "^${PROJECT_SOURCE_DIR}/tests/([^/]+)/.*_test\\.cpp$")
    list(APPEND paragon_test_folders ${CMAKE_MATCH_1})
  endif()
endforeach()
list(REMOVE_DUPLICATES paragon_test_folders)

foreach(folder IN LISTS paragon_test_folders)
  set(sources ${paragon_test_sources})
  list(FILTER sources INCLUDE REGEX "^${PROJECT_SOURCE_DIR}/tests/${folder}/")
  add_executable(test_${folder} ${sources})
  set_target_properties(test_${folder} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
  target_include_directories(test_${folder} PRIVATE src tests)
  target_compile_definitions(test_${folder} PRIVATE
    PARAGON_VERSION="${PROJECT_VERSION}"
    PARAGON_SOURCE_DIR="${PROJECT_SOURCE_DIR}"
    PARAGON_PROGRAM="${PROJECT_BINARY_DIR}/bin/paragon")
  target_link_libraries(test_${folder} PRIVATE
    paragon_inside paragon_flags paragon_quick_flags fmt::fmt hwy::hwy ZLIB::ZLIB Threads::Threads
    nlohmann_json::nlohmann_json GTest::gtest GTest::gtest_main)
  if(PARAGON_HAS_WEBGPU)
    target_include_directories(test_${folder} SYSTEM PRIVATE ${PARAGON_WEBGPU_HEADERS})
  endif()
  if(TARGET paragon_cli)
    add_dependencies(test_${folder} paragon_cli)
  endif()
  add_test(NAME ${folder} COMMAND test_${folder} --gtest_brief=1)
  set_tests_properties(${folder} PROPERTIES TIMEOUT 600)
endforeach()
# The long ones first, so that no processor waits for one of them at the end.
set(paragon_long_tests cpu runtime train io cli)
foreach(folder IN LISTS paragon_long_tests)
  if(TEST ${folder})
    set_tests_properties(${folder} PROPERTIES COST 50)
  endif()
endforeach()

include(${PROJECT_SOURCE_DIR}/tests/project/project_tests.cmake OPTIONAL)
include(${PROJECT_SOURCE_DIR}/tests/oracle/oracle.cmake OPTIONAL)
include(${PROJECT_SOURCE_DIR}/tests/embedded/embedded.cmake OPTIONAL)
