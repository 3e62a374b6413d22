// SPDX-License-Identifier: Apache-2.0
#include <iostream>
#include <paragon/paragon.hpp>

int main() {
  paragon::Network net({.input = {28, 28}, .type = paragon::int8});
  net.add(paragon::LocallyConnected{.grid = {16, 16}, .activation = "leaky_relu"});
  net.add(paragon::Dense{.units = 10, .activation = "softmax"});
  std::cout << net.parameters() << " parameters\n";
}
