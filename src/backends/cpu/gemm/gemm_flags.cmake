# SPDX-License-Identifier: Apache-2.0
# The VNNI micro-kernels are compiled with flags of their own; they are called only where cpuid
# reports VNNI.
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64|amd64" AND NOT MSVC)
  set_source_files_properties(${CMAKE_CURRENT_LIST_DIR}/gemm_vnni_integer.cpp PROPERTIES COMPILE_OPTIONS
    "-mavx512f;-mavx512bw;-mavx512dq;-mavx512vl;-mavx512vnni")
endif()
