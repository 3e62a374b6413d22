// SPDX-License-Identifier: Apache-2.0
#include <fmt/ostream.h>
#include <fmt/ranges.h>

#include <paragon/paragon.hpp>

#include "cli/commands.hpp"
#include "cli/model_info.hpp"
#include "cli/output.hpp"

namespace paragon::cli {

namespace {

/// The adapters of device webgpu, or why there are none.
Json describe_adapters(std::ostream& screen) {
  Json rows = Json::array();
  std::vector<WebgpuAdapter> adapters;
  try {
    adapters = webgpu_adapters();
  } catch (const Error&) {  // no library; webgpu_problem says it
  }
  if (adapters.empty()) fmt::print(screen, "{:<12} {}\n", "webgpu", webgpu_problem());
  for (const WebgpuAdapter& adapter : adapters) {
    const auto held = [](bool native) { return native ? "native" : "emulated"; };
    fmt::print(screen,
               "{:<12} {} ({}, {}): int64 {}, float64 {}, 8 to 32 bits and float32 native; buffers "
               "to {} MiB, bindings to {} MiB, workgroups of {} with {} KiB\n",
               "webgpu", adapter.name, adapter.kind, adapter.driver, held(adapter.native_int64),
               held(adapter.native_float64), adapter.buffer_bytes >> 20,
               adapter.binding_bytes >> 20, adapter.workgroup_threads,
               adapter.workgroup_bytes >> 10);
    rows.push_back({{"name", adapter.name},
                    {"driver", adapter.driver},
                    {"kind", adapter.kind},
                    {"int64", held(adapter.native_int64)},
                    {"float64", held(adapter.native_float64)},
                    {"buffer_bytes", adapter.buffer_bytes},
                    {"binding_bytes", adapter.binding_bytes},
                    {"workgroup_threads", adapter.workgroup_threads},
                    {"workgroup_bytes", adapter.workgroup_bytes}});
  }
  return rows;
}

}  // namespace

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
  Json json = {{"version", version()},
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
  json["webgpu"] = describe_adapters(screen);
  output.finish(json);
  return kFine;
}

}  // namespace paragon::cli
