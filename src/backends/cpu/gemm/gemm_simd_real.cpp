// SPDX-License-Identifier: Apache-2.0

// The GEMM kernels of floating point for AVX2 and AVX-512 through Highway.
#include "backends/cpu/simd_targets.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backends/cpu/gemm/gemm_simd_real.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "backends/cpu/gemm/gemm.hpp"
#include "backends/cpu/gemm/kernels.hpp"
#include "backends/cpu/gemm/unroll.hpp"

#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3

HWY_BEFORE_NAMESPACE();
namespace paragon::cpu {
namespace HWY_NAMESPACE {
namespace {

#include "backends/cpu/gemm/simd_kernels-inl.h"
#include "backends/cpu/gemm/units_real-inl.h"

template <class T>
struct RealOps : AccOps<T> {
  using Base = AccOps<T>;
  using typename Base::Acc;
  using typename Base::D;
  using A = Acc;
  using B = Acc;
  static HWY_INLINE A load_a(const std::byte* from) {
    return hn::Set(D(), *reinterpret_cast<const T*>(from));
  }
  static HWY_INLINE B load_b(const std::byte* from) { return Base::load(from); }
  static HWY_INLINE B load_b_partial(const std::byte* from, size_t count) {
    return Base::load_partial(from, count);
  }
  static HWY_INLINE Acc multiply_add(A a, B b, Acc acc) { return hn::MulAdd(a, b, acc); }
};

template <class T, class Units>
constexpr GemmKernels real_kernels() {
  GemmKernels kernels = base_kernels<Units>();
  kernels.adjacent_rows = &kTiles<RealOps<T>, false, false>;
  kernels.adjacent_units = &kTiles<RealOps<T>, true, false>;
  kernels.adjacent_rows_partial_b = &kTiles<RealOps<T>, false, true>;
  kernels.adjacent_units_partial_b = &kTiles<RealOps<T>, true, true>;
  return kernels;
}

const GemmKernels* kernels_of(GemmType type) {
  static constexpr GemmKernels kFloat32 = real_kernels<float, FloatUnits>();
  static constexpr GemmKernels kFloat64 = real_kernels<double, DoubleUnits>();
  return type == GemmType::kFloat32 ? &kFloat32 : type == GemmType::kFloat64 ? &kFloat64 : nullptr;
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace paragon::cpu
HWY_AFTER_NAMESPACE();

#endif  // AVX2 or AVX3

#if HWY_ONCE
namespace paragon::cpu {

const GemmKernels* gemm_avx2_real_kernels([[maybe_unused]] GemmType type) {
#if HWY_TARGETS & HWY_AVX2
  return N_AVX2::kernels_of(type);
#else
  return nullptr;
#endif
}

const GemmKernels* gemm_avx512_real_kernels([[maybe_unused]] GemmType type) {
#if HWY_TARGETS & HWY_AVX3
  return N_AVX3::kernels_of(type);
#else
  return nullptr;
#endif
}

}  // namespace paragon::cpu
#endif  // HWY_ONCE
