// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "cli/program.hpp"

namespace paragon::cli::testing {
namespace {

constexpr const char* kImages = "train-images-idx3-ubyte";
constexpr const char* kTestLabels = "t10k-labels-idx1-ubyte";

using CommandLine = ProgramTest;

TEST_F(CommandLine, UnknownNamesGetASuggestion) {
  expect_refused("trian --data .", {"'trian'", "did you mean 'train'?"});
  expect_refused("train --epoch 3", {"'--epoch'", "did you mean '--epochs'?"});
  expect_refused("bench gem", {"'gem'", "did you mean 'gemm'?"});
  expect_refused(train_line("int9"), {"did you mean 'int8'?"});
  const std::string start = "train --data . --layers '8x8 dense:10:softmax' ";
  expect_refused(start + "--optimizer adm", {"'adm'", "did you mean 'adam'?"});
  expect_refused(start + "--schedule cosin", {"'cosin'", "did you mean 'cosine'?"});
  expect_refused(start + "--device cqu", {"'cqu'", "did you mean 'cpu'?"});
  expect_refused("train --data . --layers '8x8 dence:4:softmax'", {"did you mean 'dense'?"});
  expect_refused("train --data . --layers '8x8 dense:4:softmaks'", {"did you mean 'softmax'?"});
  expect_refused("dump --layers '8x8 dense:10:softmax' --stage progam",
                 {"did you mean 'program'?"});
  expect_refused(start + "--simd avx3", {"avx3"});
  expect_refused("info --simd nonsense", {"nonsense"});
}

TEST_F(CommandLine, MissingAndWrongValues) {
  expect_refused("", {"ubcommand"});
  expect_refused("train --layers '8x8 dense:10:softmax'", {"--data"});
  expect_refused("train --data .", {"--layers"});
  expect_refused("bench", {"ubcommand"});
  expect_refused("dump --stage program", {"--layers or --model"});
  const std::string start = "train --data . --layers '8x8 dense:10:softmax' ";
  for (const char* wrong :
       {"--batch 0", "--batch -1", "--batch 1e9", "--epochs 0", "--epochs x", "--threads -1",
        "--threads 99999", "--seed -1", "--seed 18446744073709551616", "--rate nan", "--rate inf",
        "--rate -1", "--rate 0.1x", "--momentum 2 --optimizer sgd", "--train-fraction 1.5",
        "--train-fraction -0.1", "--train-fraction nan", "--every 0 --schedule step"}) {
    const std::string option(std::string_view(wrong).substr(0, std::string_view(wrong).find(' ')));
    expect_refused(start + wrong, {option});
  }
  expect_refused(start + "--momentum 0.9", {"--momentum does not go with --optimizer adam"});
  expect_refused(start + "--every 2", {"--every does not go with --schedule constant"});
  expect_refused("bench gemm --sizes 16,0", {"--sizes"});
  expect_refused("bench gemm --sizes 99999999", {"--sizes"});
  expect_refused("bench gemm --type uint16", {"uint16"});
  expect_refused("bench mnist --data . --types int8,flot32", {"flot32", "did you mean 'float32'"});
  expect_refused("bench mnist --data . --models replai", {"replai", "did you mean 'replay'"});
}

TEST_F(CommandLine, ImpossibleShapes) {
  const auto refused = [&](const std::string& layers, const std::vector<std::string>& parts) {
    expect_refused("train --data . --layers '" + layers + "'", parts);
  };
  refused("8x8", {"no layer"});
  refused("8x8x8 dense:10:softmax", {"8x8x8"});
  refused("8x8 dense:0:softmax", {"units"});
  refused("8x8 dense:99999999999999999999:softmax", {"units"});
  refused("2000000000x2000000000 dense:2000000000:softmax", {"input"});
  refused("8x8 dense:2000000000:relu dense:2000000000:softmax", {"2000000000"});
  refused("64 local:2x2:relu dense:10:softmax", {"local"});
  refused("8x8 local:4x4:relu:field=9 dense:10:softmax", {"field"});
  refused("8x8 local:2x2:relu:field=2 dense:10:softmax", {"skip"});
  refused("7x7 dense:10:softmax", {"49"});  // not the images' shape
  refused("8x8 dense:3:softmax", {"3"});    // fewer outputs than classes
}

using Data = ProgramTest;

TEST_F(Data, BrokenFilesAreNamed) {
  const std::string good = folder_.read(kImages);
  const auto refused = [&](const std::vector<std::string>& parts) {
    expect_refused(train_line("int8", "--out net.json --json figures.json"), parts);
  };
  folder_.write(kImages, good.substr(0, good.size() - 1));
  refused({kImages});
  folder_.write(kImages, good.substr(0, 7));
  refused({kImages});
  folder_.write(kImages, "");
  refused({kImages});
  folder_.write(kImages, good + "x");
  refused({kImages});
  folder_.write(kImages, "\x01" + good.substr(1));
  refused({kImages, "magic"});
  // A header that claims 4 billion images of 65535 x 65535.
  folder_.write(kImages, good.substr(0, 4) + std::string(4, '\xff') +
                             std::string("\0\0\xff\xff", 4) + std::string("\0\0\xff\xff", 4) +
                             good.substr(16));
  refused({kImages});
  std::filesystem::remove(folder_.path(kImages));
  refused({kImages});
  folder_.write(kImages, good);
  std::filesystem::remove(folder_.path(kTestLabels));
  refused({kTestLabels});
  std::filesystem::create_directory(folder_.path(kTestLabels));
  refused({kTestLabels});
  expect_refused("train --data nowhere --layers '8x8 dense:10:softmax'", {"nowhere"});
}

using Outputs = ProgramTest;

TEST_F(Outputs, AreCheckedBeforeTheWork) {
  expect_refused(train_line("int8", "--out no/such/net.json"), {"no/such"});
  expect_refused(train_line("int8", "--out net.json --json no/such/figures.json"), {"no/such"});
  expect_refused(train_line("int8", "--out ."), {"regular file"});
  expect_refused("info --json no/such/figures.json", {"no/such"});
}

class Inputs : public ProgramTest {
 protected:
  void SetUp() override {
    ProgramTest::SetUp();
    ASSERT_EQ(run_line("train --data . --layers '8x8 dense:10:softmax' --epochs 1 --type int8"
                       " --out net.json --quiet")
                  .code,
              0);
  }

  void refused(const std::string& json, const std::vector<std::string>& parts) const {
    folder_.write("input.json", json);
    expect_refused("predict --model net.json --input input.json --json outputs.json", parts);
  }

  static std::string numbers(size_t count) {
    std::string text = "[0";
    for (size_t i = 1; i < count; ++i) text += ",0";
    return text + "]";
  }
};

TEST_F(Inputs, SamplesNameWhatWasExpected) {
  const std::string good = numbers(64), row = numbers(8);
  refused("{\"inputs\":[" + good + "," + numbers(63) + "]}",
          {"input.json", "inputs[1]", "63 values, expected 64 (8 rows of 8)"});
  refused("{\"inputs\":[" + numbers(65) + "]}", {"inputs[0]", "more than 64"});
  refused("{\"inputs\":[[" + row + "," + numbers(7) + "]]}", {"inputs[0]", "row 1 has 7 values"});
  refused("{\"inputs\":[[" + row + "]]}", {"inputs[0]", "8 values, expected 64"});
  refused("{\"inputs\":[[" + row + ",1]]}", {"inputs[0]"});
  refused("{\"inputs\":[[1," + row + "]]}", {"inputs[0]", "got a list"});
  refused("{\"inputs\":[[[[1]]]]}", {"inputs[0]", "got a list"});
  refused("{\"inputs\":[[\"1\"]]}", {"inputs[0]", "got a string"});
  refused("{\"inputs\":[[null]]}", {"inputs[0]", "got null"});
  refused("{\"inputs\":[[1e39]]}", {"inputs[0]", "too large"});
  refused("{\"inputs\":[[1e999]]}", {"1e999"});
  refused("{\"inputs\":[[NaN]]}", {"byte"});
  refused("{\"inputs\":[1,2]}", {"a sample, which is a list"});
  refused("{\"inputs\":{}}", {"a list of samples"});
  refused("{\"inputs\":[],\"inputs\":[]}", {"twice"});
  refused("{\"samples\":[]}", {"'samples'", "expected 'inputs'"});
  refused("{}", {"'inputs' is missing"});
  refused("[]", {"an object"});
  refused("", {"byte"});
  refused("{\"inputs\":[" + good, {"byte"});
  refused(std::string(100'000, '['), {"input.json"});
  refused("{\"inputs\":" + std::string(100'000, '['), {"input.json"});
  expect_refused("predict --model net.json --input none.json", {"none.json", "no such file"});
  expect_refused("predict --model net.json --input .", {"regular file"});
  std::filesystem::resize_file(folder_.path("input.json"), uintmax_t{1} << 40);
  expect_refused("predict --model net.json --input input.json", {"expected at most"});
}

TEST_F(Inputs, BrokenModelsAreRefused) {
  const std::string good = folder_.read("net.json");
  const auto bad = [&](const std::string& text, const std::vector<std::string>& parts) {
    folder_.write("bad.json", text);
    expect_refused("eval --model bad.json --data . --json figures.json", parts);
  };
  for (const size_t length : {size_t{0}, size_t{1}, good.size() / 3, good.size() - 3})
    bad(good.substr(0, length), {"bad.json"});
  bad(std::string(200'000, '['), {"bad.json", "deeper"});
  bad("{\"a\":" + std::string(200'000, '{'), {"bad.json"});
  bad("[1,2,3]", {"bad.json", "expected an object"});
  bad("{\"inputs\":[]}", {"bad.json", "format is missing"});
  bad(good + "{}", {"bad.json"});
  std::string huge = good;
  huge.replace(huge.find("\"units\": 10"), 11, "\"units\": 2147483647");
  bad(huge, {"bad.json", "2147483647 units"});
  std::filesystem::resize_file(folder_.path("bad.json"), uintmax_t{1} << 40);
  expect_refused("eval --model bad.json --data .", {"expected at most"});
  expect_refused("eval --model none.json --data .", {"none.json", "no such file"});
  expect_refused("eval --model none.json --data . --svg nowhere/picture",
                 {"nowhere/picture.adhd.svg", "cannot be written"});
  expect_refused("dump --model . --stage program", {"regular file"});
}

TEST_F(Inputs, FlippedModelsNeverCrash) {
  const std::string good = folder_.read("net.json");
  size_t refused_count = 0;
  constexpr size_t kFlips = 60;
  for (size_t i = 0; i < kFlips; ++i) {
    std::string text = good;
    const size_t at = i * 7 % 600 + (i % 3 == 0 ? good.size() / 2 : 0);  // header and numbers
    text[at] = static_cast<char>(text[at] ^ (1 << i % 8));
    folder_.write("bad.json", text);
    const Outcome outcome = run_line("eval --model bad.json --data . --quiet");
    EXPECT_TRUE(outcome.code == 0 || outcome.code == 2) << at << " " << outcome.err;
    refused_count += outcome.code == 2 ? 1 : 0;
  }
  EXPECT_GT(refused_count, kFlips / 4);
}

TEST_F(Inputs, ModelsThatDoNotFitTheData) {
  ASSERT_EQ(run_line("train --data . --layers '8x8 dense:10:softmax' --epochs 1 --out f.json").code,
            0);
  std::string text = folder_.read("f.json");
  folder_.write("other.json", R"({"format":"paragon-model","version":1,"numerics":1,
    "type":"float32","seed":1,"input":[2],"next_id":4,"layers":[{"id":1,"name":"a","kind":"dense",
    "units":1,"activation":"linear","inputs":["input"],"parameters":[
    {"id":2,"role":"weights","shape":[2,1],"values":[1,2]},
    {"id":3,"role":"bias","shape":[1,1],"values":[0]}]}]})");
  expect_refused("eval --model other.json --data .", {"64 values, expected the 2"});
}

}  // namespace
}  // namespace paragon::cli::testing
