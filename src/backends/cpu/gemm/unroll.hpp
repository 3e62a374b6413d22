// SPDX-License-Identifier: Apache-2.0
#pragma once

// Put before a loop of constant length over registers: left as a loop, its arrays would live in
// memory.
#if defined(__clang__)
#define PARAGON_GEMM_UNROLL _Pragma("clang loop unroll(full)")
#else
#define PARAGON_GEMM_UNROLL _Pragma("GCC unroll 32")
#endif

#define PARAGON_GEMM_INLINE inline __attribute__((always_inline))
