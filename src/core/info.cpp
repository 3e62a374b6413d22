// SPDX-License-Identifier: Apache-2.0
#include <paragon/diagnostics.hpp>
#include <paragon/support.hpp>

#include "core/error.hpp"
#include "core/random.hpp"

namespace paragon {

std::string_view version() {
  return PARAGON_VERSION;
}

std::uint64_t contract_version() {
  return random::kContractVersion;
}

std::string did_you_mean(std::string_view name, const std::vector<std::string>& known) {
  const std::string near = nearest_name(name, known);
  return near.empty() ? "" : fmt::format("; did you mean '{}'?", near);
}

}  // namespace paragon
