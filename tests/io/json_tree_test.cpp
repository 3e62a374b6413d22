// SPDX-License-Identifier: Apache-2.0
#include "io/json_tree.hpp"

#include <gtest/gtest.h>

#include "io/json_object.hpp"
#include "raises.hpp"

namespace paragon::io {
namespace {

using paragon::testing::contains;
using paragon::testing::message_of;

std::string error_of(std::string_view text, const JsonLimits& limits = {}) {
  return message_of([&] { parse_json(text, "file.json", limits); });
}

TEST(JsonTree, KeepsEveryKindOfValue) {
  JsonValue root = parse_json(
      R"({"n":-3,"big":18446744073709551615,"s":"a\u00e9","whole":[1,2,-3],"real":[1,2.5,3],
          "none":[],"list":[{},"x",true,null]})",
      "file.json");
  JsonReader reader(root, "file.json");
  EXPECT_EQ(reader.integer("n", -5, 5), -3);
  EXPECT_EQ(reader.unsigned_integer("big"), 18446744073709551615u);
  EXPECT_EQ(reader.string("s"), "a\xc3\xa9");
  EXPECT_EQ(reader.integers("whole"), (JsonIntegers{1, 2, -3}));
  EXPECT_EQ(reader.reals("real"), (JsonReals{1, 2.5, 3}));
  EXPECT_TRUE(reader.items("none").empty());
  EXPECT_EQ(reader.items("list").size(), 4u);
  reader.finish();
}

TEST(JsonTree, RefusesWhatIsNotJson) {
  for (const char* text : {"", "{", "[1,", "{\"a\":1}x", "nan", "{\"a\":NaN}", "{a:1}", "\"\xff\"",
                           "[1 2]", "{\"a\":1,}", "/* */ {}"})
    EXPECT_TRUE(contains(error_of(text), "file.json: byte ")) << text;
  EXPECT_TRUE(contains(error_of("[1e999]"), "1e999"));
}

TEST(JsonTree, RefusesHostileTexts) {
  EXPECT_TRUE(contains(error_of(std::string(1'000'000, '[')), "deeper than 12 levels"));
  EXPECT_TRUE(contains(error_of(R"({"a":{"b":1,"b":2}})"), "a has the key 'b' twice"));
  EXPECT_TRUE(contains(error_of(R"({"a":[{},{"b":[1,"x"]}]})"), "a[1].b is an array that mixes"));
  EXPECT_TRUE(contains(error_of(R"([1,[2]])"), "mixes numbers"));
  EXPECT_TRUE(contains(error_of("[\"" + std::string(5000, 'x') + "\"]"), "string of 5000 bytes"));
  std::string wide = "{\"k\":0";
  for (int i = 0; i < 300; ++i) wide += ",\"k" + std::to_string(i) + "\":0";
  EXPECT_TRUE(contains(error_of(wide + "}"), "more than 256 keys"));
  std::string many = "[{}";
  for (int i = 0; i < 1000; ++i) many += ",{}";
  EXPECT_TRUE(contains(error_of(many + "]", {.depth = 4, .values = 1000, .string_bytes = 9}),
                       "more than 1000 values"));
  // The message does not repeat a megabyte of input.
  EXPECT_LT(error_of("\"" + std::string(1'000'000, 'x')).size(), 400u);
}

TEST(JsonReader, NamesThePathOfWhatIsWrong) {
  const auto error = [](std::string_view text, auto read) {
    JsonValue root = parse_json(text, "file.json");
    return message_of([&] {
      JsonReader reader(root, "layers[2]");
      read(reader);
    });
  };
  EXPECT_TRUE(contains(error("{}", [](JsonReader& r) { r.integer("units", 1, 9); }),
                       "layers[2].units is missing"));
  EXPECT_TRUE(contains(error("{\"units\":10}", [](JsonReader& r) { r.integer("units", 1, 9); }),
                       "layers[2].units is 10, expected 1 .. 9"));
  EXPECT_TRUE(contains(error("{\"units\":1.5}", [](JsonReader& r) { r.extent("units"); }),
                       "layers[2].units is a number, expected a whole number"));
  EXPECT_TRUE(contains(error("{\"units\":\"3\"}", [](JsonReader& r) { r.extent("units"); }),
                       "layers[2].units is a string"));
  EXPECT_TRUE(contains(error("{\"id\":-1}", [](JsonReader& r) { r.unsigned_integer("id"); }),
                       "layers[2].id is -1"));
  EXPECT_TRUE(contains(error("{\"shape\":[3,0]}", [](JsonReader& r) { r.extents("shape"); }),
                       "layers[2].shape is an array with 0"));
  EXPECT_TRUE(contains(error("{\"names\":[{}]}", [](JsonReader& r) { r.strings("names"); }),
                       "layers[2].names is an array with an object"));
  EXPECT_TRUE(contains(error("[]", [](JsonReader&) {}), "layers[2] is an array of whole numbers"));
  EXPECT_TRUE(contains(error("{\"unit\":1,\"units\":2}",
                             [](JsonReader& r) {
                               r.extent("units");
                               r.finish();
                             }),
                       "did you mean 'units'?"));
}

}  // namespace
}  // namespace paragon::io
