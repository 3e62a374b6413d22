// SPDX-License-Identifier: Apache-2.0
#include <exception>
#include <iostream>
#include <new>

#include <paragon/error.hpp>

#include "cli/commands.hpp"
#include "cli/parse.hpp"

int main(int argc, char** argv) {
  using namespace paragon::cli;
  try {
    const std::optional<Command> command = parse_command_line(argc, argv);
    if (!command) return kFine;
    return std::visit([](const auto& options) { return run(options); }, *command);
  } catch (const paragon::Error& error) {
    std::cerr << "paragon: " << error.what() << '\n';
  } catch (const std::bad_alloc&) {
    std::cerr << "paragon: not enough memory\n";
  } catch (const std::exception& error) {
    std::cerr << "paragon: unexpected: " << error.what() << '\n';
  }
  return kBadInput;
}
