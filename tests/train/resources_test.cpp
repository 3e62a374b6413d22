// SPDX-License-Identifier: Apache-2.0
// What a step costs besides time: it allocates nothing, and its memory stays within a bound that is
// computed here from first principles.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <new>

#include "problems.hpp"

namespace {

std::atomic<size_t> allocations{0};

void* counted(size_t bytes, size_t alignment) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  bytes = (std::max<size_t>(bytes, 1) + alignment - 1) / alignment * alignment;
  return std::aligned_alloc(alignment, bytes);
}

void* counted_or_throw(size_t bytes, size_t alignment) {
  void* memory = counted(bytes, alignment);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

constexpr size_t kUsual = alignof(std::max_align_t);

// Not inlined: g++ would see memory of operator new meet free, and warn.
[[gnu::noinline]] void release(void* p) {
  std::free(p);
}

}  // namespace

// The whole test program counts its allocations.
void* operator new(size_t bytes) {
  return counted_or_throw(bytes, kUsual);
}
void* operator new[](size_t bytes) {
  return counted_or_throw(bytes, kUsual);
}
void* operator new(size_t bytes, std::align_val_t a) {
  return counted_or_throw(bytes, static_cast<size_t>(a));
}
void* operator new[](size_t bytes, std::align_val_t a) {
  return counted_or_throw(bytes, static_cast<size_t>(a));
}
void* operator new(size_t bytes, const std::nothrow_t&) noexcept {
  return counted(bytes, kUsual);
}
void* operator new[](size_t bytes, const std::nothrow_t&) noexcept {
  return counted(bytes, kUsual);
}
void* operator new(size_t bytes, std::align_val_t a, const std::nothrow_t&) noexcept {
  return counted(bytes, static_cast<size_t>(a));
}
void* operator new[](size_t bytes, std::align_val_t a, const std::nothrow_t&) noexcept {
  return counted(bytes, static_cast<size_t>(a));
}
void operator delete(void* p) noexcept {
  release(p);
}
void operator delete[](void* p) noexcept {
  release(p);
}
void operator delete(void* p, size_t) noexcept {
  release(p);
}
void operator delete[](void* p, size_t) noexcept {
  release(p);
}
void operator delete(void* p, std::align_val_t) noexcept {
  release(p);
}
void operator delete[](void* p, std::align_val_t) noexcept {
  release(p);
}
void operator delete(void* p, size_t, std::align_val_t) noexcept {
  release(p);
}
void operator delete[](void* p, size_t, std::align_val_t) noexcept {
  release(p);
}
void operator delete(void* p, const std::nothrow_t&) noexcept {
  release(p);
}
void operator delete[](void* p, const std::nothrow_t&) noexcept {
  release(p);
}
void operator delete(void* p, std::align_val_t, const std::nothrow_t&) noexcept {
  release(p);
}
void operator delete[](void* p, std::align_val_t, const std::nothrow_t&) noexcept {
  release(p);
}

namespace paragon {
namespace {

Network dense(DType type) {
  return testing::dense_network(type);
}

TEST(Allocations, AreSeen) {
  const size_t before = allocations;
  {
    const std::vector<int> seen(1000);
    EXPECT_EQ(seen[999], 0);
  }
  EXPECT_EQ(allocations, before + 1);
}

TEST(Allocations, NoneInASteadyStep) {
  const data::Dataset set = testing::blobs({20, 20}, 300, 10, 1);
  const auto values = testing::with_values(set, -1, 1);
  for (const DType type : {float32, float64, int8, int16, int64})
    for (Network (*make)(DType) :
         {dense, testing::local_network, testing::mixed_network, testing::replaying_network})
      for (const Optimizer& optimizer :
           {Optimizer(Sgd{.rate = 0.01, .momentum = 0.9}), Optimizer(Adam{})})
        for (const size_t threads : {1, 2})
          for (const data::Dataset* data : {&set, &values}) {
            Network network = make(type);
            Trainer trainer(network, {.optimizer = optimizer,
                                      .schedule = CosineRate{},
                                      .batch = 32,
                                      .epochs = 4,
                                      .threads = threads});
            trainer.begin(*data);
            trainer.advance(3);
            const size_t before = allocations;
            for (int i = 0; i < 25; ++i)
              trainer.advance(1);  // the ends of two epochs, padded batches
            EXPECT_EQ(allocations, before) << name(type) << " threads " << threads;
          }
}

TEST(Allocations, NoneInAForwardPass) {
  for (const DType type : {float32, float64, int8, int16, int64})
    for (Network (*make)(DType) :
         {dense, testing::local_network, testing::mixed_network, testing::replaying_network})
      for (const size_t threads : {1, 2})
        for (const size_t batch : {1, 32}) {
          Network network = make(type);
          Predictor predictor(network, {.batch = batch, .threads = threads});
          const std::vector<float> features(batch * 400, 0.5f);
          std::vector<float> outputs(batch * 10);
          predictor.run(features, outputs);
          const size_t before = allocations;
          for (int i = 0; i < 20; ++i) predictor.run(features, outputs);
          EXPECT_EQ(allocations, before) << name(type) << " threads " << threads;
        }
}

/// What a training step may hold, by kind, in bytes. The data set itself belongs to the caller.
struct Budget {
  size_t parameters = 0, gradients = 0, optimizer = 0, activations = 0, packed = 0;

  size_t total() const { return parameters + gradients + optimizer + activations + packed; }
};

constexpr size_t kBatch = 64;

// float32: 4 bytes each; a gradient for every parameter; a momentum, or a mean and a variance; each
// value that passes between layers once forward (the batch, outputs of all layers) and the error of
// the same size backward, but none for the batch; the matrices once more in packed form.
//
// int8: a weight is a master of 4 bytes and a view of 1, a bias 4 bytes; gradients are accumulators
// of 4 bytes; momentum, mean and mean square 4 bytes each; what products read is 1 byte each:
// batch, hidden outputs, errors. The logits stay accumulators, since the softmax reads them (4),
// and so do the accumulators of the layer with the most outputs: the first step needs a whole
// accumulator to find its exponent before it can round. Packed weights are 1 byte each.
Budget budget_of(const Network& network, bool adam) {
  Budget budget;
  const bool whole = network.type() == int8;
  size_t widest = 0;
  budget.activations = kBatch * 784 * (whole ? 1 : 4);
  const auto layers = network.layers();
  for (size_t i = 0; i < layers.size(); ++i) {
    size_t units = 1;
    for (size_t extent : layers[i].shape) units *= extent;
    const size_t weights = network.values(layers[i].name + ".weights").size(),
                 biases = layers[i].parameters - weights;
    const bool last = i + 1 == layers.size();
    widest = std::max(widest, units);
    budget.parameters += weights * (whole ? 5 : 4) + biases * 4;
    budget.gradients += (weights + biases) * 4;
    budget.optimizer += (weights + biases) * (adam ? 8 : 4);
    budget.packed += weights * (whole ? 1 : 4);
    budget.activations += kBatch * units * (whole ? (last ? 4 : 1) + 1 : 8);
  }
  if (whole) budget.activations += kBatch * widest * 4;
  return budget;
}

TEST(Memory, OfAStepStaysWithinItsBudget) {
  const data::Dataset bytes = testing::blobs({28, 28}, 200, 10, 1),
                      values = testing::with_values(bytes, 0, 1);
  // The scalar kernels widen int8 operands to 32 bits in their packed copies: they are there for
  // processors without SIMD instructions, and the budget is not theirs.
  const bool narrow = active_simd() != "scalar";
  for (const DType type : narrow ? std::vector{float32, int8} : std::vector{float32})
    for (const bool local : {false, true})
      for (const bool adam : {false, true})
        for (const data::Dataset* set : {&bytes, &values}) {
          Network network({.input = {28, 28}, .type = type});
          if (local)
            network.add(LocallyConnected{.grid = {16, 16}, .field = 5, .activation = "leaky_relu"});
          else
            network.add(Dense{.units = 256, .activation = "relu"});
          network.add(Dense{.units = 10, .activation = "softmax"});
          const Budget budget = budget_of(network, adam);
          Trainer trainer(network,
                          {.optimizer = adam ? Optimizer(Adam{}) : Optimizer(Sgd{.momentum = 0.9}),
                           .batch = kBatch,
                           .threads = 2});
          trainer.begin(*set);
          EXPECT_LE(static_cast<double>(trainer.planned_bytes()),
                    1.1 * static_cast<double>(budget.total()))
              << name(type) << (local ? " local" : " dense") << (adam ? " Adam" : " momentum")
              << (set == &bytes ? " bytes" : " values") << ": parameters " << budget.parameters
              << " gradients " << budget.gradients << " optimizer " << budget.optimizer
              << " activations " << budget.activations << " packed " << budget.packed;
        }
}

}  // namespace
}  // namespace paragon
