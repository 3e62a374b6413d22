// SPDX-License-Identifier: Apache-2.0
#include "cli/samples.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include <paragon/error.hpp>

namespace paragon::cli {
namespace {

/// Takes nlohmann's events straight into the values: memory grows with the numbers that are really
/// there, and nothing but the expected structure gets through.
class SampleReader : public nlohmann::json_sax<nlohmann::json> {
 public:
  explicit SampleReader(const std::vector<size_t>& shape) : shape_(shape) {
    for (const size_t extent : shape_) features_ *= extent;
  }

  std::vector<float> take() {
    if (!found_) fail("'inputs' is missing");
    return std::move(values_);
  }

  bool null() override { fail_value("null"); }
  bool boolean(bool) override { fail_value("a truth value"); }
  bool number_integer(number_integer_t value) override {
    return number(static_cast<double>(value));
  }
  bool number_unsigned(number_unsigned_t value) override {
    return number(static_cast<double>(value));
  }
  bool number_float(number_float_t value, const string_t&) override { return number(value); }
  bool string(string_t&) override { fail_value("a string"); }
  bool binary(binary_t&) override { fail_value("binary data"); }

  bool start_object(size_t) override {
    if (depth_ != kOutside) fail_value("an object");
    depth_ = kObject;
    return true;
  }
  bool key(string_t& key) override {
    constexpr size_t kLongest = 60;
    if (key != "inputs")
      fail(fmt::format("unknown key '{}', expected 'inputs'", key.substr(0, kLongest)));
    if (found_) fail("'inputs' is there twice");
    found_ = true;
    return true;
  }
  bool end_object() override { return true; }

  bool start_array(size_t) override {
    switch (depth_) {
      case kOutside:
        fail_value("a list");
      case kObject:
        depth_ = kInputs;
        return true;
      case kInputs:
        depth_ = kSample;
        in_sample_ = rows_ = 0;
        return true;
      case kSample:
        if (shape_.size() < 2 || in_sample_ != rows_ * shape_.back()) fail_value("a list");
        ++rows_;
        depth_ = kRow;
        in_row_ = 0;
        return true;
      case kRow:
        fail_value("a list");
    }
    return true;
  }

  bool end_array() override {
    if (depth_ == kRow) {
      if (in_row_ != shape_.back())
        fail(fmt::format("row {} has {} values, expected {}", rows_ - 1, in_row_, shape_.back()));
      depth_ = kSample;
    } else if (depth_ == kSample) {
      if (in_sample_ != features_)
        fail(fmt::format("it has {} values, expected {}", in_sample_, expected()));
      depth_ = kInputs;
      ++samples_;
    } else {
      depth_ = kObject;
    }
    return true;
  }

  bool parse_error(size_t position, const std::string&,
                   const nlohmann::detail::exception& error) override {
    std::string_view message = error.what();
    if (const size_t end = message.find("] "); end != std::string_view::npos)
      message.remove_prefix(end + 2);  // nlohmann's own error number
    constexpr size_t kLongest = 200;
    throw Error(fmt::format("byte {}: {}", position, message.substr(0, kLongest)));
  }

 private:
  enum Depth { kOutside, kObject, kInputs, kSample, kRow };

  bool number(double value) {
    if (depth_ != kRow && depth_ != kSample) fail_value("a number");
    if (depth_ == kSample && rows_ > 0) fail("it mixes rows and values");
    if (std::abs(value) > static_cast<double>(std::numeric_limits<float>::max()))
      fail(fmt::format("{} is too large", value));
    if (++in_sample_ > features_) fail(fmt::format("it has more than {} values", expected()));
    ++in_row_;
    values_.push_back(static_cast<float>(value));
    return true;
  }

  std::string expected() const {
    return shape_.size() < 2
               ? fmt::format("{}", features_)
               : fmt::format("{} ({} rows of {})", features_, shape_.front(), shape_.back());
  }

  [[noreturn]] void fail_value(std::string_view got) const {
    constexpr std::string_view kExpected[] = {"an object {\"inputs\":[sample,...]}",
                                              "a list of samples", "a sample, which is a list",
                                              "a number or a row of numbers", "a number"};
    fail(fmt::format("got {}, expected {}", got, kExpected[depth_]));
  }

  [[noreturn]] void fail(const std::string& what) const {
    if (depth_ >= kInputs) throw Error(fmt::format("inputs[{}]: {}", samples_, what));
    throw Error(what);
  }

  const std::vector<size_t>& shape_;
  size_t features_ = 1;
  std::vector<float> values_;
  Depth depth_ = kOutside;
  bool found_ = false;
  size_t samples_ = 0, rows_ = 0, in_sample_ = 0, in_row_ = 0;
};

}  // namespace

std::vector<float> parse_samples(std::string_view json, const std::vector<size_t>& shape) {
  SampleReader reader(shape);
  nlohmann::json::sax_parse(json, &reader);
  return reader.take();
}

std::string samples_text(const std::vector<float>& outputs, size_t width) {
  std::string text = "{\"outputs\":[";
  auto to = std::back_inserter(text);
  for (size_t i = 0; i < outputs.size(); ++i) {
    text += i % width != 0 ? "," : i == 0 ? "\n[" : "],\n[";
    if (std::isfinite(outputs[i]))
      fmt::format_to(to, "{}", outputs[i]);
    else
      text += "null";  // JSON has no NaN and no infinities
  }
  text += outputs.empty() ? "]}\n" : "]\n]}\n";
  return text;
}

}  // namespace paragon::cli
