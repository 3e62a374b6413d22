// SPDX-License-Identifier: Apache-2.0
#include "cli/samples.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <functional>
#include <limits>
#include <nlohmann/json.hpp>

#include <paragon/error.hpp>

namespace paragon::cli {
namespace {

/// Takes nlohmann's events straight into the values: memory grows with the numbers that are really
/// there, and nothing but the expected structure gets through.
class SampleReader : public nlohmann::json_sax<nlohmann::json> {
 public:
  /// Calls `take` with every value; none exceeds `largest`.
  SampleReader(const std::vector<size_t>& shape, double largest, std::function<void(double)> take)
      : shape_(shape), largest_(largest), take_(std::move(take)) {
    for (const size_t extent : shape_) features_ *= extent;
  }

  void finish() const {
    if (!found_) fail("'inputs' is missing");
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
    if (std::abs(value) > largest_) fail(fmt::format("{} is too large", value));
    if (++in_sample_ > features_) fail(fmt::format("it has more than {} values", expected()));
    ++in_row_;
    take_(value);
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
  double largest_;
  std::function<void(double)> take_;
  Depth depth_ = kOutside;
  bool found_ = false;
  size_t samples_ = 0, rows_ = 0, in_sample_ = 0, in_row_ = 0;
};

}  // namespace

template <class T>
std::vector<T> parse_samples(std::string_view json, const std::vector<size_t>& shape) {
  std::vector<T> values;
  SampleReader reader(shape, static_cast<double>(std::numeric_limits<T>::max()),
                      [&](double value) { values.push_back(static_cast<T>(value)); });
  nlohmann::json::sax_parse(json, &reader);
  reader.finish();
  return values;
}

template std::vector<float> parse_samples(std::string_view, const std::vector<size_t>&);
template std::vector<double> parse_samples(std::string_view, const std::vector<size_t>&);

void OutputRows::next() {
  rows_ += count_ % width_ != 0 ? "," : count_ == 0 ? "\n[" : "],\n[";
  ++count_;
}

void OutputRows::add(std::string_view number) {
  next();
  rows_ += number.find('n') != std::string_view::npos ? "null" : number;  // nan, inf
}

void OutputRows::add_whole(std::string_view digits) {
  constexpr std::string_view kLargest = "9007199254740992";
  const std::string_view size = digits.substr(digits.starts_with('-') ? 1 : 0);
  const bool large =
      size.size() > kLargest.size() || (size.size() == kLargest.size() && size > kLargest);
  next();
  rows_ += large ? fmt::format("\"{}\"", digits) : digits;
}

std::string OutputRows::json() const {
  return fmt::format("{{\"outputs\":[{}{}", rows_, count_ == 0 ? "]}\n" : "]\n]}\n");
}

std::string OutputRows::screen() const {
  std::string plain = rows_;
  std::erase(plain, '"');
  return fmt::format("{{\"outputs\":[{}{}", plain, count_ == 0 ? "]}\n" : "]\n]}\n");
}

}  // namespace paragon::cli
