// SPDX-License-Identifier: Apache-2.0
#include "backends/ref/integer_executor.hpp"

#include "backends/ref/executor.hpp"

namespace paragon::ref {
namespace {

struct IntegerArithmetic {
  using Number = int64_t;

  static Number load(DType type, const void* memory, size_t index) {
    return ir::load_integer(type, memory, index);
  }
  static void store(DType type, void* memory, size_t index, Number value) {
    ir::store_integer(type, memory, index, value);
  }
  static Number evaluate(Op op, DType type, DType, const ir::Attrs& attrs, const Number* operands,
                         size_t row, size_t column) {
    return ir::evaluate_integer(op, type, attrs, operands, row, column);
  }
  static int64_t integer(Number value) { return value; }
  static bool greater(DType, Number a, Number b) { return a > b; }

  // A sum of products or of elements; those of wide integers are divided by 2^shift.
  class Sum {
   public:
    explicit Sum(DType, int64_t shift = 0) : shift_(shift) {}
    void add(Number a, Number b) { sum_ += a * b; }
    void add(Number a) { sum_ += a; }
    Number value() const { return fixed::round_shift(sum_, shift_); }

   private:
    int64_t shift_, sum_ = 0;
  };

  static void host_score(const Dispatch&, const Buffer&, const std::byte*, int32_t, std::byte*) {
    raise_message("[ref] a score of the host is no integer arithmetic");
  }
};

}  // namespace

std::unique_ptr<runtime::Instance> make_integer_instance(std::shared_ptr<const Program> program) {
  if (!runtime::is_integer(*program))
    raise_message("[ref] the program computes with floating-point numbers, expected integers only");
  return std::make_unique<Executor<IntegerArithmetic>>(std::move(program));
}

}  // namespace paragon::ref
