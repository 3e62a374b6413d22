// SPDX-License-Identifier: Apache-2.0
// Commands that take files of the Go framework.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>

#include <paragon/support.hpp>

#include "cli/program.hpp"

namespace paragon::cli::testing {
namespace {

using nlohmann::json;

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::string original(const std::string& name) {
  return std::string(PARAGON_SOURCE_DIR) + "/tests/data/original/" + name;
}

class Legacy : public ProgramTest {
 protected:
  /// Writes the samples of an expectation as the program's input.
  json expectation(const std::string& model) const {
    json expect = json::parse(read_file(original(model + ".expect.json"), 1 << 20));
    folder_.write("input.json", json{{"inputs", expect["inputs"]}}.dump());
    return expect;
  }

  /// 8x8 pixels, an output for each quadrant's sum, times `weight`, to be tested on the small
  /// data set, whose classes are the bright quadrants.
  static std::string quadrants(const std::string& type, const std::string& weight) {
    std::string pixels, outputs;
    for (int y = 0; y < 8; ++y) {
      pixels += y > 0 ? "],[" : "[";
      for (int x = 0; x < 8; ++x) pixels += (x > 0 ? "," : "") + std::string(R"({"b":0,"a":""})");
    }
    for (int q = 0; q < 4; ++q) {
      outputs += (q > 0 ? "," : "") + std::string(R"({"b":0,"a":"linear","in":[)");
      for (int i = 0; i < 16; ++i)
        outputs += fmt::format(R"({}{{"layer":0,"x":{},"y":{},"w":{}}})", i > 0 ? "," : "",
                               q % 2 * 4 + i % 4, q / 2 * 4 + i / 4, weight);
      outputs += "]}";
    }
    for (int i = 4; i < 10; ++i) outputs += R"(,{"b":-1,"a":"linear"})";  // classes never seen
    return fmt::format(
        R"({{"type":"{}","layers":[{{"w":8,"h":8,"n":[{}]]}},{{"w":10,"h":1,"n":[[{}]]}}]}})", type,
        pixels, outputs);
  }
};

TEST_F(Legacy, PredictGivesTheOutputsOfTheOriginal) {
  for (const char* model : {"a_dense_f64", "c_int8", "g_add_layer_middle_f32", "h_int16_softmax"}) {
    const json expect = expectation(model);
    const json outputs = json_of("predict --model " + original(model + std::string(".json")) +
                                 " --input input.json");
    ASSERT_EQ(outputs["outputs"].size(), expect["outputs"].size());
    for (size_t s = 0; s < expect["outputs"].size(); ++s)
      for (size_t i = 0; i < expect["outputs"][s].size(); ++i) {
        const double value = expect["outputs"][s][i];
        EXPECT_NEAR(
            outputs["outputs"][s][i].get<double>(), value,
            expect["abs_tol"].get<double>() + expect["rel_tol"].get<double>() * std::abs(value));
      }
  }
}

TEST_F(Legacy, PredictWritesLargeWholeNumbersExactly) {
  const json expect = expectation("e_int64_large");
  const Outcome outcome = run_line("predict --model " + original("e_int64_large.json") +
                                   " --input input.json --json outputs.json");
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const json outputs = json::parse(folder_.read("outputs.json"))["outputs"];
  const size_t last = expect["layers_exact"][0].size() - 1;
  for (size_t s = 0; s < outputs.size(); ++s)
    for (size_t i = 0; i < outputs[s].size(); ++i) {
      const std::string exact = expect["layers_exact"][s][last][i];
      EXPECT_EQ(outputs[s][i], exact);  // a string: it is beyond 2^53
      EXPECT_TRUE(contains(outcome.out, exact));
    }
  EXPECT_EQ(std::count(outcome.out.begin(), outcome.out.end(), '"'), 2);  // "outputs"
  // Numbers that every reader keeps stay numbers.
  folder_.write("small.json", quadrants("int64", "562949953421312"));
  const auto sums = [&](const std::string& pixel) {
    std::string sample = "[" + pixel;
    for (int i = 1; i < 64; ++i) sample += "," + pixel;
    folder_.write("input.json", "{\"inputs\":[" + sample + "]]}");
    return json_of("predict --model small.json --input input.json")["outputs"][0][0];
  };
  EXPECT_EQ(sums("1"), int64_t{9007199254740992});
  EXPECT_EQ(sums("-1"), int64_t{-9007199254740992});
  EXPECT_EQ(sums("2"), "18014398509481984");
  EXPECT_EQ(sums("-2"), "-18014398509481984");
}

TEST_F(Legacy, EvalReportsOnTheOriginalsAnswers) {
  folder_.write("float.json", quadrants("float32", "0.1"));
  const json figures = json_of("eval --model float.json --data . --expect-accuracy 100");
  EXPECT_EQ(figures["accuracy"], 100);
  EXPECT_EQ(figures["count"], 48);
  EXPECT_EQ(figures["type"], "float32");
  EXPECT_EQ(figures["parameters"], 74);
  // Whole numbers see no pixel below 255: the first output wins always.
  folder_.write("int.json", quadrants("int8", "1"));
  EXPECT_EQ(json_of("eval --model int.json --data .")["accuracy"], 25);
  EXPECT_EQ(run_line("eval --model int.json --data . --expect-accuracy 30").code, 1);
}

TEST_F(Legacy, InfoDescribesModels) {
  const json figures = json_of("info " + original("f_replay_inert_f32.json"));
  EXPECT_EQ(figures["format"], "legacy");
  EXPECT_EQ(figures["type"], "float32");
  EXPECT_EQ(figures["parameters"], 263);
  ASSERT_EQ(figures["layers"].size(), 4u);
  EXPECT_EQ(figures["layers"][1]["connections"], 144);
  EXPECT_EQ(figures["layers"][1]["activations"], (json{{"leaky_relu", 9}}));
  EXPECT_EQ(figures["layers"][2]["replay"]["offset"], 1);
  EXPECT_EQ(figures["layers"][2]["replay"]["active"], false);
  EXPECT_EQ(figures["inert"].size(), 3u);
  const Outcome text = run_line("info " + original("f_replay_after_f32.json"));
  EXPECT_TRUE(contains(text.out, "3 x 3 neurons (9 leaky_relu), 144 connections, replay after"));

  ASSERT_EQ(run_line("train --data . --layers '8x8 dense:10:softmax' --epochs 1 --out net.json"
                     " --quiet")
                .code,
            0);
  const json own = json_of("info net.json");
  EXPECT_EQ(own["format"], "paragon");
  EXPECT_EQ(own["input"], (json{8, 8}));
  EXPECT_EQ(own["parameters"], 650);
  EXPECT_EQ(own["layers"][0]["activation"], "softmax");
  EXPECT_EQ(own["layers"][0]["shape"], json{10});
  // Nothing that a file holds may move the terminal's cursor.
  std::string name = quadrants("int8", "1");
  name.replace(name.find("\"linear\""), 8, "\"\\u001b[2J\"");
  folder_.write("name.json", name);
  const Outcome odd = run_line("info name.json");
  EXPECT_EQ(odd.code, 0);
  EXPECT_EQ(odd.out.find('\x1b'), std::string::npos);
}

TEST_F(Legacy, ConvertMakesAModelThatComputesTheSame) {
  for (const char* model : {"a_dense_f32", "b_local_f32", "a_dense_f64", "f_replay_before_f32",
                            "g_add_layer_middle_f32", "g_add_neurons_f32"}) {
    const json expect = expectation(model);
    const json figures = json_of("convert " + original(model + std::string(".json")) + " new.json");
    EXPECT_EQ(figures["from"], expect["type"]);
    EXPECT_EQ(figures["type"], expect["type"]);
    EXPECT_EQ(figures["format"], "paragon");
    EXPECT_EQ(figures["difference"]["samples"], 16);
    EXPECT_LT(figures["difference"]["mean"].get<double>(), 1e-5);
    const json outputs = json_of("predict --model new.json --input input.json");
    ASSERT_EQ(outputs["outputs"].size(), expect["outputs"].size());
    for (size_t s = 0; s < expect["outputs"].size(); ++s)
      for (size_t i = 0; i < expect["outputs"][s].size(); ++i)
        EXPECT_NEAR(outputs["outputs"][s][i].get<double>(), expect["outputs"][s][i], 1e-4) << model;
  }
}

TEST_F(Legacy, ConvertSaysWhatChanged) {
  folder_.write("float.json", quadrants("float32", "0.1"));
  const json same = json_of("convert float.json new.json --data .");
  EXPECT_EQ(same["accuracy"], (json{{"old", 100}, {"new", 100}, {"change", 0}}));
  EXPECT_EQ(same["difference"]["samples"], 48);
  EXPECT_LT(same["difference"]["mean"].get<double>(), 1e-6);
  EXPECT_EQ(json_of("eval --model new.json --data .")["accuracy"], 100);

  // What overflowed and truncated there computes here.
  folder_.write("int.json", quadrants("int8", "12"));
  const json better = json_of("convert int.json new.json --data .");
  EXPECT_EQ(better["type"], "int8");
  EXPECT_EQ(better["accuracy"], (json{{"old", 25}, {"new", 100}, {"change", 75}}));
  EXPECT_FALSE(better.contains("difference"));
  EXPECT_TRUE(contains(better["remarks"][0], "divided by 127"));
  EXPECT_EQ(json_of("info new.json")["type"], "int8");
  EXPECT_FALSE(json_of("convert int.json new.json").contains("difference"));
  EXPECT_EQ(json_of("convert int.json new.json --type uint16")["type"], "uint16");

  const Outcome text =
      run_line("convert " + original("f_replay_after_f32.json") + " new.json --type float32");
  EXPECT_EQ(text.code, 0);
  for (const char* part :
       {"layer_1: dense of 9 leaky_relu, reads input, 153 parameters, replay after (repeat, span "
        "0)",
        "remark       layer 1: re_enabled", "mean over 16 random samples", "model        new.json"})
    EXPECT_TRUE(contains(text.out, part)) << text.out;
  EXPECT_EQ(run_line("convert int.json new.json --quiet").out, "");
  EXPECT_EQ(json_of("convert " + original("h_float32_mixed_linear.json") +
                    " new.json")["layers"][0]["activation"]["sigmoid"],
            1);
}

TEST_F(Legacy, ConvertRefusesAndWritesNothing) {
  const std::string good = quadrants("float32", "0.1");
  folder_.write("good.json", good);
  std::string late = good;
  late.replace(late.find("\"layer\":0"), 9, "\"layer\":1");
  folder_.write("late.json", late);
  expect_refused("convert late.json new.json --json figures.json",
                 {"late.json", "layers[1].n[0][0].in[0].layer is 1, expected 0 .. 0"});
  expect_refused("convert good.json new.json --type int7", {"int7", "did you mean"});
  expect_refused("convert good.json new.json --data none", {"none"});
  expect_refused("convert good.json no/new.json", {"no/new.json"});
  expect_refused("convert none.json new.json", {"none.json", "no such file"});
  expect_refused("convert train-labels-idx1-ubyte new.json", {"not a file of the Go framework"});
  expect_refused("convert good.json", {"NEW"});
  expect_refused("convert " + original("c_int8.json") + " new.json --data .", {"64 values"});
}

TEST_F(Legacy, BrokenFilesAreRefusedWithTheirPlace) {
  const std::string good = quadrants("int8", "1");
  expectation("c_int8");
  const auto refused = [&](const std::string& from, const std::string& to,
                           const std::vector<std::string>& parts) {
    std::string bad = good;
    bad.replace(bad.find(from), from.size(), to);
    folder_.write("bad.json", bad);
    for (const char* line : {"predict --model bad.json --input input.json --json outputs.json",
                             "eval --model bad.json --data . --json outputs.json",
                             "info bad.json --json outputs.json"})
      expect_refused(line, parts);
  };
  refused("\"layer\":0", "\"layer\":7", {"bad.json", "layers[1].n[0][0].in[0].layer is 7"});
  refused("\"x\":4", "\"x\":8", {"layers[1].n[0][1].in[0].x is 8, expected 0 .. 7"});
  refused("int8", "int7", {"bad.json", "unknown type 'int7'", "uint16"});
  refused("\"w\":1}", "\"w\":NaN}", {"bad.json", "byte "});
  refused("\"a\":\"linear\"", "\"a\":\"\xff\"", {"bad.json", "UTF-8"});
  refused("\"a\":\"linear\"", "\"a\":" + std::string(100'000, '['), {"bad.json", "a is an array"});
  refused(good.substr(good.size() / 2), "", {"bad.json", "byte "});

  folder_.write("good.json", good);
  expect_refused("predict --model good.json --input input.json",
                 {"inputs[0]", "row 0 has 4 values, expected 8"});
  expect_refused("eval --model " + original("c_int8.json") + " --data .", {"64 values"});
  expect_refused("dump --model good.json --stage program", {"good.json", "Go framework"});
  expect_refused("info none.json", {"none.json", "no such file"});
  expect_refused("info .", {"not a regular file"});
  std::filesystem::resize_file(folder_.path("good.json"), uintmax_t{1} << 40);
  expect_refused("info good.json", {"expected at most"});
}

}  // namespace
}  // namespace paragon::cli::testing
