// SPDX-License-Identifier: Apache-2.0
#include <array>

#include <paragon/legacy.hpp>
#include <paragon/support.hpp>

#include "core/error.hpp"
#include "core/platform/input_file.hpp"
#include "io/legacy/describe.hpp"
#include "io/legacy/file.hpp"
#include "io/legacy/interpreter.hpp"
#include "io/legacy/native.hpp"

namespace paragon {

using io::legacy::File;
using io::legacy::Interpreter;

struct LegacyNetwork::Impl {
  std::shared_ptr<const LegacyInfo> info;
  std::unique_ptr<Interpreter> interpreter;
  size_t inputs, first_output, outputs;

  /// Runs sample after sample and calls `take` with every output neuron of each.
  template <class Take>
  void run(std::span<const double> samples, Take&& take) {
    if (samples.size() % inputs != 0)
      raise("[legacy] got {} values, expected a multiple of {}, the neurons of the first layer",
            samples.size(), inputs);
    for (; !samples.empty(); samples = samples.subspan(inputs)) {
      interpreter->run(samples.first(inputs));
      for (size_t i = 0; i < outputs; ++i) take(first_output + i);
    }
  }
};

LegacyNetwork LegacyNetwork::load(const std::string& path) {
  const std::string text = read_file(path, io::legacy::kLargestFile);
  try {
    const File file = io::legacy::parse_file(text);
    auto impl = std::make_unique<Impl>();
    impl->info = std::make_shared<const LegacyInfo>(io::legacy::describe(file));
    impl->interpreter = io::legacy::make_interpreter(file);
    impl->inputs = file.layers.front().neurons();
    impl->first_output = file.layers.back().first_neuron;
    impl->outputs = file.layers.back().neurons();
    return LegacyNetwork(std::move(impl));
  } catch (const Error& error) {
    raise("[load] {}: {}", path, error.what());  // the reader knows the place, not the file
  }
}

bool LegacyNetwork::is_legacy(const std::string& path) {
  platform::InputFile file(path);
  std::array<char, 1 << 16> start;
  const size_t got = file.read(reinterpret_cast<uint8_t*>(start.data()), start.size());
  return io::legacy::is_legacy_text({start.data(), got});
}

LegacyNetwork::LegacyNetwork(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
LegacyNetwork::LegacyNetwork(const LegacyNetwork& other)
    : impl_(new Impl{other.impl_->info, other.impl_->interpreter->clone(), other.impl_->inputs,
                     other.impl_->first_output, other.impl_->outputs}) {}
LegacyNetwork::LegacyNetwork(LegacyNetwork&& other) noexcept = default;
LegacyNetwork& LegacyNetwork::operator=(const LegacyNetwork& other) {
  return *this = LegacyNetwork(other);
}
LegacyNetwork& LegacyNetwork::operator=(LegacyNetwork&& other) noexcept = default;
LegacyNetwork::~LegacyNetwork() = default;

const LegacyInfo& LegacyNetwork::info() const {
  return *impl_->info;
}
size_t LegacyNetwork::inputs() const {
  return impl_->inputs;
}
size_t LegacyNetwork::outputs() const {
  return impl_->outputs;
}

Conversion convert(const LegacyNetwork& legacy, std::optional<DType> type) {
  const LegacyNetwork::Impl& impl = *legacy.impl_;
  return io::legacy::make_native(*impl.info, *impl.interpreter,
                                 type.value_or(parse_dtype(impl.info->type)));
}

std::vector<double> LegacyNetwork::predict(std::span<const double> samples) {
  std::vector<double> values;
  impl_->run(samples, [&](size_t neuron) { values.push_back(impl_->interpreter->value(neuron)); });
  return values;
}

std::vector<std::string> LegacyNetwork::predict_text(std::span<const double> samples) {
  std::vector<std::string> texts;
  impl_->run(samples, [&](size_t neuron) { texts.push_back(impl_->interpreter->text(neuron)); });
  return texts;
}

}  // namespace paragon
