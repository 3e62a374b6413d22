// SPDX-License-Identifier: Apache-2.0
#include "io/model.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <limits>

#include <paragon/support.hpp>

#include "io/numbers.hpp"
#include "network/state.hpp"
#include "raises.hpp"
#include "temporary_folder.hpp"

namespace paragon::io {
namespace {

using detail::Layer;
using detail::Parameter;
using paragon::testing::contains;
using paragon::testing::message_of;
using paragon::testing::TemporaryFolder;

constexpr const char* kSpec = "6x6 local:3x3:leaky_relu:field=3 dense:4:softmax";

void expect_equal(const Tensor& a, const Tensor& b) {
  ASSERT_EQ(a.type(), b.type());
  ASSERT_EQ(a.shape(), b.shape());
  ASSERT_EQ(a.empty(), b.empty());
  if (a.empty()) return;
  EXPECT_EQ(std::memcmp(a.data(), b.data(), a.bytes()), 0);
}

void expect_equal(const Network& first, const Network& second) {
  const auto& a = first.state();
  const auto& b = second.state();
  EXPECT_EQ(a.type, b.type);
  EXPECT_EQ(a.seed, b.seed);
  EXPECT_EQ(a.input_shape, b.input_shape);
  EXPECT_EQ(a.next_id, b.next_id);
  ASSERT_EQ(a.layers.size(), b.layers.size());
  for (size_t i = 0; i < a.layers.size(); ++i) {
    const Layer &la = a.layers[i], &lb = b.layers[i];
    EXPECT_EQ(la.id, lb.id);
    EXPECT_EQ(la.name, lb.name);
    EXPECT_EQ(la.config.index(), lb.config.index());
    EXPECT_EQ(la.inputs, lb.inputs);
    EXPECT_EQ(la.shape, lb.shape);
    EXPECT_EQ(la.output_exponent, lb.output_exponent);
    ASSERT_EQ(la.parameters.size(), lb.parameters.size());
    for (size_t p = 0; p < la.parameters.size(); ++p) {
      const Parameter &pa = la.parameters[p], &pb = lb.parameters[p];
      EXPECT_EQ(pa.id, pb.id);
      EXPECT_EQ(pa.role, pb.role);
      EXPECT_EQ(pa.exponent, pb.exponent);
      EXPECT_EQ(pa.view_exponent, pb.view_exponent);
      expect_equal(pa.value, pb.value);
      expect_equal(pa.view, pb.view);
    }
  }
  EXPECT_EQ(model_text(first), model_text(second));
}

/// A network with values and ids that a fresh one would not have.
Network unusual_network(DType type) {
  Network network = parse_network(kSpec, type, std::numeric_limits<uint64_t>::max());
  detail::NetworkState& state = network.state();
  uint64_t id = uint64_t{1} << 63;
  for (Layer& layer : state.layers) {
    layer.id = id++;
    if (&layer != &state.layers.front()) layer.inputs = {state.layers.front().id};
    for (Parameter& parameter : layer.parameters) {
      parameter.id = id++;
      visit_elements(parameter.value, []<class T>(std::span<T> values) {
        using Limits = std::numeric_limits<T>;
        const T special[] = {Limits::lowest(), Limits::max(),
                             static_cast<T>(Limits::is_integer ? T{7} : Limits::denorm_min()),
                             static_cast<T>(-T{0})};
        std::copy(std::begin(special), std::end(special), values.begin());
        if constexpr (std::is_floating_point_v<T>)
          for (size_t i = 4; i < values.size(); ++i)
            values[i] = std::nextafter(static_cast<T>(i) / T{3}, T{0});
      });
    }
    if (info(type).arithmetic == Arithmetic::kFixed) layer.output_exponent = -5;
  }
  state.next_id = id;
  return network;
}

TEST(Model, RoundTripIsExactForEveryType) {
  const TemporaryFolder folder;
  for (const DType type : network_types()) {
    for (const Network& network : {parse_network(kSpec, type, 3), unusual_network(type)}) {
      network.save(folder.path("net.json"));
      const Network loaded = Network::load(folder.path("net.json"));
      expect_equal(network, loaded);
    }
  }
  EXPECT_EQ(folder.names(), std::vector<std::string>{"net.json"});
}

TEST(Model, NamesAndWiringSurvive) {
  Network network({.input = {5}, .type = float32});
  network.add(Dense{.units = 3, .activation = "relu", .name = "first \"\u00e9\""});
  network.add(Dense{.units = 2, .activation = "softmax", .name = "second"}, "input");
  const Network loaded = parse_model(model_text(network));
  expect_equal(network, loaded);
  EXPECT_EQ(loaded.layers()[1].inputs, std::vector<std::string>{"input"});
}

TEST(Model, FixedPointIsKeptAsViewAndResidual) {
  const Network network = parse_network(kSpec, int8, 3);
  const std::string text = model_text(network);
  EXPECT_TRUE(contains(text, "\"view\""));
  EXPECT_TRUE(contains(text, "\"residual\""));
  // A view finer than its master leaves no residual: the master is kept whole.
  Network fine = network;
  Parameter& weights = fine.state().layers[0].parameters[0];
  weights.view_exponent = weights.exponent - 1;
  EXPECT_TRUE(contains(model_text(fine), "\"values\""));
  expect_equal(fine, parse_model(model_text(fine)));
}

TEST(Model, SaveRefusesWhatJsonCannotHold) {
  const TemporaryFolder folder;
  Network network = parse_network(kSpec, float32);
  network.state().layers[1].parameters[0].value.as<float>()[5] =
      std::numeric_limits<float>::quiet_NaN();
  EXPECT_TRUE(contains(message_of([&] { network.save(folder.path("net.json")); }), "nan"));
  EXPECT_TRUE(folder.names().empty());
}

/// What loading says after the first `from` of a good model's text became `to`.
std::string error_after(std::string_view from, std::string_view to, DType type = float32) {
  std::string text = model_text(parse_network("2 dense:2:relu dense:2:softmax", type));
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  text.replace(at, from.size(), to);
  return message_of([&] { parse_model(text); });
}

TEST(Model, ErrorsNameThePlace) {
  EXPECT_TRUE(contains(error_after("paragon-model", "other"), "format is 'other'"));
  EXPECT_TRUE(contains(error_after("\"version\": 1", "\"version\": 2"), "version is 2"));
  EXPECT_TRUE(contains(error_after("\"numerics\": 1", "\"numerics\": 9"), "numerics is 9"));
  EXPECT_TRUE(contains(error_after("float32", "float31"), "did you mean 'float32'?"));
  EXPECT_TRUE(contains(error_after("float32", "uint8"), "uint8"));
  EXPECT_TRUE(contains(error_after("\"kind\": \"dense\"", "\"kind\": \"dens\""), "layers[0].kind"));
  EXPECT_TRUE(contains(error_after("\"units\": 2", "\"units\": 0"), "layers[0].units is 0"));
  EXPECT_TRUE(contains(error_after("\"units\": 2", "\"units\": 3"), "layers[0]"));
  EXPECT_TRUE(contains(error_after("\"units\": 2", "\"unit\": 2"), "layers[0].units is missing"));
  EXPECT_TRUE(contains(error_after("\"units\": 2", "\"units\": 2, \"size\": 2"), "'size'"));
  EXPECT_TRUE(contains(error_after("\"relu\"", "\"rellu\""), "did you mean 'relu'?"));
  EXPECT_TRUE(contains(error_after("[\"input\"]", "[]"), "layers[0].inputs"));
  EXPECT_TRUE(contains(error_after("[\"input\"]", "[\"nobody\"]"), "nobody"));
  EXPECT_TRUE(
      contains(error_after("\"weights\"", "\"bias\""), "layers[0].parameters[0].role is 'bias'"));
  EXPECT_TRUE(contains(error_after("\"shape\": [2,2]", "\"shape\": [4,1]"),
                       "layers[0].parameters[0].shape"));
  EXPECT_TRUE(contains(error_after("\"values\": [", "\"values\": [1,"),
                       "layers[0].parameters[0].values is an array of 5"));
  EXPECT_TRUE(contains(error_after("\"values\": [", "\"values\": [1e39,"), "values"));
  EXPECT_TRUE(contains(error_after("\"values\": [", "\"values\": [null,"), "mixes"));
  EXPECT_TRUE(contains(error_after("\"id\": 1", "\"id\": 0"), "layers[0].id"));
  EXPECT_TRUE(contains(error_after("\"next_id\": ", "\"next_id\": 1, \"x\": "), "next_id is 1"));
}

TEST(Model, FixedPointErrorsNameThePlace) {
  EXPECT_TRUE(contains(error_after("\"exponent\": ", "\"exponent\": 9999, \"x\": ", int8),
                       "layers[0].parameters[0].exponent is 9999"));
  EXPECT_TRUE(contains(error_after("\"view\": [", "\"view\": [300,", int8), "view"));
  EXPECT_TRUE(contains(error_after("\"residual\": [", "\"residual\": [1.5,", int8), "residual"));
  EXPECT_TRUE(contains(error_after("\"residual\": [", "\"residual\": [2,", int8),
                       "layers[0].parameters[0].residual is an array of 5"));
}

TEST(Model, HugeClaimsCostNoMemory) {
  // A short file that claims a large network must fail, not allocate it.
  for (const char* claim : {"\"units\": 2000000000", "\"units\": 2147483647", "\"units\": 40000"})
    EXPECT_NE(error_after("\"units\": 2", claim), "");
  EXPECT_NE(error_after("\"input\": [2]", "\"input\": [2000000000]"), "");
  EXPECT_NE(error_after("\"input\": [2]", "\"input\": [2000000000,2000000000]"), "");
  EXPECT_NE(error_after("\"input\": [2]", "\"input\": [2,2,2,2,2]"), "");
  EXPECT_NE(error_after("\"input\": [2]", "\"input\": []"), "");
}

TEST(Model, TruncatedAndFlippedFilesRaiseOrLoad) {
  for (const DType type : network_types()) {
    const std::string good = model_text(parse_network("2 dense:2:relu dense:2:softmax", type));
    for (size_t length = 0; length + 2 < good.size(); ++length)
      EXPECT_THROW(parse_model(std::string_view(good).substr(0, length)), Error);
    size_t refused = 0;
    for (size_t i = 0; i < good.size(); ++i) {
      for (int bit = 0; bit < 8; ++bit) {
        std::string bad = good;
        bad[i] = static_cast<char>(bad[i] ^ (1 << bit));
        try {
          parse_model(bad);
        } catch (const Error&) {
          ++refused;
        }
      }
    }
    EXPECT_GT(refused, good.size());
  }
}

TEST(Model, FilesOfVersionOneStayReadable) {
  // Written once by the first program; the fuzz target starts from them too.
  for (const DType type : {float32, float64, int8}) {
    const std::string path =
        fmt::format("{}/fuzz/corpus/model/{}.json", PARAGON_SOURCE_DIR, name(type));
    const std::string text = read_file(path, 1 << 20);
    EXPECT_EQ(model_text(parse_model(text)), text) << path;
  }
}

TEST(Model, LoadNamesTheFile) {
  const TemporaryFolder folder;
  const std::string path = folder.write("bad.json", "{\"format\":\"paragon-model\"}");
  EXPECT_TRUE(contains(message_of([&] { Network::load(path); }), path));
  EXPECT_TRUE(contains(message_of([&] { Network::load(folder.path("none")); }), "none"));
}

}  // namespace
}  // namespace paragon::io
