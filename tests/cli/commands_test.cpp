// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include <paragon/diagnostics.hpp>

#include "cli/program.hpp"

namespace paragon::cli::testing {
namespace {

using nlohmann::json;
using Names = std::vector<std::string>;

Names keys_of(const json& object) {
  Names keys;
  for (const auto& [key, value] : object.items()) keys.push_back(key);
  return keys;  // sorted: nlohmann::json is a map
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

using Train = ProgramTest;

TEST_F(Train, JsonHasTheFiguresOfTheScreen) {
  for (const char* type : {"float32", "int8"}) {
    const Outcome outcome = run_line(train_line(type, "--threads 2 --json train.json"));
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    const json figures = json::parse(folder_.read("train.json"));
    EXPECT_EQ(keys_of(figures), (Names{"epochs", "parameters", "peak_memory_bytes", "seconds",
                                       "stop", "test", "type"}));
    EXPECT_EQ(figures["stop"], "finished");
    EXPECT_EQ(figures["type"], type);
    EXPECT_EQ(figures["parameters"], 16 * 10 + 10 * 17);
    EXPECT_EQ(keys_of(figures["test"]), (Names{"accuracy", "count"}));
    EXPECT_EQ(figures["test"]["count"], 48);
    EXPECT_GE(figures["test"]["accuracy"], 90);
    EXPECT_GT(figures["peak_memory_bytes"], 1'000'000);
    ASSERT_EQ(figures["epochs"].size(), 6u);
    double seconds = 0;
    for (size_t i = 0; i < 6; ++i) {
      const json& row = figures["epochs"][i];
      EXPECT_EQ(keys_of(row), (Names{"epoch", "loss", "samples_per_second", "seconds"}));
      EXPECT_EQ(row["epoch"], i + 1);
      EXPECT_GT(row["samples_per_second"], 0);
      seconds += row["seconds"].get<double>();
      EXPECT_TRUE(contains(outcome.out, fmt::format("{:.4f}", row["loss"].get<double>())));
    }
    EXPECT_LT(figures["epochs"][5]["loss"], figures["epochs"][0]["loss"]);
    EXPECT_NEAR(figures["seconds"], seconds, 1e-9);
    EXPECT_TRUE(contains(outcome.out, fmt::format("test accuracy     {:.2f} % of 48 samples",
                                                  figures["test"]["accuracy"].get<double>())));
    // Progress goes to standard error, a plain line for every epoch.
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 6);
    EXPECT_TRUE(contains(outcome.err, "epoch 6/6  loss "));
  }
}

TEST_F(Train, QuietAndJsonOnTheStandardOutput) {
  const Outcome quiet = run_line(train_line("int8", "--quiet --json -"));
  EXPECT_EQ(quiet.code, 0);
  EXPECT_EQ(quiet.err, "");
  EXPECT_TRUE(json::accept(quiet.out));
  const Outcome loud = run_line(train_line("int8", "--json -"));
  EXPECT_TRUE(json::accept(loud.out));
  EXPECT_TRUE(contains(loud.err, "test accuracy"));
}

TEST_F(Train, IntegersGiveTheSameModelEverywhere) {
  ASSERT_EQ(run_line(train_line("int8", "--threads 1 --out one.json")).code, 0);
  ASSERT_EQ(run_line(train_line("int8", "--threads 3 --out three.json")).code, 0);
  ASSERT_EQ(run_line(train_line("int8", "--device ref --out ref.json")).code, 0);
  ASSERT_EQ(run_line(train_line("int8", "--simd scalar --out scalar.json")).code, 0);
  const std::string one = folder_.read("one.json");
  EXPECT_EQ(one, folder_.read("three.json"));
  EXPECT_EQ(one, folder_.read("ref.json"));
  EXPECT_EQ(one, folder_.read("scalar.json"));
  ASSERT_EQ(run_line(train_line("int8", "--seed 2 --out other.json")).code, 2);  // --seed twice
  ASSERT_EQ(
      run_line("train --data . --layers '8x8 dense:10:softmax' --seed 2 --epochs 1 --type int8"
               " --out two.json")
          .code,
      0);
  ASSERT_EQ(
      run_line("train --data . --layers '8x8 dense:10:softmax' --seed 1 --epochs 1 --type int8"
               " --out one.json")
          .code,
      0);
  EXPECT_NE(folder_.read("one.json"), folder_.read("two.json"));
}

TEST_F(Train, EveryOptimizerAndSchedule) {
  const std::string start =
      "train --data . --layers '8x8 dense:10:softmax' --epochs 3 --batch 32 --quiet ";
  for (const char* type : {"float32", "float64", "int8"})
    for (const char* settings :
         {"--optimizer sgd --rate 0.05 --momentum 0.9 --weight-decay 0.001 --schedule constant",
          "--optimizer sgd --schedule step --every 1 --factor 0.5",
          "--optimizer adam --rate 0.01 --weight-decay 0.0001 --schedule cosine"})
      EXPECT_EQ(run_line(start + "--device ref --type " + type + " " + settings).code, 0)
          << type << settings;
}

TEST_F(Train, FractionUsesTheFirstImages) {
  // 8 images in one batch: the first part only.
  const json figures = json_of(train_line("float32", "--train-fraction 0.03125"));
  const json& row = figures["epochs"][0];
  EXPECT_NEAR(row["samples_per_second"].get<double>() * row["seconds"].get<double>(), 8, 0.01);
}

TEST_F(Train, CheckOfTheAccuracyGivesOne) {
  const std::string still =
      "train --data . --layers '8x8 dense:10:softmax' --optimizer sgd --rate 1e-20";
  const Outcome outcome = run_line(still + " --epochs 1 --expect-accuracy 100");
  EXPECT_EQ(outcome.code, 1);
  EXPECT_TRUE(contains(outcome.err, "expected at least 100 %"));
  EXPECT_EQ(run_line(still + " --epochs 1 --expect-accuracy 0").code, 0);
}

using Model = ProgramTest;

TEST_F(Model, EvalRepeatsTheTrainingsAccuracy) {
  for (const char* type : {"float32", "int8"}) {
    const json trained = json_of(train_line(type, "--out net.json"));
    const json figures = json_of("eval --model net.json --data .");
    EXPECT_EQ(figures["accuracy"], trained["test"]["accuracy"]);
    EXPECT_EQ(figures["count"], 48);
    EXPECT_EQ(figures["type"], type);
    EXPECT_EQ(
        keys_of(figures),
        (Names{"accuracy", "adhd", "classes", "composite", "confusion", "count", "exact_matches",
               "exact_percent", "loss", "mean_absolute_error", "mean_deviation", "parameters",
               "root_mean_square_error", "standard_deviation", "type", "unmeasured", "worst"}));
    size_t sum = 0;
    for (const auto& [range, count] : figures["adhd"]["buckets"].items())
      sum += count.get<size_t>();
    EXPECT_EQ(sum, 48u);
    const Outcome outcome = run_line("eval --model net.json --data . --batch 7 --threads 1");
    EXPECT_TRUE(contains(outcome.out, fmt::format("accuracy             {:.2f} %",
                                                  figures["accuracy"].get<double>())));
    EXPECT_EQ(run_line("eval --model net.json --data . --expect-accuracy 1").code, 0);
  }
}

TEST_F(Model, EvalDrawsPictures) {
  ASSERT_EQ(run_line(train_line("float32", "--out net.json")).code, 0);
  const json figures = json_of("eval --model net.json --data . --svg picture");
  const std::string score = fmt::format("{:.2f}", figures["adhd"]["score"].get<double>());
  EXPECT_TRUE(contains(folder_.read("picture.adhd.svg"), "ADHD score " + score));
  EXPECT_TRUE(contains(folder_.read("picture.confusion.svg"), "Confusion matrix"));

  // A network with more outputs than are drawn: the heat map only, and a line that says so.
  ASSERT_EQ(
      run_line("train --data . --layers '8x8 dense:65:softmax' --epochs 1 --out wide.json").code,
      0);
  const Outcome wide = run_line("eval --model wide.json --data . --svg wide");
  EXPECT_EQ(wide.code, 0) << wide.err;
  EXPECT_TRUE(contains(wide.out, "wide.confusion.svg is not written: 65 classes"));
  EXPECT_FALSE(folder_.read("wide.adhd.svg").empty());
  const Names names = folder_.names();
  EXPECT_EQ(std::count(names.begin(), names.end(), "wide.confusion.svg"), 0);
}

TEST_F(Model, PredictTakesListsAndRows) {
  json flat = json::array(), rows = json::array();
  for (int i = 0; i < 64; ++i) {
    flat.push_back(i / 63.0);
    if (i % 8 == 0) rows.push_back(json::array());
    rows.back().push_back(i / 63.0);
  }
  json inputs = {{"inputs", json::array({flat, rows, flat})}};
  folder_.write("input.json", inputs.dump());
  for (const char* type : {"float32", "int8"}) {
    ASSERT_EQ(run_line(train_line(type, "--out net.json")).code, 0);
    const json outputs = json_of("predict --model net.json --input input.json")["outputs"];
    ASSERT_EQ(outputs.size(), 3u);
    double sum = 0;
    for (const json& value : outputs[0]) sum += value.get<double>();
    EXPECT_EQ(outputs[0].size(), 10u);
    EXPECT_NEAR(sum, 1, 1e-3);
    EXPECT_EQ(outputs[0], outputs[1]);
    EXPECT_EQ(outputs[0], outputs[2]);
    // One at a time gives what the batch gave.
    EXPECT_EQ(
        json_of("predict --model net.json --input input.json --batch 1 --threads 2")["outputs"],
        outputs);
    const Outcome screen = run_line("predict --model net.json --input input.json");
    EXPECT_EQ(json::parse(screen.out)["outputs"], outputs);
  }
  folder_.write("input.json", "{\"inputs\":[]}");
  EXPECT_EQ(json_of("predict --model net.json --input input.json")["outputs"], json::array());
}

using Bench = ProgramTest;

TEST_F(Bench, MnistTrainsSavesAndLoadsEveryModelInEveryType) {
  const json figures =
      json_of("bench mnist --data . --epochs 1 --train-fraction 0.5 --jobs 2 --quiet");
  EXPECT_EQ(figures["train_images"], 128);
  EXPECT_EQ(figures["concurrent"], true);
  ASSERT_EQ(figures["rows"].size(), 4 * network_types().size());
  const auto row_of = [&](const std::string& model, DType type) {
    for (const json& row : figures["rows"])
      if (row["model"] == model && row["type"] == name(type)) return row;
    return json();
  };
  for (const char* model : {"standard", "replay", "dynamic-replay", "loop-replay"}) {
    for (const DType type : network_types()) {
      const json row = row_of(model, type);
      EXPECT_EQ(keys_of(row), (Names{"accuracy", "adhd", "model", "reloaded", "seconds", "type"}));
      EXPECT_EQ(row["accuracy"], row["reloaded"]["accuracy"]) << model << " " << name(type);
      EXPECT_EQ(row["adhd"], row["reloaded"]["adhd"]) << model << " " << name(type);
      EXPECT_GT(row["seconds"], 0);
    }
    for (const auto& [type, twin] :
         {std::pair{uint8, int8}, std::pair{uint16, int16}, std::pair{uint32, int32},
          std::pair{uint64, int64}, std::pair{int_, int64}, std::pair{uint_, int64}})
      EXPECT_EQ(row_of(model, type)["adhd"], row_of(model, twin)["adhd"]);
  }
  EXPECT_TRUE(folder_.read("figures.json").find("\"jobs\": 2") != std::string::npos);
}

using Commands = ProgramTest;

TEST_F(Commands, InfoTellsWhatThereIs) {
  const json figures = json_of("info");
  EXPECT_EQ(figures["version"], PARAGON_VERSION);
  Names types;
  for (const DType type : network_types()) types.emplace_back(name(type));
  EXPECT_EQ(figures["types"], types);
  EXPECT_GE(figures["threads"], 1);
  EXPECT_EQ(figures["devices"], Names(devices()));
  const json& levels = figures["simd"]["available"];
  EXPECT_NE(std::find(levels.begin(), levels.end(), figures["simd"]["active"]), levels.end());
  // Every level that is offered can be asked for.
  for (const json& level : levels) {
    const std::string line = "info --simd " + level.get<std::string>();
    EXPECT_EQ(json_of(line)["simd"]["active"], level);
  }
}

TEST_F(Commands, DumpPrintsEveryStage) {
  ASSERT_EQ(run_line(train_line("int8", "--out net.json")).code, 0);
  for (const std::string& stage : dump_stages()) {
    const json figures =
        json_of("dump --type int8 --layers '8x8 dense:10:softmax' --stage " + stage);
    EXPECT_EQ(figures["stage"], stage);
    EXPECT_GT(figures["text"].get<std::string>().size(), 100u);
    EXPECT_GT(json_of("dump --model net.json --stage " + stage)["text"].get<std::string>().size(),
              100u);
  }
}

TEST_F(Commands, BenchesMeasure) {
  for (const std::string type : {"float32", "int8"}) {
    const json rows = json_of("bench gemm --sizes 16,33 --threads 1 --type " + type)["rows"];
    ASSERT_EQ(rows.size(), 2u);
    EXPECT_EQ(keys_of(rows[1]), (Names{"gops", "k", "m", "n", "type"}));
    EXPECT_EQ(rows[1]["n"], 33);
    EXPECT_GT(rows[1]["gops"], 0);
    const json forward = json_of(
        "bench forward --layers '8x8 dense:8:relu dense:10:softmax' --batch 1"
        " --iterations 20 --type " +
        type);
    EXPECT_EQ(keys_of(forward), (Names{"microseconds_per_call", "seconds"}));
    EXPECT_NEAR(forward["microseconds_per_call"].get<double>(),
                forward["seconds"].get<double>() * 1e6 / 20, 1e-6);
    const json step = json_of(
        "bench step --layers '4 dense:4:relu dense:2:softmax' --batch 1"
        " --optimizer sgd --iterations 200 --threads 1 --type " +
        type);
    EXPECT_EQ(keys_of(step), Names{"microseconds_per_step"});
    EXPECT_GT(step["microseconds_per_step"], 0);
  }
}

TEST_F(Commands, HelpAndVersion) {
  const Outcome help = run_line("--help");
  EXPECT_EQ(help.code, 0);
  EXPECT_EQ(help.err, "");
  for (const char* command : {"train", "eval", "predict", "info", "dump", "bench"})
    EXPECT_TRUE(contains(help.out, command));
  EXPECT_TRUE(contains(run_line("train --help").out, "--train-fraction"));
  EXPECT_EQ(run_line("bench step --help").code, 0);
  EXPECT_EQ(run_line("--version").out, std::string(PARAGON_VERSION) + "\n");
}

}  // namespace
}  // namespace paragon::cli::testing
