// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include <paragon/kernel_time.hpp>

#include "runtime/program.hpp"

namespace paragon::runtime {

/// A program bound to memory and threads: parameters, state, arena. One thread at a time.
class Instance {
 public:
  virtual ~Instance() = default;

  virtual void upload(uint32_t slot, std::span<const std::byte> bytes) = 0;
  virtual void download(uint32_t slot, std::span<std::byte> bytes) = 0;
  /// A scalar slot, as it is now or on a device that runs ahead some runs ago: nobody waits for it.
  /// Returns the tag of the call that asked for what is in `bytes`, or 0 if nothing has arrived
  /// yet. An instance is asked for one slot.
  virtual uint64_t peek(uint32_t slot, uint64_t tag, std::span<std::byte> bytes) {
    download(slot, bytes);
    return tag;
  }
  /// Lets a kData slot read the caller's memory, which must outlive its use.
  virtual void bind(uint32_t slot, std::span<const std::byte> bytes) = 0;
  /// Runs a phase; returns when it is done. Allocates nothing.
  virtual void run(size_t phase) = 0;
  /// Bytes of everything the instance owns.
  virtual size_t planned_bytes() const = 0;
  /// Times the kernels of a phase, each run `repetitions` times on its own, which spoils what the
  /// slots hold. Empty where a phase has no kernels.
  virtual std::vector<KernelTime> time_kernels(size_t phase, size_t repetitions) {
    (void)phase, (void)repetitions;
    return {};
  }

  /// Host copies of scalar slots.
  template <class T>
  void set(uint32_t slot, T value) {
    upload(slot, std::as_bytes(std::span(&value, 1)));
  }
  template <class T>
  T get(uint32_t slot) {
    T value;
    download(slot, std::as_writable_bytes(std::span(&value, 1)));
    return value;
  }
};

/// A device kind. What it can do is its table; see supports().
class Backend {
 public:
  virtual ~Backend() = default;

  virtual std::string_view name() const = 0;
  virtual bool supports(ir::Op op, DType type) const = 0;
  virtual CompileOptions compile_options() const = 0;
  /// Raises, naming the operation and type, if the program needs what is not supported.
  virtual std::unique_ptr<Instance> instantiate(std::shared_ptr<const Program> program,
                                                int threads) const = 0;
};

/// All backends, in order of preference (backends.def).
const std::vector<const Backend*>& backends();
/// By name; raises with the nearest name.
const Backend& find_backend(std::string_view name);

/// Do the backends that are made for speed give results of `type` for a structured operation (one
/// that is not element-wise)?
bool is_structured_result(ir::Op op, DType type);

/// Raises unless `backend` supports every operation of the program.
void check_supported(const Backend& backend, const Program& program);

}  // namespace paragon::runtime
