// SPDX-License-Identifier: Apache-2.0
#include "train/optimizer.hpp"

#include <cmath>
#include <limits>

#include "core/error.hpp"

namespace paragon {
namespace {

template <class Variant>
struct Row {
  std::string keyword;
  Variant value;
};

const std::vector<Row<Optimizer>>& optimizer_table() {
  static const std::vector<Row<Optimizer>> table = {
#define PARAGON_OPTIMIZER(keyword, Config) {#keyword, Config{}},
#include <paragon/optimizers.def>
  };
  return table;
}

const std::vector<Row<Schedule>>& schedule_table() {
  static const std::vector<Row<Schedule>> table = {
#define PARAGON_SCHEDULE(keyword, Config) {#keyword, Config{}},
#include <paragon/schedules.def>
  };
  return table;
}

template <class Table>
std::vector<std::string> keywords(const Table& table) {
  std::vector<std::string> names;
  for (const auto& row : table) names.push_back(row.keyword);
  return names;
}

template <class Table>
auto make(const Table& table, std::string_view kind, std::string_view keyword) {
  for (const auto& row : table)
    if (row.keyword == keyword) return row.value;
  raise_unknown(kind, keyword, keywords(table));
}

}  // namespace

std::vector<std::string> optimizers() {
  return keywords(optimizer_table());
}
std::vector<std::string> schedules() {
  return keywords(schedule_table());
}
Optimizer make_optimizer(std::string_view keyword) {
  return make(optimizer_table(), "optimizer", keyword);
}
Schedule make_schedule(std::string_view keyword) {
  return make(schedule_table(), "schedule", keyword);
}

namespace train {

using ir::NodeId;
using ir::Op;

NodeId UpdateBuilder::state(uint64_t id, const char* name, DType type, const Shape& shape,
                            ir::SlotRole role) {
  ir::Graph& graph = b.graph();
  return graph.read(graph.has_slot(id, name) ? graph.find_slot(id, name)
                                             : graph.add_slot({name, id, role, type, shape}));
}

void UpdateBuilder::assign(uint64_t id, const char* name, NodeId value) {
  phase_.assignments.push_back({b.graph().find_slot(id, name), value});
}

void UpdateBuilder::assign_once(uint64_t id, const char* name, NodeId value) {
  const uint32_t slot = b.graph().find_slot(id, name);
  for (const ir::Assignment& assignment : phase_.assignments)
    if (assignment.slot == slot) return;
  phase_.assignments.push_back({slot, value});
}

namespace {

void expect(bool good, const char* field, double got, const char* expected) {
  if (!good) raise("[optimizer] {} is {}, expected {}", field, got, expected);
}

void check_config(const Sgd& o) {
  expect(o.momentum >= 0 && o.momentum < 1, "momentum", o.momentum, "0 or more and below 1");
  expect(o.weight_decay >= 0 && o.weight_decay < 1, "weight_decay", o.weight_decay,
         "0 or more and below 1");
}

void check_config(const Adam& o) {
  expect(o.beta1 >= 0 && o.beta1 < 1, "beta1", o.beta1, "0 or more and below 1");
  expect(o.beta2 > 0 && o.beta2 < 1, "beta2", o.beta2, "above 0 and below 1");
  expect(o.epsilon > 0 && o.epsilon < 1, "epsilon", o.epsilon, "above 0 and below 1");
  expect(o.weight_decay >= 0 && o.weight_decay < 1, "weight_decay", o.weight_decay,
         "0 or more and below 1");
}

// g + decay w, in the graph's floating-point type.
NodeId mean_gradient(UpdateBuilder& u, double decay, NodeId value, NodeId gradient,
                     const RealRates& rates) {
  const NodeId mean = u.b.mul(gradient, rates.inverse_count);
  return decay == 0 ? mean : u.b.add(mean, u.b.mul(value, u.b.constant(decay, value)));
}

void real(UpdateBuilder& u, const Sgd& o, uint64_t id, NodeId value, NodeId gradient,
          const RealRates& rates) {
  NodeId step = mean_gradient(u, o.weight_decay, value, gradient, rates);
  if (o.momentum != 0) {
    const NodeId velocity = u.state(id, "momentum", u.b.type(value), u.b.shape(value));
    step = u.b.add(u.b.mul(velocity, u.b.constant(o.momentum, value)), step);
    u.assign(id, "momentum", step);
  }
  u.assign(id, "value", u.b.sub(value, u.b.mul(step, rates.rate)));
}

// beta^t, kept as a running product in a state shared by all parameters.
NodeId power(UpdateBuilder& u, const char* name, double beta) {
  const NodeId before = u.state(0, name, DType::float64, {}, ir::SlotRole::kState);
  const NodeId now = u.b.mul(before, u.b.real(beta, DType::float64));
  u.assign_once(0, name, now);
  return now;
}

void real(UpdateBuilder& u, const Adam& o, uint64_t id, NodeId value, NodeId gradient,
          const RealRates& rates) {
  ir::Builder& b = u.b;
  const DType type = b.type(value);
  const NodeId one = b.real(1, DType::float64);
  const NodeId correction1 = b.sub(one, power(u, "beta1_power", o.beta1));
  const NodeId correction2 = b.sqrt(b.sub(one, power(u, "beta2_power", o.beta2)));
  // rate / c1 * m / (sqrt(v) / c2 + eps) = (rate c2 / c1) * m / (sqrt(v) + eps c2)
  const NodeId scale = b.mul(b.cast(b.div(correction2, correction1), type), rates.rate);
  const NodeId epsilon = b.cast(b.mul(correction2, b.real(o.epsilon, DType::float64)), type);

  const NodeId g = mean_gradient(u, o.weight_decay, value, gradient, rates);
  const NodeId m0 = u.state(id, "mean", type, b.shape(value)),
               v0 = u.state(id, "variance", type, b.shape(value));
  const NodeId m = b.add(b.mul(m0, b.real(o.beta1, type)), b.mul(g, b.real(1 - o.beta1, type)));
  const NodeId v =
      b.add(b.mul(v0, b.real(o.beta2, type)), b.mul(b.mul(g, g), b.real(1 - o.beta2, type)));
  u.assign(id, "mean", m);
  u.assign(id, "variance", v);
  const NodeId ratio = b.div(m, b.add(b.sqrt(v), epsilon));
  u.assign(id, "value", b.sub(value, b.mul(ratio, scale)));
}

template <class F>
auto with_config(const Optimizer& optimizer, F&& f) {
  return std::visit(
      [&]<class Config>(const Config& config) -> std::invoke_result_t<F, const Sgd&> {
        if constexpr (std::is_same_v<Config, std::monostate>) {
          raise("[optimizer] there is none");
        } else {
          return f(config);
        }
      },
      optimizer);
}

}  // namespace

void check(const Optimizer& optimizer) {
  with_config(optimizer, [](const auto& config) {
    expect(config.rate > 0 && std::isfinite(config.rate) && config.rate < 1e3, "rate", config.rate,
           "above 0 and below 1000");
    check_config(config);
  });
}

double rate(const Optimizer& optimizer) {
  return with_config(optimizer, [](const auto& config) { return config.rate; });
}

void update_real(UpdateBuilder& u, const Optimizer& optimizer, uint64_t id, NodeId value,
                 NodeId gradient, const RealRates& rates) {
  with_config(optimizer, [&](const auto& config) { real(u, config, id, value, gradient, rates); });
}

double initial_state(std::string_view slot_name) {
  return slot_name == "beta1_power" || slot_name == "beta2_power" ? 1.0 : 0.0;
}

}  // namespace train
}  // namespace paragon
