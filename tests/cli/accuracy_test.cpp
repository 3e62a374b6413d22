// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <iterator>

#include "cli/program.hpp"

namespace paragon::cli::testing {
namespace {

using nlohmann::json;

constexpr const char* kLine =
    "bench accuracy --data . --fashion . --tasks mlp-100-50,local-standard --types float32,int8"
    " --seeds 1,2,3,4 --epochs 1 --train-fraction 0.5 ";

class Accuracy : public ProgramTest {
 protected:
  json results(std::string_view more = "--jobs 2 --quiet") const {
    return json_of(std::string(kLine) + std::string(more));
  }
  static json& row_of(json& figures, const std::string& task, const std::string& type) {
    for (json& row : figures["rows"])
      if (row["task"] == task && row["type"] == type) return row;
    ADD_FAILURE() << "no row " << task << " " << type;
    return figures["rows"].back();
  }
  /// Shows results of which nothing is left to be trained.
  Outcome show(const json& figures, std::string_view more = "") const {
    folder_.write("kept.json", figures.dump());
    return run_line(
        "bench accuracy --data nowhere --fashion nowhere --seeds 1,2,3,4 --epochs 1"
        " --tasks mlp-100-50,local-standard --types float32,int8 --train-fraction 0.5"
        " --json kept.json --resume " +
        std::string(more));
  }
};

TEST_F(Accuracy, TrainsEveryRowWithEverySeed) {
  json figures = results();
  ASSERT_EQ(figures["rows"].size(), 4u);
  for (const char* task : {"mlp-100-50", "local-standard"}) {
    for (const char* type : {"float32", "int8"}) {
      const json& row = row_of(figures, task, type);
      EXPECT_EQ(row["seeds"], (json{1, 2, 3, 4}));
      ASSERT_EQ(row["accuracy"].size(), 4u);
      for (const json& seconds : row["seconds"]) EXPECT_GT(seconds, 0);
      EXPECT_EQ(row["met"].is_null(), std::string(type) == "float32");
    }
  }
  EXPECT_NE(row_of(figures, "local-standard", "int8")["loss"][0],
            row_of(figures, "local-standard", "int8")["loss"][1]);
  // However many at a time, and the same as the benchmark that the net is from.
  json again = results("--jobs 1 --quiet");
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(figures["rows"][i]["accuracy"], again["rows"][i]["accuracy"]);
    EXPECT_EQ(figures["rows"][i]["loss"], again["rows"][i]["loss"]);
  }
  const json benchmark = json_of(
      "bench mnist --data . --models standard --types int8 --epochs 1 --train-fraction 0.4"
      " --seed 3 --quiet");
  EXPECT_EQ(row_of(figures, "local-standard", "int8")["accuracy"][2],
            benchmark["rows"][0]["accuracy"]);
}

TEST_F(Accuracy, FiguresAndBars) {
  json figures = results();
  json& real = row_of(figures, "mlp-100-50", "float32");
  json& fixed = row_of(figures, "mlp-100-50", "int8");
  for (const char* type : {"float32", "int8"})
    row_of(figures, "local-standard", type)["accuracy"] = json{97, 97, 97, 97};
  real["accuracy"] = json{98.1, 98.2, 98.3, 98.4};
  const auto shown = [&](const json& accuracies, int code) {
    fixed["accuracy"] = accuracies;
    const Outcome outcome = show(figures, "--strict");
    EXPECT_EQ(outcome.code, code) << accuracies << outcome.out << outcome.err;
    EXPECT_EQ(outcome.err, code == 0 ? "" : "paragon: a bar is not met\n");
    json kept = json::parse(folder_.read("kept.json"));
    return row_of(kept, "mlp-100-50", "int8");
  };
  // Differences -0.4 -0.2 -0.1 -0.3: below -0.2, but within two standard errors of it.
  json row = shown(json{97.7, 98.0, 98.2, 98.1}, 0);
  EXPECT_NEAR(row["mean"], 98.0, 1e-9);
  EXPECT_NEAR(row["deviation"], std::sqrt((0.09 + 0 + 0.04 + 0.01) / 3), 1e-9);
  EXPECT_NEAR(row["difference"], -0.25, 1e-9);
  EXPECT_NEAR(row["error"], std::sqrt((0.0225 + 0.0025 + 0.0225 + 0.0025) / 3 / 4), 1e-9);
  EXPECT_EQ(row["least"], 97.8);
  EXPECT_EQ(row["margin"], 0.2);
  EXPECT_EQ(row["met"], true);
  // -0.4 -0.3 -0.3 -0.3: two standard errors are 0.05.
  EXPECT_EQ(shown(json{97.7, 97.9, 98.0, 98.1}, 1)["met"], false);
  // A mean right at the bar reaches it; one below does not, however near to float32.
  real["accuracy"] = json{97.8, 97.8, 97.8, 97.8};
  EXPECT_EQ(shown(json{97.7, 97.9, 97.6, 98.0}, 0)["met"], true);
  EXPECT_EQ(shown(json{97.7, 97.9, 97.6, 97.99}, 1)["met"], false);
  // Without --strict it is only said.
  EXPECT_EQ(show(figures).code, 0);
  // Without float32 there is nothing to judge by.
  figures["rows"].erase(figures["rows"].begin());
  folder_.write("kept.json", figures.dump());
  EXPECT_EQ(run_line("bench accuracy --tasks mlp-100-50 --types int8 --seeds 1 --epochs 1"
                     " --train-fraction 0.5 --data . --json kept.json --resume --strict")
                .code,
            1);
}

TEST_F(Accuracy, ResumeTrainsWhatIsMissing) {
  json figures = results();
  folder_.write("figures.json", figures.dump());
  json& row = row_of(figures, "mlp-100-50", "int8");
  const json loss = row["loss"];
  for (const char* key : {"seeds", "accuracy", "loss", "seconds"}) row[key].erase(1);
  json& stale = row_of(figures, "local-standard", "int8");
  const json stale_loss = stale["loss"];
  stale["settings"] = "others";
  stale["loss"] = json{1, 2, 3, 4};
  folder_.write("figures.json", figures.dump());
  const Outcome outcome = run_line(std::string(kLine) + "--json figures.json --resume");
  EXPECT_EQ(outcome.code, 0);
  EXPECT_NE(outcome.err.find("5/5"), std::string::npos) << outcome.err;
  json now = json::parse(folder_.read("figures.json"));
  EXPECT_EQ(row_of(now, "mlp-100-50", "int8")["loss"], loss);
  EXPECT_EQ(row_of(now, "local-standard", "int8")["loss"], stale_loss);
  // Integers of another contract have other bits.
  now["contract"] = 0;
  folder_.write("figures.json", now.dump());
  EXPECT_NE(run_line(std::string(kLine) + "--json figures.json --resume").err.find("8/8"),
            std::string::npos);
}

TEST_F(Accuracy, PageKeepsWhatIsOutsideItsMarks) {
  const json figures = results();
  ASSERT_EQ(show(figures, "--markdown page.md").code, 0);
  const std::string tables = folder_.read("page.md");
  EXPECT_NE(tables.find("\n| net | float32 | int8 | bars met |\n"), std::string::npos) << tables;
  EXPECT_NE(tables.find("| PocketNN | 96.98 |"), std::string::npos);
  EXPECT_NE(tables.find("≥ 97.8, ≥ float32 − 0.2"), std::string::npos);
  folder_.write("page.md", "# Words\n\n" + tables + "\nmore words\n");
  ASSERT_EQ(show(figures, "--markdown page.md").code, 0);
  EXPECT_EQ(folder_.read("page.md"), "# Words\n\n" + tables + "\nmore words\n");
  folder_.write("page.md", "# Words\n");
  const Outcome outcome = show(figures, "--markdown page.md");
  EXPECT_EQ(outcome.code, 2);
  EXPECT_NE(outcome.err.find("page.md: expected a page with the lines"), std::string::npos);
  EXPECT_EQ(folder_.read("page.md"), "# Words\n");
}

// What the documents say is what docs/accuracy.json holds, for the nets, settings and bars of
// today.
TEST_F(Accuracy, DocumentsShowTheKeptResults) {
  const auto document = [](const std::string& name) {
    std::ifstream file(std::string(PARAGON_SOURCE_DIR) + "/" + name);
    return std::string(std::istreambuf_iterator<char>(file), {});
  };
  folder_.write("accuracy.json", document("docs/accuracy.json"));
  folder_.write("accuracy.md", document("docs/accuracy.md"));
  const Outcome outcome = run_line(
      "bench accuracy --data nowhere --fashion nowhere --json accuracy.json --resume --strict"
      " --markdown accuracy.md");
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(folder_.read("accuracy.md"), document("docs/accuracy.md"));
  const std::string page = folder_.read("accuracy.md");
  const size_t overview = page.find("| net |");
  ASSERT_NE(overview, std::string::npos);
  const std::string table = page.substr(overview, page.find("\n\n", overview) - overview);
  EXPECT_NE(document("README.md").find(table), std::string::npos) << table;
}

TEST_F(Accuracy, BadInputIsRefused) {
  expect_refused("bench accuracy --data . --tasks mlp-100-5", {"did you mean 'mlp-100-50'?"});
  expect_refused("bench accuracy --data . --types int9", {"did you mean 'int8'?"});
  expect_refused("bench accuracy --data . --seeds 1,x", {"--seeds"});
  expect_refused("bench accuracy --data . --resume", {"--resume needs --json FILE"});
  expect_refused("bench accuracy --data . --resume --json -", {"--resume needs --json FILE"});
  expect_refused("bench accuracy --data nowhere --tasks mlp-512", {"nowhere"});
  expect_refused("bench accuracy --data . --fashion nowhere --tasks fashion", {"nowhere"});
  expect_refused("bench accuracy --data . --markdown no/such/page.md", {"no/such"});
}

TEST_F(Accuracy, BrokenResultsAreRefused) {
  const json figures = results();
  const auto refused = [&](const std::string& text, const std::string& part) {
    folder_.write("kept.json", text);
    expect_refused("bench accuracy --data . --json kept.json --resume", {"kept.json", part});
    EXPECT_EQ(folder_.read("kept.json"), text);
  };
  const auto changed = [&](const char* key, const json& value) {
    json broken = figures;
    broken["rows"][1][key] = value;
    return broken.dump();
  };
  refused("", "'rows'");
  refused("{\"rows\":", "'rows'");
  refused("{\"rows\":3}", "'rows'");
  refused("{\"rows\":[3]}", "rows[0]: got 3, expected an object");
  refused("{\"rows\":[{}]}", "'task'");
  refused(changed("task", 3), "rows[1]");
  refused(changed("type", "int9"), "rows[1]");
  refused(changed("settings", nullptr), "'settings'");
  refused(changed("seeds", json{1, 2, 3, 3}), "all different");
  refused(changed("seeds", json{1, 2, 3, -4}), "whole numbers");
  refused(changed("accuracy", json{1, 2, 3}), "a list of 4 numbers");
  refused(changed("accuracy", json{1, 2, 3, 101}), "0 .. 100");
  refused(changed("accuracy", json{1, 2, 3, "4"}), "0 .. 100");
  refused(changed("loss", json{1, 2, 3, -4}), "'loss'");
  refused(changed("seconds", 3), "'seconds'");
}

}  // namespace
}  // namespace paragon::cli::testing
