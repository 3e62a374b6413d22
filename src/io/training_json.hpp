// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "io/json_object.hpp"
#include "io/json_writer.hpp"
#include "network/state.hpp"

namespace paragon::io {

/// Writes the state of a training as the open object's member "training".
void write_training(JsonWriter& writer, const detail::TrainingState& training);

/// Reads that object. Whether its values fit a training is for the trainer to say.
detail::TrainingState read_training(JsonReader reader);

}  // namespace paragon::io
