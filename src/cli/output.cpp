// SPDX-License-Identifier: Apache-2.0
#include "cli/output.hpp"

#include <iostream>

#include <paragon/error.hpp>
#include <paragon/support.hpp>

namespace paragon::cli {

Output::Output(const Common& common) : common_(common), screen_(nullptr) {
  const bool json_on_screen = common.json == "-";
  // A stream without a buffer takes everything and shows nothing.
  if (!common.quiet) screen_.rdbuf(json_on_screen ? std::cerr.rdbuf() : std::cout.rdbuf());
  if (!common.json.empty() && !json_on_screen) require_writable(common.json);
}

void Output::finish(const Json& json) {
  finish_text(json.dump(2) + "\n");
}

void Output::finish_text(std::string_view json) {
  if (common_.json == "-")
    std::cout << json;
  else if (!common_.json.empty())
    write_file(common_.json, json);
  screen_.flush();
  std::cout.flush();
  if (!std::cout) throw Error("cannot write to the standard output");
}

}  // namespace paragon::cli
