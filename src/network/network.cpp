// SPDX-License-Identifier: Apache-2.0
#include <paragon/network.hpp>

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "layers/layer.hpp"
#include "network/gates.hpp"
#include "network/initialise.hpp"
#include "network/limits.hpp"
#include "network/state.hpp"

namespace paragon {

using detail::kInputId;
using detail::Layer;
using detail::NetworkState;
using detail::Parameter;

namespace {

constexpr const char* kInputName = "input";
constexpr size_t kMaxFeatures = size_t{1} << 24;

std::string default_name(const NetworkState& state, const LayerConfig& config) {
  // The next id rather than the position: names made from it never clash.
  return fmt::format("{}_{}", keyword(config), state.next_id);
}

constexpr const char* kStorageNames[] = {
#define PARAGON_STORAGE(name) #name,
#include "passes/storages.def"
};

fixed::Storage parse_storage(std::string_view name) {
  for (size_t i = 0; i < std::size(kStorageNames); ++i)
    if (name == kStorageNames[i]) return static_cast<fixed::Storage>(i);
  raise_unknown("storage", name, storages());
}

const Layer* producer(const NetworkState& state, const std::string& name) {
  const auto it = std::find_if(state.layers.begin(), state.layers.end(),
                               [&](const Layer& layer) { return layer.name == name; });
  return it == state.layers.end() ? nullptr : &*it;
}

}  // namespace

std::vector<std::string> storages() {
  return {std::begin(kStorageNames), std::end(kStorageNames)};
}

detail::Layer* NetworkState::find(const std::string& name) {
  return const_cast<Layer*>(producer(*this, name));
}

size_t NetworkState::features() const {
  return Shape(std::span<const size_t>(input_shape)).elements();
}

const detail::Layer& NetworkState::by_id(uint64_t id) const {
  const auto it = std::find_if(layers.begin(), layers.end(),
                               [&](const Layer& layer) { return layer.id == id; });
  if (it == layers.end()) raise("[network] there is no layer of id {}", id);
  return *it;
}

bool NetworkState::is_read(uint64_t id) const {
  std::vector<uint64_t> wanted = layers.empty() ? std::vector<uint64_t>{} : layers.back().inputs;
  for (auto layer = layers.rbegin(); layer != layers.rend(); ++layer)
    if (std::find(wanted.begin(), wanted.end(), layer->id) != wanted.end()) {
      if (layer->id == id) return true;
      wanted.insert(wanted.end(), layer->inputs.begin(), layer->inputs.end());
    }
  return false;
}

Network::Network(NetworkOptions options) : state_(std::make_unique<NetworkState>()) {
  if (options.input.empty() || options.input.size() > 2)
    raise("[network] the input has {} axes, expected {{features}} or {{height, width}}",
          options.input.size());
  size_t features = 1;
  for (size_t extent : options.input) {
    if (extent == 0 || extent > kMaxFeatures)
      raise("[network] an input axis has {} values, expected 1 to {}", extent, kMaxFeatures);
    features *= extent;
  }
  if (features > kMaxFeatures)
    raise("[network] the input has {} values, expected at most {}", features, kMaxFeatures);
  state_->type = options.type;
  state_->storage = parse_storage(options.storage);
  if (state_->storage != fixed::Storage::master &&
      info(options.type).arithmetic != Arithmetic::kFixed)
    raise("[network] the storage is '{}' and the type {}, expected an integer type",
          options.storage, name(options.type));
  state_->seed = options.seed;
  state_->input_shape = std::move(options.input);
}

Network::Network(const Network& other) : state_(std::make_unique<NetworkState>(*other.state_)) {}
Network::Network(Network&& other) noexcept = default;
Network& Network::operator=(const Network& other) {
  if (this != &other) state_ = std::make_unique<NetworkState>(*other.state_);
  return *this;
}
Network& Network::operator=(Network&& other) noexcept = default;
Network::~Network() = default;

Network& Network::add(const LayerConfig& config, const std::string& input) {
  return add_reading(config, {input});
}

Network& Network::add_reading(const LayerConfig& config, const std::vector<std::string>& inputs) {
  NetworkState& state = *state_;
  Layer layer;
  layer.config = config;
  layer.name =
      layers::name_of(config).empty() ? default_name(state, config) : layers::name_of(config);
  const std::string place = fmt::format("layer {}", layer.name);
  if (layer.name == kInputName || producer(state, layer.name) != nullptr)
    raise("[{}] the name is in use", place);
  if (inputs.empty()) raise("[{}] reads no layer, expected one or more", place);
  layers::InputShapes shapes;
  for (const std::string& input : inputs) {
    if (input == kInputName || (input.empty() && state.layers.empty())) {
      layer.inputs.push_back(kInputId);
      shapes.emplace_back(std::span<const size_t>(state.input_shape));
      continue;
    }
    const Layer* source = input.empty() ? &state.layers.back() : producer(state, input);
    if (source == nullptr) {
      std::vector<std::string> names = {kInputName};
      for (const Layer& other : state.layers) names.push_back(other.name);
      raise_unknown("input layer", input, names);
    }
    layer.inputs.push_back(source->id);
    shapes.push_back(source->shape);
  }
  const layers::LayerPlan plan = layers::plan(config, shapes, place);
  const uint64_t first_id = state.next_id;
  detail::check_room(state, plan, place);
  layer.id = state.next_id++;
  layer.shape = plan.output;
  const Activation activation = layers::activation_of(config);
  for (const layers::ParameterSpec& spec : plan.parameters)
    layer.parameters.push_back(detail::initialise(state, state.next_id++, spec, activation));
  state.layers.push_back(std::move(layer));
  try {
    detail::check_replay(state, state.layers.size() - 1);
  } catch (...) {
    state.layers.pop_back();
    state.next_id = first_id;
    throw;
  }
  return *this;
}

DType Network::type() const {
  return state_->type;
}
std::string Network::storage() const {
  return kStorageNames[static_cast<size_t>(state_->storage)];
}
const std::vector<size_t>& Network::input_shape() const {
  return state_->input_shape;
}

std::vector<LayerInfo> Network::layers() const {
  std::vector<LayerInfo> result;
  for (const Layer& layer : state_->layers) {
    LayerInfo row{layer.id, layer.name, layer.config, {}, {}, 0};
    for (uint64_t id : layer.inputs)
      row.inputs.push_back(id == kInputId ? kInputName : state_->by_id(id).name);
    row.shape.assign(layer.shape.dims().begin(), layer.shape.dims().end());
    for (const Parameter& parameter : layer.parameters)
      row.parameters += parameter.value.elements();
    result.push_back(std::move(row));
  }
  return result;
}

size_t Network::parameters() const {
  size_t count = 0;
  for (const LayerInfo& layer : layers()) count += layer.parameters;
  return count;
}

size_t Network::outputs() const {
  if (state_->layers.empty()) raise("[network] there is no layer");
  return state_->layers.back().shape.elements();
}

std::vector<double> Network::values(const std::string& parameter) const {
  std::vector<std::string> names;
  for (const Layer& layer : state_->layers)
    for (const Parameter& candidate : layer.parameters) {
      names.push_back(layer.name + "." + candidate.role);
      if (names.back() != parameter) continue;
      std::vector<double> result(candidate.value.elements());
      const auto fill = [&](const auto& elements) {
        for (size_t i = 0; i < result.size(); ++i)
          result[i] = std::ldexp(static_cast<double>(elements[i]), candidate.exponent);
      };
      if (state_->type == DType::float32)
        fill(candidate.value.as<float>());
      else if (state_->type == DType::float64)
        fill(candidate.value.as<double>());
      else
        visit_signed(candidate.value, fill);
      return result;
    }
  raise_unknown("parameter", parameter, names);
}

}  // namespace paragon
