# SPDX-License-Identifier: Apache-2.0
# The WebGPU backend is built if the headers of wgpu-native are there; the library itself is loaded at
# run time. Without them the program works as before and says so when it is asked for the device.
set(PARAGON_HAS_WEBGPU OFF)
if(PARAGON_WEBGPU)
  find_path(PARAGON_WEBGPU_HEADERS wgpu.h
    HINTS ${PROJECT_SOURCE_DIR}/external/wgpu NO_CMAKE_FIND_ROOT_PATH)
  if(PARAGON_WEBGPU_HEADERS)
    set(PARAGON_HAS_WEBGPU ON)
    set(PARAGON_WEBGPU_LIBRARY ${PARAGON_WEBGPU_HEADERS}/libwgpu_native-release.so)
    include(${PROJECT_SOURCE_DIR}/src/backends/webgpu/wgsl.cmake)
  endif()
endif()
if(NOT PARAGON_HAS_WEBGPU)
  list(FILTER paragon_sources EXCLUDE REGEX "^${PROJECT_SOURCE_DIR}/src/backends/webgpu/")
endif()
