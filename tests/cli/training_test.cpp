// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>

#include "cli/program.hpp"

namespace paragon::cli::testing {
namespace {

using nlohmann::json;

const std::string kStart = "train --data . --layers '8x8 dense:10:softmax' --batch 32 ";

class Resume : public ProgramTest {
 protected:
  /// The epochs' losses and the accuracy.
  static json outcome_of(const json& figures) {
    json result = {figures["test"]["accuracy"]};
    for (const json& row : figures["epochs"]) result.push_back(row["loss"]);
    return result;
  }
};

TEST_F(Resume, AStoppedTrainingGoesOn) {
  const std::string options =
      " --data . --batch 16 --optimizer adam --rate 0.02 --schedule step --every 2 --seed 1";
  for (const char* type : {"float32", "int8"}) {
    const std::string layers = std::string(" --layers '8x8 dense:10:softmax' --type ") + type;
    const json whole = json_of("train --epochs 4 --out whole.json" + layers + options);
    // The first two epochs of four: what a killed training leaves behind.
    json_of("train --epochs 2 --checkpoint half.json" + layers + options);
    const json rest = json_of(
        "train --epochs 4 --resume half.json --checkpoint half.json --out resumed.json" + options);
    ASSERT_EQ(rest["epochs"].size(), 2u);
    for (size_t i = 0; i < 2; ++i) {
      EXPECT_EQ(rest["epochs"][i]["epoch"], i + 3);
      EXPECT_EQ(rest["epochs"][i]["loss"], whole["epochs"][i + 2]["loss"]);
    }
    EXPECT_EQ(rest["type"], type);
    EXPECT_EQ(folder_.read("whole.json"), folder_.read("resumed.json"));
    // A model with the state of a training is a model.
    EXPECT_EQ(json_of("eval --model half.json --data .")["accuracy"], rest["test"]["accuracy"]);
    // Nothing is left to do.
    const json again = json_of("train --epochs 4 --resume half.json" + options);
    EXPECT_TRUE(again["epochs"].empty());
    EXPECT_EQ(again["test"], rest["test"]);
  }
}

TEST_F(Resume, PureStorage) {
  const std::string options = " --data . --batch 16 --optimizer sgd --momentum 0.9 --rate 0.05";
  const std::string network = " --layers '8x8 dense:10:softmax' --type uint8 --storage pure";
  json_of("train --epochs 3 --out whole.json" + network + options);
  json_of("train --epochs 1 --checkpoint half.json" + network + options);
  json_of("train --epochs 3 --resume half.json --out resumed.json" + options);
  EXPECT_EQ(folder_.read("whole.json"), folder_.read("resumed.json"));
  EXPECT_EQ(json_of("info whole.json")["storage"], "pure");
  EXPECT_EQ(json::parse(folder_.read("whole.json"))["storage"], "pure");
  expect_refused("train --resume half.json --storage pure" + options, {"--storage"});
  expect_refused("train --epochs 1 --layers '8x8 dense:10:softmax' --storage pure" + options,
                 {"storage is 'pure'", "float32"});
}

TEST_F(Resume, ErrorsNameTheFile) {
  const std::string options = " --data . --quiet";
  expect_refused("train --resume none.json" + options, {"none.json"});
  expect_refused("train" + options, {"--layers or --resume"});
  expect_refused("train --resume a.json --layers '8x8 dense:10:softmax'" + options, {"--layers"});
  expect_refused("train --resume a.json --type int8" + options, {"--type"});
  expect_refused(kStart + "--checkpoint no/such/file.json", {"no/such"});
  ASSERT_EQ(run_line(kStart + "--epochs 1 --quiet --out model.json --checkpoint state.json").code,
            0);
  expect_refused("train --resume model.json" + options, {"no checkpoint"});
  expect_refused("train --resume state.json --batch 64 --optimizer sgd" + options,
                 {"does not keep"});
  expect_refused("train --resume state.json --batch 32 --train-fraction 0.5 --epochs 1" + options,
                 {"does not fit"});
  std::string text = folder_.read("state.json");
  text.replace(text.find("\"step\": "), 8, "\"stop\": ");
  folder_.write("bad.json", text);
  expect_refused("train --resume bad.json" + options, {"bad.json", "training.step is missing"});
}

using Stops = ProgramTest;

TEST_F(Stops, ValidationAndPatience) {
  const json figures =
      json_of(kStart + "--epochs 3 --rate 0.02 --validation-split 0.25 --keep-best");
  ASSERT_EQ(figures["epochs"].size(), 3u);
  for (const json& row : figures["epochs"]) {
    EXPECT_GT(row["validation_loss"], 0);
    EXPECT_GT(row["validation_accuracy"], 0);
    EXPECT_NEAR(row["samples_per_second"].get<double>() * row["seconds"].get<double>(), 192, 0.01);
  }
  const Outcome outcome = run_line(kStart + "--epochs 2 --validation-split 0.25");
  EXPECT_NE(outcome.out.find("validation loss and accuracy"), std::string::npos);
  // Steps this small change no weight, so that no epoch is better than the first.
  const json stopped = json_of(
      kStart + "--epochs 9 --optimizer sgd --rate 1e-30 --validation-split 0.25 --patience 2");
  EXPECT_EQ(stopped["stop"], "no better epoch");
  EXPECT_EQ(stopped["epochs"].size(), 3u);
  EXPECT_EQ(json_of(kStart + "--epochs 2 --stop-on-negative-loss")["stop"], "finished");
}

TEST_F(Stops, SettingsOfOptimizersLossesAndClips) {
  const json plain = json_of(kStart + "--epochs 2");
  for (const char* settings : {"--optimizer sgd --rate 0.05 --momentum 0.9 --nesterov",
                               "--optimizer adam --beta1 0.8 --beta2 0.99 --epsilon 1e-6",
                               "--optimizer adamw --weight-decay 0.1 --beta1 0.8",
                               "--optimizer rmsprop --decay 0.9 --epsilon 1e-6 --momentum 0.5",
                               "--type int8 --exponents dynamic", "--loss mean_squared_error",
                               "--clip-lower -0.1 --clip-upper 0.2 --clip-norm 1.5"}) {
    const json set = json_of(kStart + "--epochs 2 " + settings);
    EXPECT_NE(plain["epochs"][1]["loss"], set["epochs"][1]["loss"]) << settings;
  }
  expect_refused(kStart + "--optimizer adam --decay 0.9", {"--decay does not go with"});
  expect_refused(kStart + "--optimizer sgd --beta1 0.9", {"--beta1 does not go with"});
  expect_refused(kStart + "--nesterov", {"--nesterov does not go with --optimizer adam"});
  expect_refused(kStart + "--optimizer sgd --nesterov", {"nesterov", "momentum"});
  expect_refused(kStart + "--type int8 --exponents fast", {"fast", "delayed", "dynamic"});
  expect_refused(kStart + "--exponents dynamic", {"exponents is 'dynamic'", "float32"});
  expect_refused(kStart + "--loss hinge", {"hinge", "cross_entropy"});
  expect_refused(kStart + "--beta1 1.5", {"--beta1"});
  expect_refused(kStart + "--beta2 1", {"beta2 is 1"});
  expect_refused(kStart + "--validation-split 1", {"validation_split is 1"});
  expect_refused(kStart + "--patience -1", {"--patience"});
  expect_refused(kStart + "--clip-lower 1 --clip-upper 0", {"lower is 1"});
  expect_refused(kStart + "--clip-norm nan", {"--clip-norm"});
}

}  // namespace
}  // namespace paragon::cli::testing
