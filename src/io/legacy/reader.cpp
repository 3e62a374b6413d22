// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <limits>
#include <map>
#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "io/json_tree.hpp"
#include "io/legacy/checks.hpp"
#include "io/legacy/file.hpp"
#include "io/legacy/keys.hpp"

namespace paragon::io::legacy {
namespace {

constexpr size_t kDeepest = 64;  // the format itself has 8 levels, unknown keys may hold anything
constexpr size_t kLongestName = 256;

std::string_view article(Kind kind) {
  switch (kind) {
    case Kind::kText:
      return "a string";
    case Kind::kReal:
      return "a number";
    case Kind::kInteger:
      return "a whole number";
    case Kind::kTruth:
      return "a truth value";
    case Kind::kArray:
      return "an array";
  }
  return "";
}

/// Takes the parser's events straight into the File: memory grows with what is really there. The
/// open objects and arrays form a stack.
class FileReader : public nlohmann::json_sax<nlohmann::json> {
 public:
  File take() { return std::move(file_); }

  bool null() override {
    if (ignored()) return true;
    const Key* key = stack_.empty() ? nullptr : top().key;
    // The original takes null for what is not there; without a value it would go on with 0.
    if (key == nullptr || key->required) fail("null", expected());
    return true;
  }
  bool boolean(bool value) override {
    if (ignored()) return true;
    if (field("a truth value", Kind::kTruth) == Field::kEnabled) layer().replay.enabled = value;
    return true;
  }
  bool number_integer(number_integer_t value) override {
    // The parser says that a number has a sign only by coming here: "-0" is the real number -0.
    return number(value == 0 ? -0.0 : static_cast<double>(value), value);
  }
  bool number_unsigned(number_unsigned_t value) override {
    constexpr auto kLargest = static_cast<uint64_t>(std::numeric_limits<int64_t>::max());
    if (value > kLargest) return number(static_cast<double>(value), {});
    return number(static_cast<double>(value), static_cast<int64_t>(value));
  }
  bool number_float(number_float_t value, const string_t&) override { return number(value, {}); }
  bool string(string_t& value) override {
    if (ignored()) return true;
    const Field where = field("a string", Kind::kText);
    if (value.size() > kLongestName)
      fail(fmt::format("a string of {} bytes", value.size()),
           fmt::format("at most {}", kLongestName));
    if (where == Field::kType)
      file_.type = std::move(value);
    else if (where == Field::kPhase)
      layer().replay.phase = std::move(value);
    else
      file_.neurons.back().activation = activation_index(value);
    return true;
  }
  bool binary(binary_t&) override { fail("binary data", expected()); }

  bool start_object(size_t) override {
    if (stack_.size() >= kDeepest) fail_depth();
    if (ignored()) return push(Place::kUnknown);
    if (stack_.empty()) return push(Place::kRoot);
    switch (top().place) {
      case Place::kLayers:
        if (file_.layers.size() >= kMostLayers)
          fail("one layer more", fmt::format("at most {} layers", kMostLayers));
        file_.layers.emplace_back().first_neuron = file_.neurons.size();
        rows_ = width_ = 0;
        return push(Place::kLayer);
      case Place::kRow:
        count_part();
        file_.neurons.push_back({0, 0, static_cast<uint32_t>(file_.sources.size())});
        return push(Place::kNeuron);
      case Place::kSources:
        count_part();
        file_.sources.emplace_back();
        return push(Place::kSource);
      default:
        fail("an object", expected());
    }
  }

  bool start_array(size_t) override {
    if (stack_.size() >= kDeepest) fail_depth();
    if (ignored()) return push(Place::kUnknown);
    if (!stack_.empty() && top().place == Place::kRows) return push(Place::kRow);
    switch (field("an array", Kind::kArray)) {
      case Field::kLayers:
        return push(Place::kLayers);
      case Field::kRows:
        return push(Place::kRows);
      default:
        return push(Place::kSources);
    }
  }

  bool key(string_t& name) override {
    Frame& frame = top();
    frame.key = frame.place == Place::kUnknown ? nullptr : find_key(frame.place, name);
    if (frame.key == nullptr) return true;
    const uint32_t bit = 1u << static_cast<unsigned>(frame.key->field);
    if ((frame.seen & bit) != 0) raise("[json] {} is there twice", path());
    frame.seen |= bit;
    return true;
  }

  bool end_object() override {
    Frame& frame = top();
    frame.key = nullptr;
    for (const Key& key : kKeys)
      if (key.in == frame.place && key.required &&
          (frame.seen & (1u << static_cast<unsigned>(key.field))) == 0) {
        frame.key = &key;
        raise("[json] {} is missing", path());
      }
    if (frame.place == Place::kLayer) check_grid();
    return pop();
  }

  bool end_array() override {
    const Frame frame = top();
    if (frame.place == Place::kLayers && frame.index == 0)
      fail_here("an empty array", "a layer or more");
    if (frame.place == Place::kRow) {
      if (rows_ > 0 && frame.index != width_)
        fail_here(fmt::format("a row of {} neurons", frame.index),
                  fmt::format("{}, as the rows before", width_));
      width_ = frame.index;
      ++rows_;
    }
    return pop();
  }

  bool parse_error(size_t position, const std::string&,
                   const nlohmann::detail::exception& error) override {
    raise_syntax("model", position, error.what());
  }

 private:
  struct Frame {
    Place place;
    size_t index = 0;          ///< arrays: values so far
    const Key* key = nullptr;  ///< objects: the last key, if the original knows it
    uint32_t seen = 0;         ///< objects: a bit for each Field
  };

  Frame& top() { return stack_.back(); }
  Layer& layer() { return file_.layers.back(); }

  /// Whether the next value belongs to something that the original does not read.
  bool ignored() const {
    if (stack_.empty()) return false;
    const Frame& frame = stack_.back();
    const bool object = frame.place == Place::kRoot || frame.place == Place::kLayer ||
                        frame.place == Place::kNeuron || frame.place == Place::kSource;
    return frame.place == Place::kUnknown || (object && frame.key == nullptr);
  }

  bool push(Place place) {
    stack_.push_back({place});
    return true;
  }
  bool pop() {
    stack_.pop_back();
    if (!stack_.empty()) ++top().index;
    return true;
  }

  /// The field that the next value is for; it must be of this kind.
  Field field(std::string_view got, Kind kind) {
    const Key* key = stack_.empty() ? nullptr : top().key;
    if (key == nullptr || key->kind != kind) fail(got, expected());
    return key->field;
  }

  bool number(double value, std::optional<int64_t> whole) {
    if (ignored()) return true;
    const Key* key = stack_.empty() ? nullptr : top().key;
    if (key != nullptr && key->kind == Kind::kInteger) {
      if (!whole) fail(fmt::format("{}", value), expected());
      set_integer(key->field, *whole);
      return true;
    }
    if (field("a number", Kind::kReal) == Field::kBias)
      file_.neurons.back().bias = value;
    else
      file_.sources.back().weight = value;
    return true;
  }

  void set_integer(Field where, int64_t value) {
    switch (where) {
      case Field::kOffset:
        layer().replay.offset = value;
        return;
      case Field::kMax:
        layer().replay.max = value;
        return;
      case Field::kBudget:
        layer().replay.budget = value;
        return;
      default:
        break;
    }
    const bool extent = where == Field::kWidth || where == Field::kHeight;
    const int64_t low = extent ? 1 : 0, high = int64_t{kMostParts};
    if (value < low || value > high)
      fail(fmt::format("{}", value), fmt::format("{} .. {}", low, high));
    const auto position = static_cast<uint32_t>(value);
    switch (where) {
      case Field::kWidth:
        layer().width = position;
        return;
      case Field::kHeight:
        layer().height = position;
        return;
      case Field::kLayer:
        file_.sources.back().layer = position;
        return;
      case Field::kX:
        file_.sources.back().x = position;
        return;
      default:
        file_.sources.back().y = position;
    }
  }

  uint32_t activation_index(const std::string& name) {
    const auto [found, added] =
        activations_.try_emplace(name, static_cast<uint32_t>(file_.activations.size()));
    if (added) {
      if (activations_.size() > kMostActivations)
        fail("one activation more", fmt::format("at most {} different ones", kMostActivations));
      file_.activations.push_back(name);
    }
    return found->second;
  }

  void count_part() {
    if (file_.neurons.size() + file_.sources.size() >= kMostParts)
      fail("one part more", fmt::format("at most {} neurons and connections", kMostParts));
  }

  void check_grid() {
    const auto compare = [&](const char* name, Field where, size_t said, size_t found) {
      if (said == found) return;
      for (const Key& key : kKeys)
        if (key.field == where) top().key = &key;
      fail_here(fmt::format("{}", said), fmt::format("{}, the {} of n", found, name));
    };
    compare("rows", Field::kHeight, layer().height, rows_);
    compare("row length", Field::kWidth, layer().width, width_);
  }

  std::string expected() const {
    if (stack_.empty()) return "an object";
    const Frame& frame = stack_.back();
    switch (frame.place) {
      case Place::kLayers:
        return "a layer, which is an object";
      case Place::kRows:
        return "a row, which is an array";
      case Place::kRow:
        return "a neuron, which is an object";
      case Place::kSources:
        return "a connection, which is an object";
      default:
        return std::string(article(frame.key->kind));
    }
  }

  /// The path of the value that comes next, or of the key just read.
  std::string path() const {
    std::string text;
    for (const Frame& frame : stack_) {
      if (frame.key != nullptr)
        text += fmt::format("{}{}", text.empty() ? "" : ".", frame.key->name);
      else if (frame.place != Place::kRoot && frame.place != Place::kUnknown &&
               frame.place != Place::kLayer && frame.place != Place::kNeuron &&
               frame.place != Place::kSource)
        text += fmt::format("[{}]", frame.index);
    }
    return text.empty() ? "the text" : text;
  }

  [[noreturn]] void fail(std::string_view got, std::string_view wanted) const {
    raise("[json] {} is {}, expected {}", path(), got, wanted);
  }
  /// The same for the innermost array or object itself, which is complete.
  [[noreturn]] void fail_here(std::string_view got, std::string_view wanted) {
    if (top().key == nullptr) stack_.pop_back();
    fail(got, wanted);
  }
  [[noreturn]] void fail_depth() const {
    raise("[json] {} is nested deeper than {} levels", path(), kDeepest);
  }

  File file_;
  std::vector<Frame> stack_;
  std::map<std::string, uint32_t> activations_;
  size_t rows_ = 0, width_ = 0;  ///< of the layer that is read: rows so far, neurons of each
};

}  // namespace

File parse_file(std::string_view text) {
  FileReader reader;
  nlohmann::json::sax_parse(text, &reader);
  File file = reader.take();
  check_sources(file);
  check_work(file);
  return file;
}

}  // namespace paragon::io::legacy
