# SPDX-License-Identifier: Apache-2.0
"""Writes multi-layer perceptrons with random weights as .tflite files, in memory.

Fully connected layers with fused relu and a linear last one, batch 1, float32 or int8. The int8
form is the one that TensorFlow's own converter writes: weights symmetric with a scale per output,
int32 biases, activations with a scale and zero point per tensor.
"""

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

# The schema demands 16; the weights are used in place.
BUFFER_ALIGNMENT = 16
CALIBRATION_SAMPLES = 64


class AlignedBuffer(schema.BufferT):
    """The generated packer aligns a vector of bytes to 1 only, which is too little for floats."""

    def Pack(self, builder):
        data = self.data.tobytes()
        builder.StartVector(1, len(data), BUFFER_ALIGNMENT)
        builder.head -= len(data)
        builder.Bytes[builder.head:builder.head + len(data)] = data
        vector = builder.EndVector()
        schema.BufferStart(builder)
        schema.BufferAddData(builder, vector)
        return schema.BufferEnd(builder)


class Mlp:
    """A float32 network, the definition of what the files must compute."""

    def __init__(self, units, seed=1):
        generator = np.random.default_rng(seed)
        self.units = units
        self.layers = []
        for inputs, outputs in zip(units, units[1:]):
            bound = inputs ** -0.5
            self.layers.append(
                (generator.uniform(-bound, bound, (outputs, inputs)).astype(np.float32),
                 generator.uniform(-bound, bound, outputs).astype(np.float32)))

    def activations(self, x):
        """The input and every layer's output for x [samples, inputs]."""
        values = [x]
        for weights, bias in self.layers:
            x = x @ weights.T + bias
            if len(values) < len(self.layers):
                x = np.maximum(x, 0)
            values.append(x)
        return values


def affine(values):
    """Scale and zero point that spread the range of `values`, zero included, over int8."""
    low, high = min(0.0, float(values.min())), max(0.0, float(values.max()))
    scale = (high - low) / 255
    return scale, int(np.clip(round(-128 - low / scale), -128, 127))


class _Writer:
    def __init__(self):
        self.buffers = [schema.BufferT()]  # number 0 stands for "no data"
        self.tensors = []

    def tensor(self, name, shape, kind, data=None, scales=None, zero_points=None):
        tensor = schema.TensorT()
        tensor.name, tensor.type, tensor.shape = name, kind, list(shape)
        tensor.buffer = 0
        if data is not None:
            buffer = AlignedBuffer()
            buffer.data = data
            tensor.buffer = len(self.buffers)
            self.buffers.append(buffer)
        if scales is not None:
            quantization = schema.QuantizationParametersT()
            quantization.scale = np.asarray(scales, np.float32)
            quantization.zeroPoint = np.asarray(zero_points, np.int64)
            tensor.quantization = quantization
        self.tensors.append(tensor)
        return len(self.tensors) - 1

    def finish(self, operators, version, inputs, outputs):
        code = schema.OperatorCodeT()
        code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.FULLY_CONNECTED
        code.version = version
        graph = schema.SubGraphT()
        graph.tensors, graph.operators = self.tensors, operators
        graph.inputs, graph.outputs = [inputs], [outputs]
        model = schema.ModelT()
        model.version = 3
        model.operatorCodes, model.subgraphs, model.buffers = [code], [graph], self.buffers
        builder = flatbuffers.Builder(1 << 20)
        builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
        return bytes(builder.Output())


def _fully_connected(source, weights, bias, target, relu):
    options = schema.FullyConnectedOptionsT()
    options.fusedActivationFunction = (schema.ActivationFunctionType.RELU
                                       if relu else schema.ActivationFunctionType.NONE)
    operator = schema.OperatorT()
    operator.opcodeIndex = 0
    operator.inputs, operator.outputs = [source, weights, bias], [target]
    operator.builtinOptionsType = schema.BuiltinOptions.FullyConnectedOptions
    operator.builtinOptions = options
    return operator


def float32_file(mlp):
    """The bytes of a .tflite file: input [1, first] and output [1, last], float32."""
    writer = _Writer()
    kind = schema.TensorType.FLOAT32
    first = current = writer.tensor("input", (1, mlp.units[0]), kind)
    operators = []
    for number, (weights, bias) in enumerate(mlp.layers):
        target = writer.tensor(f"output{number}", (1, len(bias)), kind)
        operators.append(_fully_connected(
            current, writer.tensor(f"weights{number}", weights.shape, kind, weights),
            writer.tensor(f"bias{number}", bias.shape, kind, bias), target,
            relu=number + 1 < len(mlp.layers)))
        current = target
    return writer.finish(operators, 1, first, current)


def int8_file(mlp):
    """As float32_file with int8 input and output, calibrated on uniform inputs in 0..1."""
    writer = _Writer()
    kind = schema.TensorType.INT8
    samples = np.random.default_rng(2).random((CALIBRATION_SAMPLES, mlp.units[0]), np.float32)
    ranges = [affine(values) for values in mlp.activations(samples)]
    scale, zero_point = ranges[0]
    first = current = writer.tensor("input", (1, mlp.units[0]), kind, None, [scale], [zero_point])
    operators = []
    for number, (weights, bias) in enumerate(mlp.layers):
        row_scales = np.abs(weights).max(axis=1) / 127
        quantized = np.rint(weights / row_scales[:, None]).astype(np.int8)
        bias_scales = scale * row_scales
        quantized_bias = np.rint(bias / bias_scales).astype(np.int32)
        zeros = np.zeros(len(bias))
        scale, zero_point = ranges[number + 1]
        target = writer.tensor(f"output{number}", (1, len(bias)), kind, None, [scale],
                               [zero_point])
        operators.append(_fully_connected(
            current,
            writer.tensor(f"weights{number}", weights.shape, kind, quantized, row_scales, zeros),
            writer.tensor(f"bias{number}", bias.shape, schema.TensorType.INT32, quantized_bias,
                          bias_scales, zeros),
            target, relu=number + 1 < len(mlp.layers)))
        current = target
    return writer.finish(operators, 4, first, current)
