// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ostream>
#include <string>

#include "cli/accuracy/results.hpp"

namespace paragon::cli::accuracy {

/// All rows, for the screen.
void print(std::ostream& out, const Results& results);

/// The same as Markdown: an overview, then a table a task with its settings, bars and the published
/// figures.
std::string markdown(const Results& results);

/// `page` with the text between its two marks replaced by `tables`; a page with the marks if it is
/// empty. Raises if there is a page without them.
std::string renewed(const std::string& page, const std::string& tables, const std::string& place);

}  // namespace paragon::cli::accuracy
