// SPDX-License-Identifier: Apache-2.0
#include <paragon/paragon.hpp>

#include "cli/build.hpp"
#include "cli/commands.hpp"
#include "cli/output.hpp"

namespace paragon::cli {

ExitCode run(const DumpCommand& command) {
  Output output(command.common);
  if (command.model.empty() && command.network.layers.empty())
    throw Error("dump needs a network: --layers or --model");
  const Network network = command.model.empty()
                              ? build_network(command.network, command.training.seed)
                              : Network::load(command.model);
  const std::string text = dump(network, build_options(command.training), command.stage);
  output.screen() << text;
  if (!text.ends_with('\n')) output.screen() << '\n';
  output.finish({{"stage", command.stage}, {"text", text}});
  return kFine;
}

}  // namespace paragon::cli
