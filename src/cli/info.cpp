// SPDX-License-Identifier: Apache-2.0
#include <fmt/ostream.h>
#include <fmt/ranges.h>

#include <paragon/paragon.hpp>

#include "cli/commands.hpp"
#include "cli/model_info.hpp"
#include "cli/output.hpp"

namespace paragon::cli {

ExitCode run(const InfoCommand& command) {
  Output output(command.common);
  if (!command.model.empty()) {
    output.finish(describe_model(command.model, output.screen()));
    return kFine;
  }
  std::vector<std::string> types;
  for (const DType type : network_types()) types.emplace_back(name(type));
  const std::vector<std::string> layers = {
#define PARAGON_LAYER(keyword, Config) #keyword,
#include <paragon/layers.def>
  };
  const Json json = {{"version", version()},
                     {"types", types},
                     {"simd", {{"active", active_simd()}, {"available", available_simd()}}},
                     {"threads", processors()},
                     {"devices", devices()},
                     {"layers", layers},
                     {"activations", activations()},
                     {"optimizers", optimizers()},
                     {"schedules", schedules()}};
  std::ostream& screen = output.screen();
  const auto row = [&](std::string_view label, const std::string& value) {
    fmt::print(screen, "{:<12} {}\n", label, value);
  };
  const auto list = [&](std::string_view label, const std::vector<std::string>& names) {
    row(label, fmt::format("{}", fmt::join(names, ", ")));
  };
  row("version", std::string(version()));
  list("types", types);
  row("SIMD", fmt::format("{} (available: {})", active_simd(), fmt::join(available_simd(), ", ")));
  row("threads", fmt::format("{}", processors()));
  list("devices", devices());
  list("layers", layers);
  list("activations", activations());
  list("optimizers", optimizers());
  list("schedules", schedules());
  output.finish(json);
  return kFine;
}

}  // namespace paragon::cli
