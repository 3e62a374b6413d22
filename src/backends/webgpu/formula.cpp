// SPDX-License-Identifier: Apache-2.0
#include "backends/webgpu/formula.hpp"

#include <fmt/format.h>

#include <bit>
#include <limits>

#include "core/curve.hpp"
#include "core/error.hpp"
#include "core/random.hpp"
#include "runtime/host_memory.hpp"

namespace paragon::webgpu {
namespace {

using ir::Op;

constexpr int64_t kLeast32 = std::numeric_limits<int32_t>::min();
constexpr int64_t kLargest32 = std::numeric_limits<int32_t>::max();

std::string whole(DType type, int64_t value) {
  return literal(type, static_cast<uint64_t>(value));
}

std::string real(DType type, double value) {
  return literal(type, type == DType::float32 ? std::bit_cast<uint32_t>(static_cast<float>(value))
                                              : std::bit_cast<uint64_t>(value));
}

std::string number(DType type, int value) {
  return is_float(type) ? real(type, value) : whole(type, value);
}

/// Does the type have functions of the library instead of operators?
bool is_wide(DType type) {
  return type == DType::int64 || type == DType::float64;
}

/// What the names of a register type's functions begin with.
std::string_view prefix(DType type) {
  switch (type) {
    case DType::int64:
      return "i64";
    case DType::float32:
      return "f32";
    case DType::float64:
      return "f64";
    default:
      return "i32";
  }
}

/// An int32 expression as a narrower type keeps it.
std::string narrowed(DType type, const std::string& x) {
  if (info(type).bits >= 32) return x;
  return fmt::format("i32_to_{}({})", name(type), x);
}

struct Writer {
  const FormulaCall& call;
  DType type = call.type, from = call.operand_types[0];
  const std::string &a = call.args[0], &b = call.args[1], &c = call.args[2];
  const ir::Attrs& attrs = call.attrs;

  /// A function of the result's type.
  template <class... Args>
  std::string use(std::string_view function, const Args&... args) const {
    return named(type, function, args...);
  }
  template <class... Args>
  static std::string named(DType of, std::string_view function, const Args&... args) {
    std::string list;
    ((list += (list.empty() ? "" : ", ") + std::string(args)), ...);
    return fmt::format("{}_{}({})", prefix(of), function, list);
  }
  std::string binary(std::string_view function, std::string_view sign) const {
    return is_wide(type) ? use(function, a, b) : fmt::format("({} {} {})", a, sign, b);
  }
  std::string less(const std::string& x, const std::string& y) const {
    return is_wide(type) ? use("lt", x, y) : fmt::format("{} < {}", x, y);
  }
  static std::string choose(DType of, const std::string& otherwise, const std::string& value,
                            const std::string& condition) {
    if (is_wide(of)) return named(of, "select", otherwise, value, condition);
    return fmt::format("select({}, {}, {})", otherwise, value, condition);
  }
  std::string truth(const std::string& condition) const {
    return choose(type, number(type, 0), number(type, 1), condition);
  }
  /// Is the first operand zero? A NaN is not: it is not equal to anything.
  std::string is_zero() const {
    if (is_wide(from)) return named(from, "eq", a, number(from, 0));
    return fmt::format("({}) == {}", a, number(from, 0));
  }

  std::string cast() const {
    if (is_float(type) && from == type) return a;
    if (is_float(type)) {
      const bool rounds_twice = type == DType::float32 && from == DType::int64;
      if (rounds_twice) return "f64_to_f32(f64_from_i64(" + a + "))";
      if (type == DType::float32)
        return fmt::format("{}({})", from == DType::float64 ? "f64_to_f32" : "f32", a);
      return use(fmt::format("from_{}", prefix(from)), a);
    }
    if (is_float(from)) {
      const std::string long_value = named(from, "to_i64", a);
      return type == DType::int64 ? long_value : narrowed(type, "i64_to_i32(" + long_value + ")");
    }
    if (type == DType::int64) return from == DType::int64 ? a : "i64_from_i32(" + a + ")";
    if (from == DType::int64) return narrowed(type, "i64_to_i32(" + a + ")");
    const bool fits = from == type || info(type).bits > info(from).bits;
    return fits ? a : narrowed(type, a);
  }

  /// The three shifts: of an int32 operand with a limit that fits there, or through 64 bits.
  std::string shifted() const {
    const bool beyond = attrs.a > kLargest32;
    const std::string limit = whole(beyond ? DType::int64 : DType::int32, attrs.a);
    std::string out;
    if (call.op == Op::mul_shift) {
      out = fmt::format("i32_mul_shift{}({}, {}, {}, {})", beyond ? "_wide" : "", a, b, c, limit);
    } else if (call.op == Op::requantise_sr) {
      out = fmt::format("i32_stochastic_shift{}({}, {}, {}, {})", beyond ? "_wide" : "", a, b, c,
                        limit);
    } else if (from == DType::int64) {
      out = fmt::format("i64_align({}, {}, {})", a, b, whole(DType::int64, attrs.a));
      if (type != DType::int64) out = "i64_to_i32(" + out + ")";
    } else {
      out = fmt::format("i32_align{}({}, {}, {})", beyond ? "_wide" : "", a, b, limit);
    }
    const auto bits = static_cast<unsigned>(info(type).bits);
    return bits < 32 && attrs.a >> (bits - 1) != 0 ? narrowed(type, out) : out;
  }

  std::string clamp() const {
    if (type == DType::int64)
      return fmt::format("i64_max(i64_min({}, {}), {})", a, whole(type, attrs.b),
                         whole(type, attrs.a));
    // Bounds that no value of the type reaches.
    if (attrs.a > kLargest32) return whole(type, attrs.a);
    if (attrs.b < kLeast32) return whole(type, attrs.b);
    return fmt::format("clamp({}, {}, {})", a, whole(type, std::max(attrs.a, kLeast32)),
                       whole(type, std::min(attrs.b, kLargest32)));
  }

  std::string hash_key() const {
    std::string key = whole(DType::int64, static_cast<int64_t>(random::make_key({})));
    for (const std::string& word : {a, b, whole(DType::int64, static_cast<int64_t>(attrs.id)),
                                    whole(DType::int64, attrs.a), whole(DType::int64, attrs.b)})
      key = fmt::format("hash_word({}, {})", key, word);
    return key;
  }

  std::string random() const {
    const auto step = [&](int64_t by, const std::string& place) {
      return by == 1 ? place : fmt::format("{} * {}u", place, by);
    };
    // The largest index decides whether 32 bits hold all of them.
    const Shape& shape = attrs.shape;
    if (shape.rank() == 2 && shape.elements() > 0 && attrs.a >= 0 && attrs.b >= 0) {
      const double largest = static_cast<double>(shape.rows()) * static_cast<double>(attrs.a) +
                             static_cast<double>(shape.cols()) * static_cast<double>(attrs.b);
      if (largest < 4e9)
        return fmt::format("random_bits({}, {} + {}, 0u)", a, step(attrs.a, call.row),
                           step(attrs.b, call.column));
    }
    const auto product = [&](int64_t by, const std::string& place) {
      return fmt::format("i64_mul({}, i64_from_u32({}))", whole(DType::int64, by), place);
    };
    return fmt::format("random_bits_of({}, i64_add({}, {}))", a, product(attrs.a, call.row),
                       product(attrs.b, call.column));
  }

  std::string curve(std::string_view function) const {
    const std::string_view which = name(static_cast<Curve>(attrs.a));
    if (is_float(type)) return use(fmt::format("{}_{}", function, which), a);
    return fmt::format("{}_{}({}, {})", function, which, a, b);
  }

  std::string write() const {
    switch (call.op) {
      case Op::iota:
        return fmt::format("bitcast<i32>({})", attrs.a == 0 ? call.row : call.column);
      case Op::cast:
        return cast();
      case Op::neg:
        if (type == DType::int32) return fmt::format("(0 - {})", a);
        return is_wide(type) ? use("neg", a) : fmt::format("(-({}))", a);
      case Op::abs:
        if (type == DType::int32) return "bitcast<i32>(u32_magnitude(" + a + "))";
        if (type == DType::int64) return use("magnitude", a);
        return is_wide(type) ? use("abs", a) : fmt::format("abs({})", a);
      case Op::sqrt:
        return is_wide(type) ? use("sqrt", a) : fmt::format("sqrt({})", a);
      case Op::exp:
        return use("exp", a);
      case Op::log:
        return use("log", a);
      case Op::leaky_relu:
        return use("leaky_relu", a, real(type, attrs.real));
      case Op::curve:
      case Op::curve_fixed:
        return curve("curve");
      case Op::curve_slope:
      case Op::curve_slope_fixed:
        return curve("curve_slope");
      case Op::add:
        return binary("add", "+");
      case Op::sub:
        return binary("sub", "-");
      case Op::mul:
        return binary("mul", "*");
      case Op::div:
        return binary("div", "/");
      case Op::max:
        return type == DType::float32 ? use("max", a, b) : choose(type, a, b, less(a, b));
      case Op::min:
        return type == DType::float32 ? use("min", a, b) : choose(type, a, b, less(b, a));
      case Op::greater:
        return truth(less(b, a));
      case Op::equal:
        return truth(is_wide(type) ? use("eq", a, b) : fmt::format("({}) == ({})", a, b));
      case Op::select:
      case Op::when:
        return choose(type, b, c, is_zero());
      case Op::align:
      case Op::requantise:
      case Op::requantise_sr:
      case Op::mul_shift:
        return shifted();
      case Op::clamp:
        return clamp();
      case Op::shift_right:
        if (type == DType::int64) return fmt::format("i64_shr({}, {}u)", a, attrs.a);
        return fmt::format("(({}) >> {}u)", a, attrs.a);
      case Op::bit_length:
        if (from == DType::int64) return "i64_bit_length(i64_magnitude(" + a + "))";
        return "bitcast<i32>(u32_bit_length(u32_magnitude(" + a + ")))";
      case Op::exp2_negative:
        return named(from, "exp2_negative", a);
      case Op::log2_q16:
        return named(from, "log2_q16", a);
      case Op::isqrt:
        return use("isqrt", a);
      case Op::div_round:
        return use("div_round", a, b);
      case Op::mean_square:
        return fmt::format("mean_square({}, {}, {})", a, b, attrs.a);
      case Op::mul_rsqrt:
        return fmt::format("ratio_to_root({}, {}, {})", a, b, attrs.a);
      case Op::hash_key:
        return hash_key();
      case Op::random:
        return random();
      case Op::permute:
        return fmt::format("permuted_index({}, {}, {})", a, b, c);
      default:
        raise("[webgpu] {} has no formula", info(call.op).name);
    }
  }
};

}  // namespace

std::string formula(const FormulaCall& call) {
  if (!has_formula(call.op, call.type))
    raise("[webgpu] {} has no formula of {}", info(call.op).name, name(call.type));
  return Writer{call}.write();
}

bool has_formula(Op op, DType type) {
  const bool held = runtime::is_held(type), real = held && is_float(type);
  const bool integer = type == DType::int32 || type == DType::int64;
  switch (op) {
    case Op::cast:
    case Op::select:
    case Op::when:
      return held;
    case Op::neg:
    case Op::abs:
    case Op::add:
    case Op::sub:
    case Op::mul:
    case Op::max:
    case Op::min:
    case Op::greater:
    case Op::equal:
      return real || integer;
    case Op::exp:
    case Op::log:
    case Op::sqrt:
    case Op::leaky_relu:
    case Op::curve:
    case Op::curve_slope:
    case Op::div:
      return real;
    case Op::align:
    case Op::clamp:
    case Op::shift_right:
    case Op::isqrt:
    case Op::div_round:
      return integer;
    case Op::requantise:
    case Op::requantise_sr:
      return type == DType::int8 || type == DType::int16 || type == DType::int32;
    case Op::hash_key:
      return type == DType::int64;
    case Op::iota:
    case Op::mul_shift:
    case Op::bit_length:
    case Op::exp2_negative:
    case Op::log2_q16:
    case Op::mean_square:
    case Op::mul_rsqrt:
    case Op::curve_fixed:
    case Op::curve_slope_fixed:
    case Op::random:
    case Op::permute:
      return type == DType::int32;
    default:
      return false;
  }
}

std::string register_type(DType type) {
  switch (type) {
    case DType::int64:
      return "I64";
    case DType::float32:
      return "f32";
    case DType::float64:
      return "F64";
    default:
      return "i32";
  }
}

std::string literal(DType type, uint64_t bits) {
  const auto low = static_cast<uint32_t>(bits), high = static_cast<uint32_t>(bits >> 32);
  if (is_wide(type)) return fmt::format("{}_make({}u, {}u)", prefix(type), low, high);
  if (type == DType::float32) return fmt::format("f32_make({}u)", low);
  // Narrow types: the upper bytes do not belong to the value.
  switch (type) {
    case DType::int8:
      return fmt::format("{}", int{static_cast<int8_t>(low)});
    case DType::uint8:
      return fmt::format("{}", int{static_cast<uint8_t>(low)});
    case DType::int16:
      return fmt::format("{}", int{static_cast<int16_t>(low)});
    default:
      return fmt::format("i32_make({}u)", low);
  }
}

std::string binary_formula(Op op, DType type, const std::string& a, const std::string& b) {
  const ir::Attrs none;
  return formula(
      {.op = op, .type = type, .operand_types = {type, type}, .attrs = none, .args = {a, b}});
}

std::string from_words(DType type, const std::string& low, const std::string& high) {
  if (is_wide(type)) return fmt::format("{}_make({}, {})", prefix(type), low, high);
  return fmt::format("bitcast<{}>({})", register_type(type), low);
}

std::string low_word(DType type, const std::string& value) {
  if (is_wide(type)) return fmt::format("{}_lo({})", prefix(type), value);
  return fmt::format("bitcast<u32>({})", value);
}

std::string high_word(DType type, const std::string& value) {
  return fmt::format("{}_hi({})", prefix(type), value);
}

}  // namespace paragon::webgpu
