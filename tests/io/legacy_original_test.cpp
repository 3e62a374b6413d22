// SPDX-License-Identifier: Apache-2.0
// Every file of tests/data/original computes what its framework computed.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>

#include <paragon/legacy.hpp>
#include <paragon/support.hpp>

#include "io/legacy/file.hpp"
#include "io/legacy/interpreter.hpp"

namespace paragon::io::legacy {
namespace {

using nlohmann::json;

std::string original(const std::string& name) {
  return std::string(PARAGON_SOURCE_DIR) + "/tests/data/original/" + name;
}

std::vector<std::string> models() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(original(""))) {
    const std::string name = entry.path().stem().string();
    if (entry.path().extension() == ".json" && !name.ends_with(".expect")) names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<double> flat(const json& rows) {
  std::vector<double> values;
  for (const json& row : rows)
    for (const json& value : row) values.push_back(value.get<double>());
  return values;
}

void expect_near(double actual, double expected, const json& expect, const std::string& place) {
  const double tolerance =
      expect["abs_tol"].get<double>() + expect["rel_tol"].get<double>() * std::abs(expected);
  EXPECT_NEAR(actual, expected, tolerance) << place;
}

class Original : public ::testing::TestWithParam<std::string> {
 protected:
  json expect_ = json::parse(read_file(original(GetParam() + ".expect.json"), 1 << 20));
  std::string path_ = original(GetParam() + ".json");
};

TEST_P(Original, GivesTheOutputsOfTheOriginal) {
  ASSERT_TRUE(LegacyNetwork::is_legacy(path_));
  LegacyNetwork network = LegacyNetwork::load(path_);
  EXPECT_EQ(network.info().type, expect_["type"]);
  std::vector<double> samples;
  for (const json& sample : expect_["inputs"])
    for (const double value : flat(sample)) samples.push_back(value);
  const std::vector<double> outputs = network.predict(samples);
  const size_t width = network.outputs();
  ASSERT_EQ(outputs.size(), expect_["inputs"].size() * width);
  for (size_t i = 0; i < outputs.size(); ++i)
    expect_near(outputs[i], expect_["outputs"][i / width][i % width], expect_,
                "output " + std::to_string(i));
  EXPECT_EQ(LegacyNetwork::load(path_).predict_text(samples).size(), outputs.size());
}

TEST_P(Original, GivesEveryNeuronOfTheOriginal) {
  const File file = parse_file(read_file(path_, kLargestFile));
  const auto interpreter = make_interpreter(file);
  for (size_t s = 0; s < expect_["inputs"].size(); ++s) {
    interpreter->run(flat(expect_["inputs"][s]));
    const json& layers = expect_["layers_exact"][s];
    ASSERT_EQ(layers.size(), file.layers.size());
    for (size_t l = 0; l < layers.size(); ++l) {
      ASSERT_EQ(layers[l].size(), file.layers[l].neurons());
      for (size_t n = 0; n < layers[l].size(); ++n) {
        const size_t neuron = file.layers[l].first_neuron + n;
        const std::string text = layers[l][n];
        const std::string place = "sample " + std::to_string(s) + ", layer " + std::to_string(l) +
                                  ", " + std::to_string(n);
        if (type_info(file.type).integer)
          EXPECT_EQ(interpreter->text(neuron), text) << place;
        else
          expect_near(interpreter->value(neuron), std::strtod(text.c_str(), nullptr), expect_,
                      place);
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Files, Original, ::testing::ValuesIn(models()),
                         [](const auto& test) { return test.param; });

TEST(LegacyOriginal, AllKindsOfFilesAreThere) {
  EXPECT_EQ(models().size(), 14u);
}

}  // namespace
}  // namespace paragon::io::legacy
