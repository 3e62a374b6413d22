// SPDX-License-Identifier: Apache-2.0
#include "backends/cpu/target.hpp"

#include "backends/cpu/simd_targets.hpp"

#include <hwy/targets.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <string>

#include "backends/cpu/gemm/kernels.hpp"
#include "core/error.hpp"

namespace paragon::cpu {

namespace {

constexpr Target kAllTargets[] = {Target::kScalar, Target::kAvx2, Target::kAvx512,
                                  Target::kAvx512Vnni};

constexpr int64_t kFallbackBits = HWY_TARGETS & (HWY_SCALAR | HWY_EMU128);

/// Highway's bits for `target` and everything weaker; the static target is always one of them.
int64_t highway_bits(Target target) {
  int64_t bits = HWY_STATIC_TARGET | kFallbackBits;
  if (target >= Target::kAvx2) bits |= HWY_TARGETS & HWY_AVX2;
  if (target >= Target::kAvx512) bits |= HWY_TARGETS & HWY_AVX3;
  return bits;
}

std::vector<Target> detect_targets() {
  const int64_t runnable = hwy::SupportedTargets() & HWY_TARGETS;
  std::vector<Target> found;
  if (kFallbackBits != 0) found.push_back(Target::kScalar);
  if (runnable & HWY_AVX2) found.push_back(Target::kAvx2);
  if (runnable & HWY_AVX3) {
    found.push_back(Target::kAvx512);
#if HWY_ARCH_X86 && (defined(__GNUC__) || defined(__clang__))
    if (gemm_vnni_tiles() != nullptr && __builtin_cpu_supports("avx512vnni")) {
      found.push_back(Target::kAvx512Vnni);
    }
#endif
  }
  if (found.empty()) found.push_back(Target::kScalar);
  return found;
}

bool is_available(Target target) {
  const std::vector<Target>& known = available_targets();
  return std::find(known.begin(), known.end(), target) != known.end();
}

void require_available(Target target) {
  if (is_available(target)) return;
  raise("[simd] target '{}' was not compiled in or this processor lacks it", target_name(target));
}

/// The strongest target, or the one that the environment names.
Target initial_target() {
  const char* wanted = std::getenv("PARAGON_SIMD");
  if (wanted == nullptr || *wanted == '\0') return available_targets().back();
  std::vector<std::string> names;
  for (const Target target : kAllTargets) {
    if (target_name(target) == wanted) {
      require_available(target);
      return target;
    }
    names.emplace_back(target_name(target));
  }
  raise_unknown("SIMD target in PARAGON_SIMD", wanted, names);
}

std::atomic<Target>& current_target() {
  static std::atomic<Target> current = [] {
    const Target target = initial_target();
    // Highway needs a word only if it would choose something else by itself.
    if (target != available_targets().back()) {
      hwy::SetSupportedTargetsForTest(highway_bits(target));
      hwy::GetChosenTarget().DeInit();
    }
    return target;
  }();
  return current;
}

}  // namespace

std::string_view target_name(Target target) {
  switch (target) {
    case Target::kScalar:
      return "scalar";
    case Target::kAvx2:
      return "avx2";
    case Target::kAvx512:
      return "avx512";
    case Target::kAvx512Vnni:
      return "avx512_vnni";
  }
  raise("[simd] unknown target number {}", static_cast<int>(target));
}

const std::vector<Target>& available_targets() {
  static const std::vector<Target> targets = detect_targets();
  return targets;
}

Target active_target() {
  return current_target().load(std::memory_order_relaxed);
}

void force_target(Target target) {
  require_available(target);
  current_target().store(target, std::memory_order_relaxed);
  hwy::SetSupportedTargetsForTest(highway_bits(target));
  hwy::GetChosenTarget().DeInit();
}

}  // namespace paragon::cpu
