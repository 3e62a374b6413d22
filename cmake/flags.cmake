# SPDX-License-Identifier: Apache-2.0
# Compile flags of everything in this project (not of those who use it): link PRIVATE.

add_library(paragon_flags INTERFACE)
target_compile_features(paragon_flags INTERFACE cxx_std_20)
# The compiler may not contract a*b+c on its own: results must not depend on its mood. Where a kernel
# wants a fused multiply-add, it asks for one.
target_compile_options(paragon_flags INTERFACE
  -Wall -Wextra -Wshadow -Wconversion -Wno-sign-conversion
  -fvisibility=hidden -fvisibility-inlines-hidden -ffp-contract=off)
# g++ 12 warns falsely where strings are added (gcc.gnu.org/PR105651).
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  target_compile_options(paragon_flags INTERFACE -Wno-restrict)
endif()
# clang warns of std::stable_sort as libstdc++ 12 writes it, and of loops that -O1 does not vectorise.
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  target_compile_options(paragon_flags INTERFACE -Wno-deprecated-declarations -Wno-pass-failed)
endif()
if(PARAGON_WERROR)
  target_compile_options(paragon_flags INTERFACE -Werror)
endif()
if(PARAGON_ONE_TARGET)
  target_compile_definitions(paragon_flags INTERFACE PARAGON_ONE_TARGET=1)
endif()

if(PARAGON_SANITIZE)
  set(paragon_sanitize_flags -fsanitize=${PARAGON_SANITIZE} -fno-omit-frame-pointer)
  if(PARAGON_SANITIZE MATCHES "undefined")
    list(APPEND paragon_sanitize_flags -fno-sanitize-recover=undefined)
  endif()
  target_compile_options(paragon_flags INTERFACE ${paragon_sanitize_flags})
  target_link_options(paragon_flags INTERFACE ${paragon_sanitize_flags})
endif()
# For what is no part of the library, tests and program: they spend their time in the library, but most of a
# build in their compilation. Sanitizers look at every line of it as before, but optimising what they add
# doubles the time.
add_library(paragon_quick_flags INTERFACE)
if(PARAGON_SANITIZE)
  target_compile_options(paragon_quick_flags INTERFACE -O0 -g0)
elseif(CMAKE_BUILD_TYPE STREQUAL "Release")
  target_compile_options(paragon_quick_flags INTERFACE -O1)
endif()

if(PARAGON_BUILD_FUZZ)
  target_compile_options(paragon_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
