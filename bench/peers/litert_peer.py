# SPDX-License-Identifier: Apache-2.0
"""LiteRT with XNNPACK: latency of one forward at batch 1, float32 and int8.

Usage: litert_peer.py THREADS (requests on standard input, see worker.py)
"""

import statistics
import sys
import time

import numpy as np
from ai_edge_litert.interpreter import Interpreter

import tflite_models
import worker

WARM_UP_SECONDS = 0.1  # the process slept while our side was measured
REPEATS = 5
# Largest allowed difference between the int8 and the float32 network, in steps of the output's
# scale: enough for rounding in three layers, far too little for a wrong layout or scale.
INT8_STEPS = 12


class Forward:
    def __init__(self, threads):
        self.threads = threads
        self.networks = {}

    def interpreter(self, units, kind):
        """A ready interpreter, checked against the float32 definition, and its input."""
        mlp = tflite_models.Mlp(units)
        write = {"float32": tflite_models.float32_file, "int8": tflite_models.int8_file}[kind]
        interpreter = Interpreter(model_content=write(mlp), num_threads=self.threads)
        interpreter.allocate_tensors()
        source = interpreter.get_input_details()[0]
        target = interpreter.get_output_details()[0]
        x = np.random.default_rng(3).random((1, units[0]), np.float32)
        expected = mlp.activations(x)[-1]
        tolerance = 1e-4
        if kind == "int8":
            scale, zero_point = source["quantization"]
            x = np.clip(np.rint(x / scale) + zero_point, -128, 127).astype(np.int8)
            tolerance = INT8_STEPS * target["quantization"][0]
        interpreter.set_tensor(source["index"], x)
        interpreter.invoke()
        actual = interpreter.get_tensor(target["index"])
        if kind == "int8":
            scale, zero_point = target["quantization"]
            actual = scale * (actual.astype(np.float32) - zero_point)
        difference = float(np.abs(actual - expected).max())
        if difference > tolerance:
            raise RuntimeError(f"the {kind} network of {units} is off by {difference}")
        return interpreter, source["index"], target["index"], x

    def forward(self, units, kind, calls):
        """Microseconds per call, with the input written and the output read, and without.

        Each is the median of REPEATS runs of `calls` calls.
        """
        key = (tuple(units), kind)
        if key not in self.networks:
            self.networks[key] = self.interpreter(units, kind)
        interpreter, source, target, x = self.networks[key]

        def whole_call():
            interpreter.set_tensor(source, x)
            interpreter.invoke()
            return interpreter.get_tensor(target)

        end = time.perf_counter() + WARM_UP_SECONDS
        while time.perf_counter() < end:
            whole_call()
        return {"microseconds": per_call(whole_call, calls),
                "microseconds_invoke_only": per_call(interpreter.invoke, calls)}


def per_call(function, calls):
    runs = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        for _ in range(calls):
            function()
        runs.append((time.perf_counter() - start) * 1e6 / calls)
    return statistics.median(runs)


if __name__ == "__main__":
    worker.serve({"forward": Forward(int(sys.argv[1])).forward})
