// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/options.hpp"

namespace paragon::cli {

/// The program's exit codes.
enum ExitCode : int { kFine = 0, kCheckFailed = 1, kBadInput = 2 };

/// kCheckFailed, with a line on standard error, if the accuracy is below the expected one.
ExitCode check_accuracy(double accuracy, const std::optional<double>& expected);

// Each command runs to its end or raises Error; nothing is written then.
ExitCode run(const TrainCommand& command);
ExitCode run(const EvalCommand& command);
ExitCode run(const PredictCommand& command);
ExitCode run(const ConvertCommand& command);
ExitCode run(const InfoCommand& command);
ExitCode run(const DumpCommand& command);
ExitCode run(const VerifyCommand& command);
ExitCode run(const BenchGemmCommand& command);
ExitCode run(const BenchForwardCommand& command);
ExitCode run(const BenchStepCommand& command);
ExitCode run(const BenchMnistCommand& command);
ExitCode run(const BenchAccuracyCommand& command);
ExitCode run(const BenchGpuCommand& command);

/// Nets of `verify`.
std::vector<std::string> verify_net_names();

}  // namespace paragon::cli
