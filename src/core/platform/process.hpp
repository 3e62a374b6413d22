// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <iosfwd>

namespace paragon {

/// Whether the stream is std::cout, std::cerr or std::clog and a person reads it on a terminal.
bool is_terminal(const std::ostream& out);

}  // namespace paragon
