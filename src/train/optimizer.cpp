// SPDX-License-Identifier: Apache-2.0
#include "train/optimizer.hpp"

#include <cmath>
#include <limits>

#include "core/error.hpp"
#include "train/model_graph.hpp"

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

NodeId UpdateBuilder::state(uint64_t id, const std::string& name, DType type, const Shape& shape,
                            ir::SlotRole role) {
  ir::Graph& graph = b.graph();
  return graph.read(graph.has_slot(id, name) ? graph.find_slot(id, name)
                                             : graph.add_slot({name, id, role, type, shape}));
}

void UpdateBuilder::assign(uint64_t id, const std::string& name, NodeId value) {
  phase_.assignments.push_back({b.graph().find_slot(id, name), value});
}

void UpdateBuilder::assign_once(uint64_t id, const std::string& name, NodeId value) {
  const uint32_t slot = b.graph().find_slot(id, name);
  for (const ir::Assignment& assignment : phase_.assignments)
    if (assignment.slot == slot) return;
  phase_.assignments.push_back({slot, value});
}

namespace {

void expect(bool good, const char* place, const char* field, double got, const char* expected) {
  if (!good) raise("[{}] {} is {}, expected {}", place, field, got, expected);
}

void expect_fraction(const char* field, double got) {
  expect(got >= 0 && got < 1, "optimizer", field, got, "0 or more and below 1");
}

void expect_open(const char* field, double got) {
  expect(got > 0 && got < 1, "optimizer", field, got, "above 0 and below 1");
}

void check_config(const Sgd& o) {
  expect_fraction("momentum", o.momentum);
  if (o.nesterov && o.momentum == 0)
    raise("[optimizer] nesterov is on with a momentum of 0, expected one above 0");
}

template <AdamLike Config>
void check_config(const Config& o) {
  expect_fraction("beta1", o.beta1);
  expect_open("beta2", o.beta2);
  expect_open("epsilon", o.epsilon);
}

void check_config(const RmsProp& o) {
  expect_open("decay", o.decay);
  expect_open("epsilon", o.epsilon);
  expect_fraction("momentum", o.momentum);
}

/// One parameter's update from its mean gradient, in the graph's floating-point type.
struct RealUpdate {
  UpdateBuilder& u;
  uint64_t id;
  NodeId value, gradient;
  const RealRates& rates;

  ir::Builder& b = u.b;
  DType type = b.type(value);

  NodeId number(double x) const { return b.real(x, type); }
  NodeId state(const char* name) const { return u.state(id, name, type, b.shape(value)); }
  /// x + factor y
  NodeId plus(NodeId x, double factor, NodeId y) const {
    return factor == 0 ? x : b.add(x, b.mul(y, number(factor)));
  }
  /// decay old + gain x, kept in the state `name`.
  NodeId average(const char* name, double decay, double gain, NodeId x) const {
    const NodeId old = b.mul(state(name), number(decay));
    const NodeId now = b.add(old, gain == 1 ? x : b.mul(x, number(gain)));
    u.assign(id, name, now);
    return now;
  }
  void write(NodeId new_value) const { u.assign(id, kValue, new_value); }
};

void real(const RealUpdate& r, const Sgd& o) {
  const NodeId g = r.plus(r.gradient, o.weight_decay, r.value);
  NodeId step = g;
  if (o.momentum != 0) step = r.average("momentum", o.momentum, 1, g);
  if (o.nesterov) step = r.plus(g, o.momentum, step);
  r.write(r.b.sub(r.value, r.b.mul(step, r.rates.rate)));
}

// beta^t, kept as a running product in a state shared by all parameters.
NodeId power(UpdateBuilder& u, const char* name, double beta) {
  const NodeId before = u.state(0, name, DType::float64, {}, ir::SlotRole::kState);
  const NodeId now = u.b.mul(before, u.b.real(beta, DType::float64));
  u.assign_once(0, name, now);
  return now;
}

template <AdamLike Config>
void real(const RealUpdate& r, const Config& o) {
  ir::Builder& b = r.b;
  constexpr bool kDecoupled = std::same_as<Config, AdamW>;
  const NodeId one = b.real(1, DType::float64);
  const NodeId correction1 = b.sub(one, power(r.u, kBeta1Power, o.beta1));
  const NodeId correction2 = b.sqrt(b.sub(one, power(r.u, kBeta2Power, o.beta2)));
  // rate / c1 * m / (sqrt(v) / c2 + eps) = (rate c2 / c1) * m / (sqrt(v) + eps c2)
  const NodeId scale = b.mul(b.cast(b.div(correction2, correction1), r.type), r.rates.rate);
  const NodeId epsilon = b.cast(b.mul(correction2, b.real(o.epsilon, DType::float64)), r.type);

  const NodeId g = kDecoupled ? r.gradient : r.plus(r.gradient, o.weight_decay, r.value);
  const NodeId m = r.average("mean", o.beta1, 1 - o.beta1, g);
  const NodeId v = r.average("variance", o.beta2, 1 - o.beta2, b.mul(g, g));
  const NodeId ratio = b.div(m, b.add(b.sqrt(v), epsilon));
  NodeId kept = r.value;
  if (kDecoupled && o.weight_decay != 0)
    kept = b.sub(kept, b.mul(b.mul(r.rates.rate, r.number(o.weight_decay)), kept));
  r.write(b.sub(kept, b.mul(ratio, scale)));
}

void real(const RealUpdate& r, const RmsProp& o) {
  ir::Builder& b = r.b;
  const NodeId g = r.plus(r.gradient, o.weight_decay, r.value);
  const NodeId v = r.average("variance", o.decay, 1 - o.decay, b.mul(g, g));
  NodeId step = b.div(g, b.add(b.sqrt(v), r.number(o.epsilon)));
  if (o.momentum != 0) step = r.average("momentum", o.momentum, 1, step);
  r.write(b.sub(r.value, b.mul(step, r.rates.rate)));
}

// The gradients' common factor that brings their norm down to the limit.
NodeId norm_factor(ir::Builder& b, double limit, const std::vector<NodeId>& gradients) {
  const DType type = b.type(gradients[0]);
  NodeId squares = b.real(0, type);
  for (NodeId g : gradients) squares = b.add(squares, b.sum(b.mul(g, g), 2));
  const NodeId norm = b.sqrt(squares), most = b.real(limit, type);
  return b.select(b.greater(norm, most), b.div(most, norm), b.real(1, type));
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
    expect(config.rate > 0 && std::isfinite(config.rate) && config.rate < 1e3, "optimizer", "rate",
           config.rate, "above 0 and below 1000");
    expect_fraction("weight_decay", config.weight_decay);
    check_config(config);
  });
}

void check(const GradientClip& clip) {
  constexpr double kLargest = 1e6;
  const auto finite = [](const char* field, const std::optional<double>& limit) {
    if (limit)
      expect(std::isfinite(*limit) && std::abs(*limit) <= kLargest, "clip", field, *limit,
             "a number within +-1e6");
  };
  finite("lower", clip.lower);
  finite("upper", clip.upper);
  finite("norm", clip.norm);
  if (clip.lower && clip.upper)
    expect(*clip.lower <= *clip.upper, "clip", "lower", *clip.lower, "at most the upper limit");
  if (clip.norm) expect(*clip.norm >= 1e-6, "clip", "norm", *clip.norm, "1e-6 or more");
}

double rate(const Optimizer& optimizer) {
  return with_config(optimizer, [](const auto& config) { return config.rate; });
}

void set_rate(Optimizer& optimizer, double rate) {
  std::visit(
      [&]<class Config>(Config& config) {
        if constexpr (requires { config.rate; }) config.rate = rate;
      },
      optimizer);
}

void update_real(UpdateBuilder& u, const Optimizer& optimizer, const GradientClip& clip,
                 const std::vector<RealParameter>& parameters, const RealRates& rates) {
  ir::Builder& b = u.b;
  std::vector<NodeId> gradients;
  for (const RealParameter& p : parameters) {
    NodeId g = b.mul(p.gradient, rates.inverse_count);
    if (clip.lower) g = b.max(g, b.constant(*clip.lower, g));
    if (clip.upper) g = b.min(g, b.constant(*clip.upper, g));
    gradients.push_back(g);
  }
  if (clip.norm && !gradients.empty()) {
    const NodeId factor = norm_factor(b, *clip.norm, gradients);
    for (NodeId& g : gradients) g = b.mul(g, factor);
  }
  for (size_t i = 0; i < parameters.size(); ++i) {
    const RealUpdate update{u, parameters[i].id, parameters[i].value, gradients[i], rates};
    with_config(optimizer, [&](const auto& config) { real(update, config); });
  }
}

double initial_state(std::string_view slot_name) {
  return slot_name == kBeta1Power || slot_name == kBeta2Power ? 1.0 : 0.0;
}

}  // namespace train
}  // namespace paragon
