// SPDX-License-Identifier: Apache-2.0
#include "backends/webgpu/library.hpp"

#include <algorithm>
#include <cctype>
#include <map>
#include <set>
#include <vector>

#include "backends/webgpu/wgsl_texts.hpp"
#include "core/fixed_curve_formulas.hpp"

namespace paragon::webgpu {
namespace {

bool in_name(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

/// Calls `use` with each name in the text, in order.
template <class Use>
void for_names(std::string_view text, Use&& use) {
  for (size_t i = 0; i < text.size();) {
    size_t end = i;
    while (end < text.size() && in_name(text[end])) ++end;
    if (end == i) {
      ++i;
      continue;
    }
    if (std::isdigit(static_cast<unsigned char>(text[i])) == 0) use(text.substr(i, end - i));
    i = end;
  }
}

/// A declaration of the library and the names that it uses.
struct Item {
  std::string text;
  std::set<std::string, std::less<>> names;
};

/// The declarations of the texts by name.
class Library {
 public:
  Library(bool int64, bool float64) {
    for (const WgslText& text : wgsl_texts()) {
      const std::string_view type = text.name.substr(0, 4), kind = text.name.substr(3);
      const bool native = type == "f64_" ? float64 : int64;
      if (kind.starts_with("_native") && !native) continue;
      if (kind.starts_with("_emulated") && native) continue;
      add(text.text);
    }
  }

  /// What `body` needs, each after what it needs itself.
  std::string needed_by(std::string_view body) const {
    std::string out;
    std::set<std::string_view> done;
    for_names(body, [&](std::string_view name) { append(name, done, out); });
    return out;
  }

 private:
  // A declaration begins where a line begins with neither space, brace nor comment.
  void add(std::string_view text) {
    Item item;
    const auto finish = [&] {
      if (item.text.empty()) return;
      const std::string name = declared(item.text);
      for_names(item.text, [&](std::string_view used) {
        if (used != name) item.names.emplace(used);
      });
      items_[name] = std::move(item);
      item = {};
    };
    while (!text.empty()) {
      const size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
      std::string_view line = text.substr(0, end);
      text.remove_prefix(end);
      const size_t comment = line.find("//");
      if (comment != line.npos && line.find_first_not_of(' ') == comment) continue;
      if (line.find_first_not_of(" \n") == line.npos) continue;
      if (line[0] != ' ' && line[0] != '}') finish();
      item.text += line;
    }
    finish();
  }

  /// The name is the last word before what is declared of it.
  static std::string declared(const std::string& text) {
    const bool function = text.starts_with("fn ");
    std::string name;
    for_names(std::string_view(text).substr(0, text.find_first_of(function ? "(" : ":={")),
              [&](std::string_view word) { name = word; });
    return name;
  }

  void append(std::string_view name, std::set<std::string_view>& done, std::string& out) const {
    const auto found = items_.find(name);
    if (found == items_.end() || !done.insert(found->first).second) return;
    for (const std::string& used : found->second.names) append(used, done, out);
    out += found->second.text;
  }

  std::map<std::string, Item, std::less<>> items_;
};

const Library& library(const Features& features) {
  static const Library emulated{false, false}, int64{true, false}, native{true, true};
  return !features.int64 ? emulated : features.float64 ? native : int64;
}

}  // namespace

std::string link(std::string_view body, const Features& features) {
  std::string out;
  bool float16 = false;
  for_names(body, [&](std::string_view name) { float16 = float16 || name == "f16"; });
  if (float16 && features.float16) out += "enable f16;\n";
  out += library(features).needed_by(body);
  out += body;
  return out;
}

std::span<const std::byte> curve_table_bytes() {
  static const std::vector<int32_t> all = [] {
    std::vector<int32_t> tables;
    for (const fixed::CurveTable* table :
         {&fixed::kSigmaTable, &fixed::kEluTable, &fixed::kNormalTable, &fixed::kGeluSlopeTable})
      for (const auto& cubic : *table)
        tables.insert(tables.end(), std::begin(cubic), std::end(cubic));
    return tables;
  }();
  return std::as_bytes(std::span(all));
}

}  // namespace paragon::webgpu
