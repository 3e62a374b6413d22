// SPDX-License-Identifier: Apache-2.0
#pragma once

// Everything an application needs; iostream is left to the application.
#include <paragon/data.hpp>
#include <paragon/diagnostics.hpp>
#include <paragon/dtype.hpp>
#include <paragon/error.hpp>
#include <paragon/evaluate.hpp>
#include <paragon/expression.hpp>
#include <paragon/layers.hpp>
#include <paragon/legacy.hpp>
#include <paragon/network.hpp>
#include <paragon/replay.hpp>
#include <paragon/report.hpp>
#include <paragon/trainer.hpp>
#include <paragon/webgpu.hpp>
