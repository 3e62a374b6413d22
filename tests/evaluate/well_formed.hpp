// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <cctype>
#include <string>
#include <string_view>
#include <vector>

namespace paragon::testing {

/// Checks the rules of XML that a generated document could break: one root element, tags that
/// close in order, attributes in quotes and named once, only the five named entities, no control
/// characters, nothing outside the root. Comments, CDATA and DTDs are refused: nothing writes them.
class XmlChecker {
 public:
  explicit XmlChecker(std::string_view text) : text_(text) {}

  ::testing::AssertionResult check() {
    for (const char c : text_)
      if (static_cast<unsigned char>(c) < 0x20 && c != '\n') return fail("a control character");
    if (skip("<?xml")) at_ = text_.find("?>", at_) + 2;
    std::vector<std::string> open;
    bool seen_root = false;
    while (at_ < text_.size()) {
      if (!skip("<")) {
        if (!character(!open.empty())) return fail("text that may not stand there");
      } else if (skip("/")) {
        if (open.empty() || name() != open.back() || !skip(">")) return fail("a wrong closing tag");
        open.pop_back();
      } else {
        if (open.empty() && seen_root) return fail("a second root");
        seen_root = true;
        const std::string element = name();
        if (element.empty() || !attributes()) return fail("a wrong opening tag");
        const bool empty = skip("/");
        if (!skip(">")) return fail("an unfinished tag");
        if (!empty) open.push_back(element);
      }
    }
    return open.empty() && seen_root ? ::testing::AssertionSuccess() : fail("an unclosed element");
  }

 private:
  bool skip(std::string_view word) {
    if (!text_.substr(at_).starts_with(word)) return false;
    at_ += word.size();
    return true;
  }

  std::string name() {
    const size_t first = at_;
    while (at_ < text_.size() && (std::isalnum(static_cast<unsigned char>(text_[at_])) ||
                                  text_[at_] == '-' || text_[at_] == ':'))
      ++at_;
    return std::string(text_.substr(first, at_ - first));
  }

  bool character(bool inside) {
    if (text_[at_] == '&') {
      for (const char* entity : {"&amp;", "&lt;", "&gt;", "&quot;", "&apos;"})
        if (skip(entity)) return inside;
      return false;
    }
    return inside ? text_[at_++] != '>' : text_[at_++] == '\n';
  }

  bool attributes() {
    std::vector<std::string> seen;
    while (skip(" ")) {
      const std::string key = name();
      if (key.empty() || !skip("=\"")) return false;
      for (const std::string& other : seen)
        if (other == key) return false;
      seen.push_back(key);
      while (!skip("\""))
        if (at_ >= text_.size() || text_[at_] == '<' || !character(true)) return false;
    }
    return true;
  }

  ::testing::AssertionResult fail(const char* what) const {
    return ::testing::AssertionFailure()
           << what << " near '" << text_.substr(at_ < 40 ? 0 : at_ - 40, 80) << "'";
  }

  std::string_view text_;
  size_t at_ = 0;
};

inline ::testing::AssertionResult is_well_formed(std::string_view xml) {
  return XmlChecker(xml).check();
}

}  // namespace paragon::testing
