// SPDX-License-Identifier: Apache-2.0
#include "backends/cpu/gather_dot/gather_dot.hpp"

#include <algorithm>
#include <limits>

#include "backends/cpu/gather_dot/gather_dot_kernels.hpp"
#include "core/error.hpp"

namespace paragon::cpu {
namespace {

constexpr size_t kLine = 64;                   // bytes
constexpr size_t kStripBytes = 16 * 1024;      // accumulators of a strip: half of a small L1
constexpr size_t kPanelBytes = 384 * 1024;     // indexed rows of a column panel: within L2
constexpr size_t kThreadProducts = 32 * 1024;  // multiply-adds that pay for waking a thread
constexpr size_t kLongestInt8Sum = 0x7fffffff / (128 * 128);

size_t round_up(size_t n, size_t step) {
  return (n + step - 1) / step * step;
}

size_t accumulator_stride(const GatherDotPlan& plan) {
  return round_up(plan.panel_cols, kLine / result_bytes(plan.type));
}

size_t element_bytes(const GatherDotPlan& plan) {
  switch (plan.type) {
    case GemmType::kInt8:
      return 1;
    case GemmType::kInt16:
      return 2;
    case GemmType::kFloat32:
    case GemmType::kInt32:
      return 4;
    case GemmType::kFloat64:
      break;
  }
  return 8;
}

void check_table(const GatherDotPlan& plan, const int32_t* index) {
  constexpr size_t kLimit = std::numeric_limits<uint32_t>::max();
  if ((plan.taps != 0 && plan.units > kLimit / plan.taps) ||
      (plan.batch != 0 && std::max(plan.units, plan.features) > kLimit / plan.batch)) {
    raise("[gather_dot] {} neurons x {} taps on {} features x {} samples are too many", plan.units,
          plan.taps, plan.features, plan.batch);
  }
  for (size_t i = 0; i < plan.units * plan.taps; ++i) {
    if (index[i] < -1 || (index[i] >= 0 && static_cast<size_t>(index[i]) >= plan.features)) {
      raise("[gather_dot] source {} of neuron {} is {}, expected -1 to {}", i % plan.taps,
            i / plan.taps, index[i], static_cast<int64_t>(plan.features) - 1);
    }
  }
}

uint32_t offset_of(const GatherDotPlan& plan, size_t row) {
  return static_cast<uint32_t>(row * plan.batch);
}

/// Entry lists by neuron. Only a table with gaps needs to say which weight belongs to an entry.
void list_by_neuron(GatherDotPlan& plan, const int32_t* index) {
  const bool gaps =
      std::any_of(index, index + plan.units * plan.taps, [](int32_t i) { return i < 0; });
  plan.begin.reserve(plan.units + 1);
  plan.begin.push_back(0);
  for (size_t n = 0; n < plan.units; ++n) {
    for (size_t i = n * plan.taps; i < (n + 1) * plan.taps; ++i) {
      if (index[i] < 0) continue;
      plan.offset.push_back(offset_of(plan, static_cast<size_t>(index[i])));
      if (gaps) plan.position.push_back(static_cast<uint32_t>(i));
    }
    plan.begin.push_back(static_cast<uint32_t>(plan.offset.size()));
  }
}

/// Entry lists by feature: the inverted table, by rising n * taps + t.
void list_by_feature(GatherDotPlan& plan, const int32_t* index) {
  const size_t entries = plan.units * plan.taps;
  plan.begin.assign(plan.features + 1, 0);
  for (size_t i = 0; i < entries; ++i) {
    if (index[i] >= 0) ++plan.begin[static_cast<size_t>(index[i]) + 1];
  }
  for (size_t f = 0; f < plan.features; ++f) plan.begin[f + 1] += plan.begin[f];
  plan.offset.resize(plan.begin.back());
  plan.position.resize(plan.begin.back());
  std::vector<uint32_t> next(plan.begin.begin(), plan.begin.end() - 1);
  for (size_t i = 0; i < entries; ++i) {
    if (index[i] < 0) continue;
    const uint32_t at = next[static_cast<size_t>(index[i])]++;
    plan.offset[at] = offset_of(plan, i / plan.taps);
    plan.position[at] = static_cast<uint32_t>(i);
  }
}

/// One entry per (neuron, tap). A gap reads the first feature and is cleared afterwards.
void list_by_entry(GatherDotPlan& plan, const int32_t* index) {
  for (size_t i = 0; i < plan.units * plan.taps; ++i) {
    plan.offset.push_back(offset_of(plan, static_cast<size_t>(std::max(index[i], 0))));
    if (index[i] < 0) plan.gaps.push_back(static_cast<uint32_t>(i));
  }
}

/// Cuts the rows so that every thread gets about the same number of entries; a row costs something
/// even if its list is empty.
void partition(GatherDotPlan& plan, int threads) {
  constexpr size_t kRowCost = 2;
  const auto cost = [&](size_t row) {
    return (plan.begin.empty() ? row * plan.taps : plan.begin[row]) + row * kRowCost;
  };
  const size_t total = cost(plan.rows);
  const size_t useful = std::max<size_t>(total * plan.batch / kThreadProducts, 1);
  const size_t wanted =
      std::min({static_cast<size_t>(std::max(threads, 1)), useful, std::max<size_t>(plan.rows, 1)});
  plan.threads = static_cast<int>(wanted);
  plan.thread_row.assign(1, 0);
  for (size_t i = 1, row = 0; i < wanted; ++i) {
    while (row < plan.rows && cost(row) * wanted < total * i) ++row;
    plan.thread_row.push_back(row);
  }
  plan.thread_row.push_back(plan.rows);
}

/// The most entries that `rows` consecutive rows have together.
size_t most_entries(const GatherDotPlan& plan, size_t rows) {
  size_t most = 0;
  for (size_t r = 0; r + rows < plan.begin.size(); ++r) {
    most = std::max<size_t>(most, plan.begin[r + rows] - plan.begin[r]);
  }
  return most;
}

/// A strip is as wide as the rows it reads stay in L2, and as high as its accumulators, and its
/// weights if they have to be gathered, stay in L1.
void cut_strips(GatherDotPlan& plan) {
  plan.panel_cols = plan.cols;
  if (plan.op != GatherDotOp::kWeightGradient) {
    const size_t row_bytes = std::max<size_t>(plan.reads, 1) * element_bytes(plan);
    plan.panel_cols = std::min(plan.cols, std::max<size_t>(kPanelBytes / row_bytes / 64 * 64, 64));
  }
  const size_t row_bytes = accumulator_stride(plan) * result_bytes(plan.type);
  size_t rows = std::clamp<size_t>(kStripBytes / std::max<size_t>(row_bytes, 1), 1,
                                   std::max<size_t>(plan.rows, 1));
  if (!plan.position.empty()) {
    while (rows > 1 && most_entries(plan, rows) * element_bytes(plan) > kStripBytes) rows /= 2;
    plan.weight_buffer_bytes = round_up(most_entries(plan, rows) * element_bytes(plan), kLine);
  }
  plan.strip_rows = rows;
  plan.scratch_bytes_per_thread = rows * row_bytes + plan.weight_buffer_bytes;
}

/// The weights of a strip's entries one after the other, in `buffer` if they are not so already. T
/// is any type of their size.
template <class T>
const void* entry_weights(const GatherDotPlan& plan, const GemmStrip& strip, const void* weights,
                          void* buffer) {
  const T* from = static_cast<const T*>(weights);
  const uint32_t first = plan.begin[strip.row], last = plan.begin[strip.row + strip.rows];
  if (plan.position.empty()) return from + first;
  T* to = static_cast<T*>(buffer);
  for (uint32_t i = first; i < last; ++i) *to++ = from[plan.position[i]];
  return buffer;
}

const void* entry_weights(const GatherDotPlan& plan, const GemmStrip& strip, const void* weights,
                          void* buffer) {
  switch (element_bytes(plan)) {
    case 1:
      return entry_weights<uint8_t>(plan, strip, weights, buffer);
    case 2:
      return entry_weights<uint16_t>(plan, strip, weights, buffer);
    case 4:
      return entry_weights<uint32_t>(plan, strip, weights, buffer);
    default:
      return entry_weights<uint64_t>(plan, strip, weights, buffer);
  }
}

/// Clears the results of gaps; T is any type of their size.
template <class T>
void clear_gaps(const GatherDotPlan& plan, const GemmStrip& strip) {
  T* acc = static_cast<T*>(strip.acc);
  const size_t first = strip.row * plan.taps, last = first + strip.rows * plan.taps;
  auto gap = std::lower_bound(plan.gaps.begin(), plan.gaps.end(), first);
  for (; gap != plan.gaps.end() && *gap < last; ++gap) {
    acc[(*gap - first) / plan.taps * strip.acc_stride + *gap % plan.taps] = 0;
  }
}

void compute_strip(const GatherDotPlan& plan, const void* a, const void* b, const GemmStrip& strip,
                   void* weight_buffer) {
  if (plan.op == GatherDotOp::kWeightGradient) {
    const size_t dy_bytes = strip.row * plan.batch * element_bytes(plan);
    if (plan.features != 0) {
      plan.kernels->row_dot({.dy = static_cast<const std::byte*>(a) + dy_bytes,
                             .x = b,
                             .x_size = plan.reads * plan.batch,
                             .offset = plan.offset.data() + strip.row * plan.taps,
                             .batch = plan.batch,
                             .taps = plan.taps,
                             .rows = strip.rows,
                             .out = strip.acc,
                             .out_stride = strip.acc_stride,
                             .shift = plan.shift});
    }
    result_bytes(plan.type) == 8 ? clear_gaps<uint64_t>(plan, strip)
                                 : clear_gaps<uint32_t>(plan, strip);
    return;
  }
  const auto* x = static_cast<const std::byte*>(b);
  plan.kernels->row_sum({.x = x + strip.col * element_bytes(plan),
                         .x_size = plan.reads * plan.batch - strip.col,
                         .weights = entry_weights(plan, strip, a, weight_buffer),
                         .begin = plan.begin.data() + strip.row,
                         .offset = plan.offset.data() + plan.begin[strip.row],
                         .rows = strip.rows,
                         .cols = strip.cols,
                         .out = strip.acc,
                         .out_stride = strip.acc_stride,
                         .shift = plan.shift});
}

}  // namespace

GatherDotPlan plan_gather_dot(const GatherDotShape& shape, const int32_t* index, int threads) {
  check_shift(shape.shift);
  GatherDotPlan plan;
  static_cast<GatherDotShape&>(plan) = shape;
  const GatherDotOp op = plan.op;
  plan.rows = op == GatherDotOp::kInputGradient ? plan.features : plan.units;
  plan.cols = op == GatherDotOp::kWeightGradient ? plan.taps : plan.batch;
  plan.reads = op == GatherDotOp::kInputGradient ? plan.units : plan.features;
  check_table(plan, index);
  switch (op) {
    case GatherDotOp::kForward:
      list_by_neuron(plan, index);
      break;
    case GatherDotOp::kWeightGradient:
      list_by_entry(plan, index);
      break;
    case GatherDotOp::kInputGradient:
      list_by_feature(plan, index);
      break;
  }
  const size_t longest_sum =
      op == GatherDotOp::kWeightGradient ? plan.batch : most_entries(plan, 1);
  if (plan.type == GemmType::kInt8 && longest_sum > kLongestInt8Sum) {
    raise("[gather_dot] a sum of {} int8 products may pass int32, the limit is {}", longest_sum,
          kLongestInt8Sum);
  }
  const bool real = plan.type == GemmType::kFloat32 || plan.type == GemmType::kFloat64;
  plan.kernels =
      real ? &gather_dot_real_kernels(plan.type) : &gather_dot_integer_kernels(plan.type);
  partition(plan, threads);
  cut_strips(plan);
  return plan;
}

void run_gather_dot(const GatherDotPlan& plan, int thread, const void* a, const void* b, void* out,
                    const GemmEpilogue& epilogue, void* scratch) {
  if (plan.cols == 0) return;
  auto* weight_buffer = static_cast<std::byte*>(scratch);
  std::byte* accumulators = weight_buffer + plan.weight_buffer_bytes;
  const size_t first = plan.thread_row[static_cast<size_t>(thread)];
  const size_t last = plan.thread_row[static_cast<size_t>(thread) + 1];
  for (size_t col = 0; col < plan.cols; col += plan.panel_cols) {
    const size_t cols = std::min(plan.panel_cols, plan.cols - col);
    for (size_t row = first; row < last; row += plan.strip_rows) {
      GemmStrip strip{.row = row,
                      .rows = std::min(plan.strip_rows, last - row),
                      .col = col,
                      .cols = cols,
                      .acc = accumulators,
                      .acc_stride = accumulator_stride(plan),
                      .thread = thread};
      if (epilogue.run == nullptr) {
        strip.acc =
            static_cast<std::byte*>(out) + (row * plan.cols + col) * result_bytes(plan.type);
        strip.acc_stride = plan.cols;
      }
      compute_strip(plan, a, b, strip, weight_buffer);
      if (epilogue.run != nullptr) epilogue.run(epilogue.context, strip);
    }
  }
}

}  // namespace paragon::cpu
