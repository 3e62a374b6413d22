# SPDX-License-Identifier: Apache-2.0
# The VNNI kernels are the one file that is compiled for more than the baseline. The flags are those
# of Highway's AVX3 target and VNNI; without them, or for another processor, the file gives none.
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64|amd64" AND NOT MSVC)
  set_source_files_properties(
    ${CMAKE_CURRENT_LIST_DIR}/gather_dot_vnni_integer.cpp PROPERTIES COMPILE_OPTIONS
    "-mavx2;-mbmi;-mbmi2;-mfma;-mf16c;-mpclmul;-maes;-mavx512f;-mavx512bw;-mavx512cd;-mavx512dq;-mavx512vl;-mavx512vnni")
endif()
