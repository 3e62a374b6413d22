# SPDX-License-Identifier: Apache-2.0
# Each bench/*.cpp is a program of its own. gemm_peer needs oneDNN and is left out where that is missing.

find_package(benchmark QUIET)
find_package(dnnl QUIET)

file(GLOB paragon_bench_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/bench/*.cpp)
foreach(source IN LISTS paragon_bench_sources)
  get_filename_component(name ${source} NAME_WE)
  if(name MATCHES "_peer$" AND NOT dnnl_FOUND)
    message(STATUS "paragon: oneDNN (libdnnl-dev) not found, bench/${name}.cpp left out")
    continue()
  endif()
  add_executable(bench_${name} ${source})
  set_target_properties(bench_${name} PROPERTIES
    OUTPUT_NAME ${name} RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bench)
  target_include_directories(bench_${name} PRIVATE src)
  target_link_libraries(bench_${name} PRIVATE
    paragon_inside paragon_flags fmt::fmt hwy::hwy Threads::Threads nlohmann_json::nlohmann_json)
  if(benchmark_FOUND)
    target_link_libraries(bench_${name} PRIVATE benchmark::benchmark)
  endif()
  if(name MATCHES "_peer$")
    target_link_libraries(bench_${name} PRIVATE DNNL::dnnl)
  endif()
endforeach()
