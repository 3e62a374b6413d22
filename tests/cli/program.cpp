// SPDX-License-Identifier: Apache-2.0
#include "cli/program.hpp"

#include <sys/wait.h>

#include <cstdlib>
#include <random>

namespace paragon::cli::testing {
namespace {

using paragon::testing::TemporaryFolder;

std::string big_endian(uint32_t value) {
  std::string bytes;
  for (const int shift : {24, 16, 8, 0}) bytes += static_cast<char>(value >> shift);
  return bytes;
}

void write_split(const TemporaryFolder& folder, const std::string& prefix, uint32_t count,
                 uint32_t seed) {
  std::mt19937 random(seed);
  std::string images =
      std::string("\0\0\x08\x03", 4) + big_endian(count) + big_endian(8) + big_endian(8);
  std::string labels = std::string("\0\0\x08\x01", 4) + big_endian(count);
  for (uint32_t i = 0; i < count; ++i) {
    const uint32_t label = i % 4;
    labels += static_cast<char>(label);
    for (uint32_t y = 0; y < 8; ++y)
      for (uint32_t x = 0; x < 8; ++x) {
        const bool bright = y / 4 == label / 2 && x / 4 == label % 2;
        images += static_cast<char>(random() % 96 + (bright ? 128 : 0));
      }
  }
  folder.write(prefix + "-images-idx3-ubyte", images);
  folder.write(prefix + "-labels-idx1-ubyte", labels);
}

std::string quoted(const std::string& word) {
  std::string text = "'";
  for (const char c : word) text += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return text + "'";
}

}  // namespace

void write_quadrants(const TemporaryFolder& folder) {
  write_split(folder, "train", 256, 1);
  write_split(folder, "t10k", 48, 2);
}

Outcome ProgramTest::run(const std::vector<std::string>& words) const {
  const TemporaryFolder streams;
  std::string line = "cd " + quoted(folder_.path()) + " && exec " + quoted(PARAGON_PROGRAM);
  for (const std::string& word : words) line += " " + quoted(word);
  line += " >" + quoted(streams.path("out")) + " 2>" + quoted(streams.path("err")) + " </dev/null";
  const int status = std::system(line.c_str());
  return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), streams.read("out"),
          streams.read("err")};
}

Outcome ProgramTest::run_line(std::string_view line) const {
  std::vector<std::string> words;
  bool inside = false, open = false;
  for (const char c : line) {
    if (c == '\'') {
      inside = !inside;
      if (!open) words.emplace_back();
      open = true;
    } else if (c == ' ' && !inside) {
      open = false;
    } else {
      if (!open) words.emplace_back();
      open = true;
      words.back() += c;
    }
  }
  return run(words);
}

nlohmann::json ProgramTest::json_of(std::string_view line) const {
  const Outcome outcome = run_line(std::string(line) + " --json figures.json");
  EXPECT_EQ(outcome.code, 0) << line << "\n" << outcome.err;
  return nlohmann::json::parse(folder_.read("figures.json"), nullptr, false);
}

void ProgramTest::expect_refused(std::string_view line,
                                 const std::vector<std::string>& parts) const {
  const std::vector<std::string> before = folder_.names();
  const Outcome outcome = run_line(line);
  EXPECT_EQ(outcome.code, 2) << line << "\n" << outcome.err;
  EXPECT_EQ(outcome.err.rfind("paragon: ", 0), 0u) << line << "\n" << outcome.err;
  for (const std::string& part : parts)
    EXPECT_NE(outcome.err.find(part), std::string::npos)
        << line << "\nsays: " << outcome.err << "expected: " << part;
  EXPECT_EQ(outcome.out, "") << line;
  EXPECT_EQ(folder_.names(), before) << line;
}

std::string ProgramTest::train_line(std::string_view type, std::string_view more) {
  return "train --data . --type " + std::string(type) +
         " --layers '8x8 local:4x4:leaky_relu:field=3 dense:10:softmax' --epochs 6 --batch 16"
         " --optimizer adam --rate 0.02 --schedule cosine --seed 1 " +
         std::string(more);
}

}  // namespace paragon::cli::testing
