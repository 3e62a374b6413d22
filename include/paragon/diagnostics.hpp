// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <paragon/dtype.hpp>
#include <paragon/export.hpp>
#include <paragon/kernel_time.hpp>
#include <paragon/network.hpp>
#include <paragon/trainer.hpp>

namespace paragon {

PARAGON_API std::string_view version();      ///< "0.1.0"
PARAGON_API std::string_view active_simd();  ///< "avx512_vnni", "avx2", ...
PARAGON_API std::vector<std::string> available_simd();
PARAGON_API std::size_t processors();  ///< threads that `threads = 0` stands for

PARAGON_API std::uint64_t contract_version();  ///< of docs/numerics.md

/// The numbers that a network consists of, as the bytes of little-endian int64: those of golden
/// hashes (docs/numerics.md). Equal networks give equal bytes, and so does an unsigned network's
/// signed twin.
PARAGON_API std::vector<std::uint8_t> number_bytes(const Network& network);

/// Stages of dump(), in processing order.
PARAGON_API std::vector<std::string>
dump_stages();  ///< "model", "inference", "training", "program"

/// The text form of what a network and a trainer's options compile to.
PARAGON_API std::string dump(const Network& network, const TrainerOptions& options,
                             std::string_view stage);

struct GemmTiming {
  std::size_t m, n, k;
  double gops;  ///< 1e9 multiply-adds * 2 per second, median of the repetitions
};

/// Times a device's matrix product, on "cpu" with B packed beforehand. type: float32, float64,
/// int8, int16 or int32 (which int64 networks use too). `threads` are those of "cpu".
PARAGON_API GemmTiming time_gemm(DType type, std::size_t m, std::size_t n, std::size_t k,
                                 std::size_t threads, const std::string& device = "cpu");

/// Times the kernels of a training step. Empty for devices that have none.
PARAGON_API std::vector<KernelTime> time_kernels(const Network& network,
                                                 const TrainerOptions& options);

}  // namespace paragon
