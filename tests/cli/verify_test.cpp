// SPDX-License-Identifier: Apache-2.0
// `paragon verify`: the recorded hashes hold everywhere, and it notices when they do not.
#include <gtest/gtest.h>

#include <paragon/paragon.hpp>

#include <set>

#include "cli/program.hpp"

namespace paragon::cli::testing {
namespace {

using nlohmann::json;

// Sanitized builds are slow: fewer nets, one of each kind.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
const std::string kMany = "--nets dense-momentum,local-adam,wired-adamw,replay-entropy";
#else
const std::string kMany = "--nets all";
#endif
const std::string kFew = "verify --nets dense-momentum,local-adam,wired-adamw,replay-entropy";

class Verify : public ProgramTest {
 protected:
  /// The rows of a call that must find every one equal.
  json equal_rows(const std::string& line) const {
    const json rows = json_of(line)["rows"];
    for (const json& row : rows) EXPECT_TRUE(row["equal"]) << row;
    return rows;
  }
};

TEST_F(Verify, EveryNetGivesItsGoldenHashInEveryType) {
  const json rows = equal_rows("verify " + kMany + " --threads 2");
  std::map<std::string, std::string> hashes;  // by net and bits
  std::set<std::string> distinct;
  for (const json& row : rows) {
    const DTypeInfo& type = info(parse_dtype(row["type"].get<std::string>()));
    ASSERT_EQ(row["hash"].get<std::string>().size(), 64u);
    if (type.kind == DTypeKind::kFloat) {
      EXPECT_TRUE(row["golden"].is_null());
      continue;
    }
    EXPECT_EQ(row["hash"], row["golden"]);
    const std::string key = row["net"].get<std::string>() + std::to_string(type.bits);
    EXPECT_EQ(hashes.emplace(key, row["hash"]).first->second, row["hash"]) << row;
    distinct.insert(row["hash"].get<std::string>());
  }
  EXPECT_EQ(rows.size() % network_types().size(), 0u);
  EXPECT_EQ(hashes.size(), rows.size() / network_types().size() * 4);
  EXPECT_EQ(distinct.size(), hashes.size());  // no setting is without effect
}

TEST_F(Verify, ThreadsAndSimdLevelsChangeNoBit) {
  for (const char* threads : {"1", "3", "8"})
    equal_rows(kFew + ",dense-wide --types int8,int16,int32,int64 --threads " + threads);
  // Two threads: tiles of updates that are parts of rows.
  for (const std::string& level : available_simd())
    equal_rows(kFew +
               ",dense-smooth,dense-adam --types int8,int16,int32,int64 --threads 2 --simd " +
               level);
}

TEST_F(Verify, TheReferenceBackendAgrees) {
  const json rows = equal_rows(kFew + " --types uint8,int16,int32,uint --device ref");
  EXPECT_EQ(rows[0]["device"], "ref");
}

TEST_F(Verify, AnInterruptedTrainingEndsAlike) {
  equal_rows(kFew + ",dense-regression --types int8,int16,int32,int64 --interrupted");
}

TEST_F(Verify, AFalseGoldenHashIsNoticed) {
  const std::string line = "verify --nets dense-sgd --types int8,int32,uint8 --golden golden.json";
  const json right = equal_rows("verify --nets dense-sgd --types int8,int32");
  json golden = {{"contract", contract_version()},
                 {"hashes", {{"dense-sgd", {{"8", right[0]["hash"]}, {"32", right[1]["hash"]}}}}}};
  folder_.write("golden.json", golden.dump());
  EXPECT_EQ(run_line(line).code, 0);
  auto& hash = golden["hashes"]["dense-sgd"]["8"].get_ref<std::string&>();
  hash[63] = hash[63] == '0' ? '1' : '0';
  folder_.write("golden.json", golden.dump());
  const Outcome outcome = run_line(line + " --json rows.json");
  EXPECT_EQ(outcome.code, 1);
  EXPECT_NE(outcome.out.find("2 of 3 rows differ"), std::string::npos) << outcome.out;
  const json rows = json::parse(folder_.read("rows.json"));
  EXPECT_EQ(rows["contract"], contract_version());
  ASSERT_EQ(rows["rows"].size(), 3u);
  const json expected = {{"net", "dense-sgd"},      {"type", "int8"},           {"device", "cpu"},
                         {"threads", processors()}, {"hash", right[0]["hash"]}, {"golden", hash},
                         {"equal", false}};
  EXPECT_EQ(rows["rows"][0], expected);
  EXPECT_TRUE(rows["rows"][1]["equal"]);
  golden["hashes"]["dense-sgd"].erase("8");  // none to compare with
  folder_.write("golden.json", golden.dump());
  EXPECT_EQ(run_line(line).code, 1);
}

TEST_F(Verify, RefusesWhatItCannotCompare) {
  expect_refused("verify --nets dense-sdg", {"dense-sdg", "did you mean 'dense-sgd'"});
  expect_refused("verify --types int9", {"int9"});
  expect_refused("verify --device cpus", {"cpus"});
  expect_refused("verify --record a.json --nets dense-sgd", {"--record"});
  expect_refused("verify --golden none.json", {"none.json"});
  const auto refused = [&](const std::string& text, const std::string& part) {
    folder_.write("bad.json", text);
    expect_refused("verify --golden bad.json", {"bad.json", part});
  };
  refused("{", "an object");
  refused("[]", "an object");
  refused(R"({"hashes": {}})", "contract");
  refused(R"({"contract": 1})", "hashes");
  refused(R"({"contract": 99, "hashes": {}})", "contract 99");
  refused(R"({"contract": 1, "hashes": {"dense-sgd": 1}})", "dense-sgd");
  refused(R"({"contract": 1, "hashes": {"dense-sgd": {"8": "12"}}})", "64 hexadecimal digits");
  refused(R"({"contract": 1, "hashes": {"dense-sgd": {"9": ")" + std::string(64, 'a') + R"("}}})",
          "bits of a type");
}

}  // namespace
}  // namespace paragon::cli::testing
