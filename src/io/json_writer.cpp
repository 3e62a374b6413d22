// SPDX-License-Identifier: Apache-2.0
#include "io/json_writer.hpp"

#include <nlohmann/json.hpp>

#include "core/error.hpp"

namespace paragon::io {

void JsonWriter::open(std::string_view key, char bracket) {
  begin(key);
  text_ += bracket;
  ++depth_;
  first_ = true;
}

void JsonWriter::close(char bracket) {
  --depth_;
  if (!first_) line();
  text_ += bracket;
  first_ = false;
}

void JsonWriter::field(std::string_view key, const std::string& value) {
  begin(key);
  append_string(value);
}

void JsonWriter::strings(std::string_view key, const std::vector<std::string>& texts) {
  begin(key);
  text_ += '[';
  for (size_t i = 0; i < texts.size(); ++i) {
    if (i > 0) text_ += ", ";
    append_string(texts[i]);
  }
  text_ += ']';
}

void JsonWriter::line() {
  text_ += '\n';
  text_.append(depth_, ' ');
}

void JsonWriter::begin(std::string_view key) {
  if (!first_) text_ += ',';
  if (depth_ > 0) line();
  first_ = false;
  if (!key.empty()) text_ += fmt::format("\"{}\": ", key);
}

void JsonWriter::append_string(const std::string& value) {
  try {
    text_ += nlohmann::json(value).dump();
  } catch (const nlohmann::json::exception&) {
    raise("[save] a name is not valid UTF-8: {}",
          nlohmann::json(value).dump(-1, ' ', true, nlohmann::json::error_handler_t::replace));
  }
}

}  // namespace paragon::io
