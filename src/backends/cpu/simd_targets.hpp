// SPDX-License-Identifier: Apache-2.0
#pragma once

// The SIMD levels compiled into the CPU backend: AVX2, AVX-512 (Highway's AVX3) and the portable
// fallback. Every unit that includes <hwy/highway.h> or <hwy/targets.h> includes this file first,
// so that all of them agree. HWY_WANT_AVX3_DL must stay undefined: in Highway 1.0.3 it lets the
// compiler emit AVX-VNNI instructions, which machines with only AVX-512 VNNI do not have.
#ifndef HWY_DISABLED_TARGETS
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_SSE4 | HWY_AVX3_DL)
#endif

// The quick-to-build developer setting: only what the compiler's own flags allow.
#if defined(PARAGON_ONE_TARGET) && !defined(HWY_COMPILE_ONLY_STATIC)
#define HWY_COMPILE_ONLY_STATIC
#endif
