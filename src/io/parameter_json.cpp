// SPDX-License-Identifier: Apache-2.0
#include "io/parameter_json.hpp"

#include <fmt/ranges.h>

#include <algorithm>

#include "io/model.hpp"
#include "passes/fixed_format.hpp"

namespace paragon::io {
namespace {

bool is_fixed(DType network_type) {
  return info(network_type).arithmetic == Arithmetic::kFixed;
}

/// What an unsigned network adds to the operands in its files: they are offset binary there.
int64_t operand_offset(DType network_type, const Tensor& operands) {
  const bool is_unsigned = info(network_type).kind == DTypeKind::kUnsigned;
  return is_unsigned ? int64_t{1} << (8 * size_of(operands.type()) - 1) : 0;
}

std::vector<int64_t> operands_of(const Tensor& operands, DType network_type) {
  const int64_t offset = operand_offset(network_type, operands);
  std::vector<int64_t> numbers;
  visit_signed(operands, [&](const auto& elements) {
    for (const auto element : elements) numbers.push_back(element + offset);
  });
  return numbers;
}

/// master - view 2^shift: shorter than the master, and of no use to who only wants the view.
std::vector<int64_t> residuals_of(const detail::Parameter& parameter) {
  const int shift = parameter.view_exponent - parameter.exponent;
  std::vector<int64_t> residuals;
  visit_signed(parameter.value, [&](const auto& masters) {
    visit_signed(parameter.view, [&](const auto& views) {
      for (size_t i = 0; i < masters.size(); ++i)
        residuals.push_back(masters[i] - (int64_t{views[i]} << shift));
    });
  });
  return residuals;
}

/// Stores whole numbers that lie within +-limit as the elements of a tensor.
void store(const JsonReader& reader, std::string_view key, const std::vector<int64_t>& numbers,
           int64_t limit, int64_t offset, Tensor& tensor) {
  if (numbers.size() != tensor.elements())
    reader.fail(key, fmt::format("an array of {}", numbers.size()),
                fmt::format("{} numbers, as its shape says", tensor.elements()));
  visit_signed(tensor, [&]<class T>(std::span<T> elements) {
    for (size_t i = 0; i < elements.size(); ++i) {
      if (numbers[i] < offset - limit || numbers[i] > offset + limit)
        reader.fail(fmt::format("{}[{}]", key, i), fmt::format("{}", numbers[i]),
                    fmt::format("{} .. {}", offset - limit, offset + limit));
      elements[i] = static_cast<T>(numbers[i] - offset);
    }
  });
}

void read_view(JsonReader& reader, const fixed::Format& format, DType network_type,
               detail::Parameter& parameter) {
  const int most = format.master_bits - format.operand_bits + (format.is_limited() ? 1 : 0);
  parameter.view_exponent = static_cast<int>(
      reader.integer("view_exponent", parameter.exponent, int64_t{parameter.exponent} + most));
  store(reader, "view", reader.integers("view"), format.operand_limit,
        operand_offset(network_type, parameter.view), parameter.view);

  JsonIntegers masters = reader.integers("residual");
  if (masters.size() != parameter.view.elements())
    reader.fail("residual", fmt::format("an array of {}", masters.size()),
                fmt::format("{} numbers, as its shape says", parameter.view.elements()));
  const int shift = parameter.view_exponent - parameter.exponent;
  visit_signed(parameter.view, [&](const auto& views) {
    for (size_t i = 0; i < masters.size(); ++i) {
      const int64_t part = int64_t{views[i]} << shift, limit = format.master_limit();
      if (masters[i] < -limit - part || masters[i] > limit - part)
        reader.fail(fmt::format("residual[{}]", i), fmt::format("{}", masters[i]),
                    fmt::format("{} .. {} with its view", -limit - part, limit - part));
      masters[i] += part;
    }
  });
  store(reader, "residual", masters, format.master_limit(), 0, parameter.value);
}

/// Weights that are operands.
bool is_pure(const detail::Parameter& parameter, const detail::NetworkState& network) {
  return network.storage == fixed::Storage::pure && parameter.is_weights();
}

}  // namespace

void write_parameter(JsonWriter& writer, const detail::Parameter& parameter,
                     const detail::NetworkState& network, const std::string& place) {
  const DType network_type = network.type;
  writer.field("role", parameter.role);
  writer.array("shape", parameter.value.shape().dims(), place);
  if (is_fixed(network_type)) writer.field("exponent", parameter.exponent);
  if (is_pure(parameter, network)) {
    writer.array("values", operands_of(parameter.value, network_type), place);
    return;
  }
  if (parameter.view.empty()) {
    visit_elements(parameter.value,
                   [&](const auto& elements) { writer.array("values", elements, place); });
    return;
  }
  writer.field("view_exponent", parameter.view_exponent);
  writer.array("view", operands_of(parameter.view, network_type), place);
  writer.array("residual", residuals_of(parameter), place);
}

void read_parameter(JsonReader& reader, const detail::NetworkState& network,
                    detail::Parameter& parameter) {
  const DType network_type = network.type;
  if (const std::string role = reader.string("role"); role != parameter.role)
    reader.fail("role", fmt::format("'{}'", role), fmt::format("'{}'", parameter.role));
  const std::vector<size_t> dims = reader.extents("shape");
  if (!std::ranges::equal(dims, parameter.value.shape().dims()))
    reader.fail("shape", fmt::format("[{}]", fmt::join(dims, ",")),
                fmt::format("{} after the layer's settings", to_string(parameter.value.shape())));
  if (!is_fixed(network_type)) {
    read_elements(reader, "values", parameter.value);
    return;
  }
  const fixed::Format& format = fixed::format_of(network_type);
  parameter.exponent =
      static_cast<int>(reader.integer("exponent", -kExponentLimit, kExponentLimit));
  if (is_pure(parameter, network))
    store(reader, "values", reader.integers("values"), format.operand_limit,
          operand_offset(network_type, parameter.value), parameter.value);
  else if (parameter.view.empty())
    store(reader, "values", reader.integers("values"), format.master_limit(), 0, parameter.value);
  else
    read_view(reader, format, network_type, parameter);
}

}  // namespace paragon::io
