// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "io/legacy/file.hpp"
#include "io/legacy/keys.hpp"
#include "io/model.hpp"

namespace paragon::io::legacy {
namespace {

/// Stops at what decides: the format beside the layers, or a key of a layer that only the original
/// has. Both stand within the first lines of a file.
class Sniffer : public nlohmann::json_sax<nlohmann::json> {
 public:
  bool legacy() const { return verdict_ == kLegacy; }

  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool string(string_t& value) override {
    return depth_ != 1 || !in_format_ || value != kModelFormat || decide(kOther);
  }
  bool binary(binary_t&) override { return false; }

  bool start_object(size_t) override { return open(); }
  bool start_array(size_t) override { return open(); }
  bool end_object() override {
    --depth_;
    if (depth_ == 0 && layers_) verdict_ = kLegacy;
    return true;
  }
  bool end_array() override {
    --depth_;
    return true;
  }
  bool key(string_t& name) override {
    if (depth_ == 1) {
      in_format_ = name == "format";
      const Key* known = find_key(Place::kRoot, name);
      in_layers_ = known != nullptr && known->field == Field::kLayers;
      layers_ = layers_ || in_layers_;
    } else if (depth_ == 3 && in_layers_) {
      if (find_key(Place::kLayer, name) != nullptr) return decide(kLegacy);
    }
    return true;
  }
  bool parse_error(size_t, const std::string&, const nlohmann::detail::exception&) override {
    return false;
  }

 private:
  enum Verdict { kNone, kLegacy, kOther };

  bool open() {
    constexpr size_t kDeepest = 64;
    return ++depth_ <= kDeepest;
  }
  bool decide(Verdict verdict) {
    verdict_ = verdict;
    return false;
  }

  Verdict verdict_ = kNone;
  size_t depth_ = 0;
  bool in_format_ = false, layers_ = false, in_layers_ = false;
};

}  // namespace

bool is_legacy_text(std::string_view start) {
  Sniffer sniffer;
  nlohmann::json::sax_parse(start, &sniffer);
  return sniffer.legacy();
}

}  // namespace paragon::io::legacy
