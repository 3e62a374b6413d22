// SPDX-License-Identifier: Apache-2.0
#include <fmt/ostream.h>
#include <fmt/ranges.h>

#include <algorithm>

#include <paragon/paragon.hpp>
#include <paragon/support.hpp>

#include "cli/build.hpp"
#include "cli/commands.hpp"
#include "cli/golden.hpp"
#include "cli/output.hpp"
#include "cli/scratch.hpp"
#include "cli/sha256.hpp"
#include "cli/verify_nets.hpp"

// Trainings whose final numbers are compared with recorded ones (docs/numerics.md, "Golden
// hashes").
namespace paragon::cli {
namespace {

std::vector<const VerifyNet*> nets_of(const VerifyCommand& command) {
  std::vector<const VerifyNet*> nets;
  const bool all = command.nets == std::vector<std::string>{"all"};
  for (const VerifyNet& net : verify_nets())
    if (all || std::ranges::count(command.nets, net.name) > 0) nets.push_back(&net);
  const std::vector<std::string> known = verify_net_names();
  for (const std::string& word : command.nets)
    if (!all && std::ranges::count(known, word) == 0)
      throw Error(fmt::format("unknown net '{}'{}; expected some of: {}", word,
                              did_you_mean(word, known), fmt::join(known, ", ")));
  return nets;
}

/// Trains, with a stop within an epoch and a way through a file if `interrupted`.
Network trained(const VerifyNet& net, DType type, TrainerOptions options, bool interrupted) {
  Network network = make_network(net, type);
  const data::Dataset data = make_data(net, network);
  if (interrupted) {
    const Scratch scratch;
    Trainer first(network, options);
    first.begin(data);
    first.advance(first.steps_per_epoch());
    first.advance(first.steps_per_epoch() / 2);
    first.save(scratch.file("checkpoint"));
    network = Network::load(scratch.file("checkpoint"));
    options.resume = true;
  }
  Trainer trainer(network, std::move(options));
  trainer.fit(data);
  return network;
}

/// The hash of a net's final numbers.
std::string hash_of(const VerifyNet& net, DType type, const VerifyCommand& command,
                    size_t threads) {
  TrainerOptions options = net.training;
  options.device = command.place.device;
  options.threads = threads;
  if (is_float(type)) options.exponents = "delayed";  // it has none
  return sha256(number_bytes(trained(net, type, std::move(options), command.interrupted)));
}

struct Row {
  std::string hash, golden;
  bool equal;
};

/// `golden` gets the hashes that it lacks if they are to be recorded.
Row verify(const VerifyNet& net, DType type, const VerifyCommand& command, size_t threads,
           GoldenHashes& golden) {
  Row row{hash_of(net, type, command, threads), "", false};
  if (is_float(type)) {
    row.equal = row.hash == hash_of(net, type, command, threads == 1 ? 2 : 1);
    return row;
  }
  if (!command.record.empty()) golden.add(net.name, type, row.hash);
  row.golden = golden.find(net.name, type);
  row.equal = row.hash == row.golden;
  return row;
}

GoldenHashes golden_of(const VerifyCommand& command) {
  if (command.record.empty())
    return command.golden.empty() ? GoldenHashes::recorded() : GoldenHashes::read(command.golden);
  const std::vector<std::string> all = {"all"};
  if (command.nets != all || command.types != all || !command.golden.empty())
    throw Error("--record goes with neither --nets, --types nor --golden");
  require_writable(command.record);
  return {};
}

}  // namespace

std::vector<std::string> verify_net_names() {
  std::vector<std::string> names;
  for (const VerifyNet& net : verify_nets()) names.push_back(net.name);
  return names;
}

ExitCode run(const VerifyCommand& command) {
  Output output(command.common);
  const std::vector<const VerifyNet*> nets = nets_of(command);
  const std::vector<DType> types = parse_types(command.types);
  GoldenHashes golden = golden_of(command);
  const size_t threads = command.place.threads == 0 ? processors() : command.place.threads;

  std::ostream& screen = output.screen();
  Json rows = Json::array();
  size_t different = 0;
  for (const VerifyNet* net : nets)
    for (const DType type : types) {
      const Row row = verify(*net, type, command, threads, golden);
      if (rows.empty())
        fmt::print(screen, "contract {}, device {}, SIMD {}, {} threads\n", contract_version(),
                   command.place.device, active_simd(), threads);
      if (!row.equal) ++different;
      fmt::print(screen, "{:<22} {:<8} {} {:<64} {}\n", net->name, name(type), row.hash,
                 row.golden.empty() ? "-" : row.golden, row.equal ? "equal" : "DIFFERENT");
      screen.flush();
      rows.push_back({{"net", net->name},
                      {"type", name(type)},
                      {"device", command.place.device},
                      {"threads", threads},
                      {"hash", row.hash},
                      {"golden", row.golden.empty() ? Json() : Json(row.golden)},
                      {"equal", row.equal}});
    }
  fmt::print(screen, "{} of {} rows differ\n", different, rows.size());
  if (!command.record.empty() && different == 0) write_file(command.record, golden.text());
  output.finish({{"contract", contract_version()}, {"rows", rows}});
  return different == 0 ? kFine : kCheckFailed;
}

}  // namespace paragon::cli
