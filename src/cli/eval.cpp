// SPDX-License-Identifier: Apache-2.0
#include <fmt/ostream.h>

#include <iostream>

#include <paragon/paragon.hpp>
#include <paragon/support.hpp>

#include "cli/commands.hpp"
#include "cli/model.hpp"
#include "cli/output.hpp"

namespace paragon::cli {
namespace {

/// The picture files that --svg asks for.
class Pictures {
 public:
  /// Raises now if they could not be written later.
  explicit Pictures(const std::string& prefix) : prefix_(prefix) {
    if (prefix_.empty()) return;
    require_writable(heat_map());
    require_writable(confusion());
  }

  void write(const Report& report, std::ostream& screen) const {
    if (prefix_.empty()) return;
    write_file(heat_map(), heat_map_svg(report));
    if (report.classes.size() <= kDrawnClasses)
      write_file(confusion(), confusion_svg(report));
    else
      fmt::print(screen, "{} is not written: {} classes, at most {} are drawn\n", confusion(),
                 report.classes.size(), kDrawnClasses);
  }

 private:
  std::string heat_map() const { return prefix_ + ".adhd.svg"; }
  std::string confusion() const { return prefix_ + ".confusion.svg"; }

  const std::string prefix_;
};

struct Evaluation {
  std::string type;
  size_t parameters;
  Report report;
};

Evaluation evaluate_on(const Network& network, const EvalCommand& command,
                       const data::Dataset& data) {
  return {std::string(name(network.type())), network.parameters(),
          evaluate(network, data,
                   {.device = command.place.device,
                    .batch = command.batch,
                    .threads = command.place.threads})};
}

Evaluation evaluate_on(const LegacyNetwork& network, const EvalCommand&,
                       const data::Dataset& data) {
  return {network.info().type, network.info().parameters, evaluate(network, data)};
}

}  // namespace

ExitCode check_accuracy(double accuracy, const std::optional<double>& expected) {
  if (!expected || accuracy >= *expected) return kFine;
  fmt::print(std::cerr, "paragon: the accuracy is {:.2f} %, expected at least {:g} %\n", accuracy,
             *expected);
  return kCheckFailed;
}

ExitCode run(const EvalCommand& command) {
  Output output(command.common);
  const Pictures pictures(command.svg);
  const Model model = load_model(command.model);
  const data::Split split = data::mnist(command.data);
  const auto [type, parameters, report] = std::visit(
      [&](const auto& network) { return evaluate_on(network, command, split.test); }, model);
  pictures.write(report, output.screen());
  Json json = {{"type", type}, {"parameters", parameters}};
  json.update(Json::parse(to_json(report)));
  output.screen() << report;
  output.finish(json);
  return check_accuracy(report.accuracy, command.expect_accuracy);
}

}  // namespace paragon::cli
