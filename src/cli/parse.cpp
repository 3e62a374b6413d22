// SPDX-License-Identifier: Apache-2.0
#include "cli/parse.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdlib>
#include <functional>
#include <iostream>
#include <limits>
#include <memory>

#include <paragon/paragon.hpp>
#include <paragon/support.hpp>

#include "cli/accuracy/tasks.hpp"
#include "cli/benchmark.hpp"
#include "cli/commands.hpp"
#include "cli/parse_options.hpp"
#include "cli/validators.hpp"

// CLI11 takes seconds to compile: only this source and parse_options.cpp include it.
namespace paragon::cli {
namespace {

/// The program's options, and for every command what to make of them.
class Parser {
 public:
  Parser() {
    app_.require_subcommand(1);
    app_.set_version_flag("--version", std::string(version()));
    app_.set_help_flag("-h,--help", "print this help");
    app_.footer(
        "Exit codes: 0 fine, 1 a check failed, 2 bad input or usage.\n"
        "Example: paragon train --data data/mnist --type int8 --epochs 5 --rate 0.01\n"
        "  --layers \"28x28 local:16x16:leaky_relu dense:10:softmax\" --out net.json");
    add_commands();
    add_benches();
  }

  std::optional<Command> parse(int argc, const char* const* argv) {
    try {
      app_.parse(argc, argv);
    } catch (const CLI::Success& wish) {  // --help, --version
      app_.exit(wish, std::cout, std::cerr);
      return std::nullopt;
    } catch (const CLI::ParseError& error) {
      throw Error(explain(error));
    }
    // The library reads the level once, when its CPU kernels are first asked for.
    if (!simd_.empty()) ::setenv("PARAGON_SIMD", simd_.c_str(), 1);
    set_webgpu(webgpu_);
    return make_();
  }

 private:
  /// A command's options live in the returned object until it is asked for.
  template <class T>
  T& command(CLI::App* parent, const char* name, const char* help, CLI::App** app) {
    auto options = std::make_shared<T>();
    *app = parent->add_subcommand(name, help);
    add_common(*app, options->common, simd_);
    add_webgpu(*app, webgpu_);
    (*app)->callback([this, options] { make_ = [options] { return Command(*options); }; });
    return *options;
  }

  void add_commands() {
    CLI::App* app = nullptr;
    auto& train = command<TrainCommand>(&app_, "train", "train a network on MNIST", &app);
    add_data(app, train.data);
    add_network(app, train.network);
    add_training(app, train.training);
    add_epochs(app, train.training.epochs);
    add_fraction(app, train.train_fraction);
    app->add_option("--out", train.out, "write the trained model")->type_name("FILE");
    add_expect(app, train.expect_accuracy);
    add_stops(app, train);
    add_checkpoints(app, train);

    auto& eval = command<EvalCommand>(&app_, "eval", "measure a model on the test images", &app);
    add_model(app, eval.model);
    add_data(app, eval.data);
    app->add_option("--svg", eval.svg,
                    "write the pictures PREFIX.adhd.svg and PREFIX.confusion.svg")
        ->type_name("PREFIX");
    add_batch(app, eval.batch);
    add_place(app, eval.place);
    add_expect(app, eval.expect_accuracy);

    auto& predict =
        command<PredictCommand>(&app_, "predict", "outputs for samples of a file", &app);
    add_model(app, predict.model);
    app->add_option("--input", predict.input,
                    "JSON: {\"inputs\":[sample,...]}, a sample being a list or a list of rows")
        ->required()
        ->type_name("FILE");
    add_batch(app, predict.batch);
    add_place(app, predict.place);

    auto& convert = command<ConvertCommand>(&app_, "convert",
                                            "make a model of a file of the Go framework", &app);
    app->add_option("OLD", convert.from, "file of the Go framework")->required();
    app->add_option("NEW", convert.to, "model file to write")->required();
    add_type(app, convert.type, type_names());
    app->add_option("--data", convert.data,
                    "folder with the four MNIST files: compare the accuracies")
        ->type_name("DIR");

    auto& info = command<InfoCommand>(
        &app_, "info", "version, types, SIMD level, threads, devices; or about a model", &app);
    app->add_option("MODEL", info.model, "model file, also one of the Go framework");

    auto& dump = command<DumpCommand>(&app_, "dump", "what a network compiles to, as text", &app);
    CLI::Option* layers = add_network(app, dump.network);
    app->add_option("--model", dump.model, "model file, instead of --layers")
        ->type_name("FILE")
        ->excludes(layers);
    app->add_option("--stage", dump.stage, fmt::format("{}", fmt::join(dump_stages(), ", ")))
        ->required()
        ->type_name("NAME");
    add_training(app, dump.training);
    add_epochs(app, dump.training.epochs);

    auto& verify = command<VerifyCommand>(
        &app_, "verify", "train small nets, compare their final weights with golden hashes", &app);
    add_place(app, verify.place);
    add_types(app, verify.types);
    app->add_option("--nets", verify.nets,
                    fmt::format("all, or some of {}", fmt::join(verify_net_names(), ", ")))
        ->delimiter(',')
        ->capture_default_str();
    app->add_flag("--interrupted", verify.interrupted,
                  "stop each training on its way, save it, load it and go on");
    app->add_option("--golden", verify.golden, "compare with the hashes of this file")
        ->type_name("FILE");
    app->add_option("--record", verify.record, "write the hashes as golden ones")
        ->type_name("FILE");
  }

  void add_benches() {
    CLI::App* app = nullptr;
    CLI::App* bench = app_.add_subcommand("bench", "measure speed and accuracy");
    bench->require_subcommand(1);

    auto& gemm = command<BenchGemmCommand>(bench, "gemm", "square matrix products", &app);
    add_type(app, gemm.type, {"float32", "float64", "int8", "int16", "int32"});
    app->add_option("--sizes", gemm.sizes, "edges of the matrices")
        ->delimiter(',')
        ->check(whole_number(1, kLargestMatrix))
        ->capture_default_str();
    add_device(app, gemm.device);
    add_threads(app, gemm.threads);

    auto& forward = command<BenchForwardCommand>(bench, "forward", "forward passes", &app);
    add_network(app, forward.network)->required();
    add_batch(app, forward.batch);
    add_iterations(app, forward.iterations);
    add_place(app, forward.place);

    auto& step = command<BenchStepCommand>(bench, "step", "training steps", &app);
    add_network(app, step.network)->required();
    add_training(app, step.training);
    add_iterations(app, step.iterations);
    app->add_flag("--kernels", step.kernels, "also what each kernel of device webgpu takes");

    auto& mnist = command<BenchMnistCommand>(
        bench, "mnist", "train the benchmark's models in every type, save, load, compare", &app);
    add_data(app, mnist.data);
    add_types(app, mnist.types);
    mnist.models = benchmark::names();
    app->add_option("--models", mnist.models, "which models")
        ->delimiter(',')
        ->capture_default_str();
    add_jobs(app, mnist.jobs);
    add_epochs(app, mnist.epochs);
    add_fraction(app, mnist.train_fraction);
    add_seed(app, mnist.seed);
    add_device(app, mnist.device);
    add_threads(app, mnist.threads);

    auto& gpu = command<BenchGpuCommand>(
        bench, "gpu",
        "28x28 to 32x32 to 32x32 to 10: a device beside the CPU, and what they differ", &app);
    add_device(app, gpu.device);
    add_threads(app, gpu.threads);
    add_types(app, gpu.types);
    app->add_option("--activations", gpu.activations, "of the hidden layers, or all")
        ->delimiter(',')
        ->capture_default_str();
    app->add_option("--batch", gpu.batches, "samples of a call and of a training step")
        ->delimiter(',')
        ->check(whole_number(1, kLargestBatch))
        ->capture_default_str();
    add_iterations(app, gpu.iterations);
    app->add_option("--seconds", gpu.seconds, "of one measurement, at most")
        ->check(number(0, 1e6))
        ->capture_default_str();

    auto& accuracy = command<BenchAccuracyCommand>(
        bench, "accuracy", "train the nets of docs/accuracy.md, compare the types with float32",
        &app);
    app->add_option("--data", accuracy.data, "folder with the four MNIST files")
        ->type_name("DIR")
        ->capture_default_str();
    app->add_option("--fashion", accuracy.fashion, "folder with those of Fashion-MNIST")
        ->type_name("DIR")
        ->capture_default_str();
    app->add_option("--tasks", accuracy.tasks,
                    fmt::format("some of {}", fmt::join(accuracy::task_names(), ", ")))
        ->delimiter(',');
    add_types(app, accuracy.types);
    app->add_option("--seeds", accuracy.seeds, "each type is trained once with each")
        ->delimiter(',')
        ->check(whole_number(0, std::numeric_limits<uint64_t>::max()))
        ->capture_default_str();
    add_jobs(app, accuracy.jobs);
    app->add_option("--epochs", accuracy.epochs, "instead of the task's")
        ->check(whole_number(1, kMostIterations));
    add_fraction(app, accuracy.train_fraction);
    add_device(app, accuracy.device);
    app->add_option("--markdown", accuracy.markdown,
                    "write the tables; a page that is there keeps what is outside its marks")
        ->type_name("FILE");
    app->add_flag("--resume", accuracy.resume,
                  "keep the results that the file of --json has, train only what is missing");
    app->add_flag("--strict", accuracy.strict, "exit with 1 if a bar is not met");
  }

  /// CLI11's message, and what was probably meant by an unknown word.
  std::string explain(const CLI::ParseError& error) const {
    const CLI::App* app = &app_;
    while (!app->get_subcommands().empty()) app = app->get_subcommands().front();
    const std::vector<std::string> unknown = app_.remaining(true);
    if (unknown.empty()) return error.what();
    std::vector<std::string> known;
    for (const CLI::App* child : app->get_subcommands(nullptr)) known.push_back(child->get_name());
    for (const CLI::Option* option : app->get_options()) known.push_back(option->get_name());
    const std::string word = unknown.front().substr(0, unknown.front().find('=')).substr(0, 64);
    return fmt::format("unknown {} '{}'{} (see 'paragon{}{} --help')",
                       word.starts_with("-") ? "option" : "word", word, did_you_mean(word, known),
                       app == &app_ ? "" : " ", app == &app_ ? "" : app->get_name());
  }

  CLI::App app_{"Paragon: neural networks in any numeric type", "paragon"};
  std::string simd_;
  WebgpuSettings webgpu_;
  std::function<Command()> make_;
};

}  // namespace

std::optional<Command> parse_command_line(int argc, const char* const* argv) {
  return Parser().parse(argc, argv);
}

}  // namespace paragon::cli
