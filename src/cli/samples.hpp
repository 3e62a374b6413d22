// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace paragon::cli {

/// The values of {"inputs":[sample,...]}, row-major: a sample is a list of its values or a list of
/// rows. Raises with the sample's number, what was got and what `shape` makes expected.
std::vector<float> parse_samples(std::string_view json, const std::vector<size_t>& shape);

/// {"outputs":[[...],...]} of rows with `width` values each.
std::string samples_text(const std::vector<float>& outputs, size_t width);

}  // namespace paragon::cli
