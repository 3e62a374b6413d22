// SPDX-License-Identifier: Apache-2.0
#include "backends/ref/real_executor.hpp"

#include "backends/ref/executor.hpp"
#include "ir/rules/formulas.hpp"
#include "runtime/host_score.hpp"

namespace paragon::ref {
namespace {

struct MixedArithmetic {
  using Number = ir::Number;

  static Number load(DType type, const void* memory, size_t index) {
    return ir::load(type, memory, index);
  }
  static void store(DType type, void* memory, size_t index, Number value) {
    ir::store(type, memory, index, value);
  }
  static Number evaluate(Op op, DType type, DType operand_type, const ir::Attrs& attrs,
                         const Number* operands, size_t row, size_t column) {
    return ir::evaluate(op, type, operand_type, attrs, operands, row, column);
  }
  static int64_t integer(Number value) { return value.i; }
  static bool greater(DType type, Number a, Number b) {
    return is_float(type) ? a.f > b.f : a.i > b.i;
  }

  // A sum of products or of elements; floats are summed in double and rounded once.
  // Those of wide integers are divided by 2^shift.
  class Sum {
   public:
    explicit Sum(DType type, int64_t shift = 0) : real_(is_float(type)), shift_(shift) {}
    void add(Number a, Number b) {
      if (real_)
        f_ += a.f * b.f;
      else
        i_ += a.i * b.i;
    }
    void add(Number a) {
      if (real_)
        f_ += a.f;
      else
        i_ += a.i;
    }
    Number value() const {
      return real_ ? Number{.f = f_} : Number{.i = fixed::round_shift(i_, shift_)};
    }

   private:
    bool real_;
    int64_t shift_;
    double f_ = 0;
    int64_t i_ = 0;
  };

  static void host_score(const Dispatch& dispatch, const Buffer& x, const std::byte* values,
                         int32_t exponent, std::byte* scores) {
    runtime::host_score(*dispatch.attrs.function, x.type, values, x.shape.rows(), x.shape.cols(),
                        exponent, scores);
  }
};

}  // namespace

std::unique_ptr<runtime::Instance> make_real_instance(std::shared_ptr<const Program> program) {
  return std::make_unique<Executor<MixedArithmetic>>(std::move(program));
}

}  // namespace paragon::ref
