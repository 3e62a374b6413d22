// SPDX-License-Identifier: Apache-2.0
// Files that are broken or mean harm: an Error that names the place, soon and without much memory.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <paragon/legacy.hpp>
#include <paragon/support.hpp>

#include "io/legacy/describe.hpp"
#include "io/legacy/file.hpp"
#include "io/legacy/interpreter.hpp"
#include "raises.hpp"
#include "temporary_folder.hpp"

namespace paragon::io::legacy {
namespace {

using paragon::testing::contains;
using paragon::testing::message_of;
using paragon::testing::TemporaryFolder;

constexpr std::string_view kGood = R"({"type":"float32","layers":[
  {"w":2,"h":1,"n":[[{"b":0,"a":"linear","in":[]},{"b":0,"a":"linear","in":[]}]]},
  {"w":1,"h":2,"n":[[{"b":0.5,"a":"relu","in":[{"layer":0,"x":0,"y":0,"w":1}]}],
    [{"b":-1,"a":"elu","in":[{"layer":0,"x":1,"y":0,"w":2},{"layer":1,"x":0,"y":0,"w":-3}]}]],
   "re_enabled":true,"re_offset":-1,"re_phase":"after","re_max":1,"re_budget":3}]})";

void read(std::string_view text) {
  const File file = parse_file(text);
  describe(file);
  const auto interpreter = make_interpreter(file);
  interpreter->run(std::vector<double>(file.layers.front().neurons(), 0.5));
  for (size_t n = 0; n < file.neurons.size(); ++n) interpreter->text(n);
}

/// What reading says after the first `from` of a good file became `to`.
std::string error_after(std::string_view from, std::string_view to) {
  std::string text(kGood);
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  text.replace(at, from.size(), to);
  return message_of([&] { read(text); });
}

TEST(LegacyHostile, GoodFileIsGood) {
  read(kGood);
}

TEST(LegacyHostile, SourcesOutside) {
  EXPECT_TRUE(contains(error_after("\"layer\":1", "\"layer\":2"),
                       "layers[1].n[1][0].in[1].layer is 2, expected 0 .. 1"));
  EXPECT_TRUE(contains(error_after("\"x\":1", "\"x\":2"),
                       "layers[1].n[1][0].in[0].x is 2, expected 0 .. 1, inside layer 0 of 2x1"));
  EXPECT_TRUE(contains(error_after("\"y\":0", "\"y\":1"),
                       "layers[1].n[0][0].in[0].y is 1, expected 0 .. 0"));
  EXPECT_TRUE(contains(error_after("\"x\":1", "\"x\":-1"), "layers[1].n[1][0].in[0].x is -1"));
  EXPECT_TRUE(contains(error_after("\"layer\":1", "\"layer\":9223372036854775807"),
                       "layers[1].n[1][0].in[1].layer is 9223372036854775807"));
  EXPECT_TRUE(contains(error_after("\"layer\":1", "\"layer\":18446744073709551615"),
                       "layers[1].n[1][0].in[1].layer is 1.8446744073709552e+19"));
}

TEST(LegacyHostile, WrongTypes) {
  EXPECT_TRUE(contains(error_after("\"float32\"", "\"float31\""), "did you mean 'float32'?"));
  EXPECT_TRUE(contains(error_after("\"float32\"", "\"Float32\""), "did you mean 'float32'?"));
  EXPECT_TRUE(contains(error_after("\"float32\"", "7"), "type is a number, expected a string"));
  EXPECT_TRUE(contains(error_after("\"b\":0.5", "\"b\":\"0.5\""),
                       "layers[1].n[0][0].b is a string, expected a number"));
  EXPECT_TRUE(contains(error_after("\"b\":0.5", "\"b\":null"), "b is null, expected a number"));
  EXPECT_TRUE(contains(error_after("\"relu\"", "true"), "a is a truth value, expected a string"));
  EXPECT_TRUE(contains(error_after("\"relu\"", "{}"), "a is an object, expected a string"));
  EXPECT_TRUE(contains(error_after("\"in\":[{", "\"in\":{\"a\":[{"), "in is an object"));
  EXPECT_TRUE(contains(error_after("[{\"layer\"", "[7,{\"layer\""),
                       "layers[1].n[0][0].in[0] is a number, expected a connection"));
  EXPECT_TRUE(contains(error_after("\"x\":1", "\"x\":1.0"), "x is 1, expected a whole number"));
  EXPECT_TRUE(contains(error_after("\"x\":1", "\"x\":[1]"), "x is an array"));
  EXPECT_TRUE(
      contains(error_after("\"w\":2,\"h\"", "\"w\":\"2\",\"h\""), "layers[0].w is a string"));
  EXPECT_TRUE(contains(error_after("\"re_enabled\":true", "\"re_enabled\":1"), "a truth value"));
  EXPECT_TRUE(contains(error_after("\"re_max\":1", "\"re_max\":0.5"), "layers[1].re_max is 0.5"));
  EXPECT_TRUE(contains(error_after("\"re_phase\":\"after\"", "\"re_phase\":[]"), "re_phase"));
  EXPECT_TRUE(contains(error_after("\"n\":[[", "\"n\":[7,["), "layers[0].n[0] is a number"));
  EXPECT_TRUE(contains(error_after("\"n\":[[", "\"n\":[[[],"), "layers[0].n[0][0] is an array"));
  for (const char* root : {"7", "null", "true", "\"x\"", "[]", "-1.5"})
    EXPECT_TRUE(contains(message_of([&] { read(root); }), "expected an object")) << root;
}

TEST(LegacyHostile, MissingDoubleAndNotFitting) {
  EXPECT_TRUE(contains(error_after("\"type\"", "\"tipe\""), "type is missing"));
  EXPECT_TRUE(contains(error_after("\"b\":0.5,", ""), "layers[1].n[0][0].b is missing"));
  EXPECT_TRUE(contains(error_after(",\"w\":1}", "}"), "layers[1].n[0][0].in[0].w is missing"));
  EXPECT_TRUE(contains(error_after("\"b\":0.5,", "\"b\":0.5,\"B\":1,"), "b is there twice"));
  EXPECT_TRUE(
      contains(error_after("\"h\":2", "\"h\":3"), "layers[1].h is 3, expected 2, the rows"));
  EXPECT_TRUE(
      contains(error_after("\"w\":2,\"h\"", "\"w\":1,\"h\""), "layers[0].w is 1, expected 2"));
  EXPECT_TRUE(contains(error_after("\"w\":1,\"h\":2", "\"w\":0,\"h\":2"), "layers[1].w is 0"));
  EXPECT_TRUE(contains(error_after("}],\n    [", "}],[],\n    ["),
                       "layers[1].n[1] is a row of 0 neurons, expected 1"));
  EXPECT_TRUE(contains(message_of([] { read(R"({"type":"int8","layers":[]})"); }),
                       "layers is an empty array"));
  EXPECT_TRUE(contains(
      message_of([] { read(R"({"type":"int8","layers":[{"w":1,"h":1,"n":[]}]})"); }), "h is 1"));
}

TEST(LegacyHostile, NotJson) {
  for (const std::string bad : {"NaN", "nan", "Infinity", "-", "1.", "01", "1e", "0x1", "'1'"})
    EXPECT_TRUE(contains(error_after("\"b\":0.5", "\"b\":" + bad), "byte ")) << bad;
  EXPECT_TRUE(contains(error_after("\"b\":0.5", "\"b\":1e999"), "1e999"));
  EXPECT_TRUE(contains(error_after("relu", "re\xfflu"), "UTF-8"));
  EXPECT_TRUE(contains(error_after("relu", "re\xed\xa0\x80lu"), "UTF-8"));
  EXPECT_TRUE(contains(error_after("relu", std::string("re\0lu", 5)), "byte "));
  EXPECT_TRUE(contains(message_of([] { read(std::string(kGood) + "{}"); }), "byte "));
}

TEST(LegacyHostile, DeepLongAndMany) {
  EXPECT_TRUE(contains(message_of([] { read(std::string(1'000'000, '[')); }), "an array"));
  EXPECT_TRUE(contains(error_after("\"type\"", "\"x\":" + std::string(1'000'000, '[')),
                       "deeper than 64 levels"));
  EXPECT_TRUE(contains(error_after("\"b\":0.5", "\"x\":" + std::string(1'000'000, '{')), "byte "));
  EXPECT_TRUE(contains(error_after("relu", std::string(300, 'x')), "a string of 300 bytes"));
  EXPECT_LT(error_after("relu", "\xff" + std::string(1'000'000, 'x')).size(), 400u);
  std::string layers;
  for (int i = 0; i < 5000; ++i) layers += R"({"w":1,"h":1,"n":[[{"b":0,"a":""}]]},)";
  const auto file = [](const std::string& list) {
    return R"({"type":"int8","layers":[)" + list.substr(0, list.size() - 1) + "]}";
  };
  EXPECT_TRUE(contains(message_of([&] { read(file(layers)); }), "at most 4096 layers"));
  std::string names;
  for (int i = 0; i < 300; ++i) names += fmt::format(R"({{"b":0,"a":"{}"}},)", i);
  names = R"({"w":300,"h":1,"n":[[)" + names.substr(0, names.size() - 1) + "]]},";
  EXPECT_TRUE(contains(message_of([&] { read(file(names)); }), "at most 256 different"));
  // Thousands of layers that each replay all before them.
  std::string wide = R"({"w":200,"h":1,"n":[[)";
  for (int i = 0; i < 200; ++i) wide += R"({"b":0,"a":""},)";
  wide.back() = ']';
  wide += R"(],"re_offset":-9999,"re_phase":"after","re_max":1},)";
  std::string replays;
  for (int i = 0; i < 4000; ++i) replays += wide;
  EXPECT_TRUE(contains(message_of([&] { read(file(replays)); }), "at most 1073741824"));
}

TEST(LegacyHostile, TruncatedAndFlippedFilesRaiseOrLoad) {
  const std::string good(kGood);
  for (size_t length = 0; length < good.size(); ++length)
    EXPECT_THROW(read(std::string_view(good).substr(0, length)), Error);
  size_t refused = 0;
  for (size_t i = 0; i < good.size(); ++i)
    for (int bit = 0; bit < 8; ++bit) {
      std::string bad = good;
      bad[i] = static_cast<char>(bad[i] ^ (1 << bit));
      try {
        is_legacy_text(bad);
        read(bad);
      } catch (const Error&) {
        ++refused;
      }
    }
  EXPECT_GT(refused, 4 * good.size());
}

TEST(LegacyHostile, LoadNamesTheFile) {
  const TemporaryFolder folder;
  const std::string path = folder.write("bad.json", R"({"type":"int9","layers":[]})");
  EXPECT_TRUE(contains(message_of([&] { LegacyNetwork::load(path); }), "bad.json: [json] layers"));
  EXPECT_TRUE(contains(message_of([&] { LegacyNetwork::load(folder.path("none")); }), "none"));
  LegacyNetwork network = LegacyNetwork::load(folder.write("good.json", kGood));
  EXPECT_TRUE(contains(message_of([&] { network.predict(std::vector<double>(3)); }),
                       "got 3 values, expected a multiple of 2"));
}

}  // namespace
}  // namespace paragon::io::legacy
