# SPDX-License-Identifier: Apache-2.0
"""Runs the program under test on a case and compares every number of its checkpoint with the oracle's."""

import json
import random
import struct
import subprocess

import training
from fixed_point import TWINS, format_of
from training import float32

OFFSETS = {"int8": 2**7, "int16": 2**15, "int32": 2**31, "int64": 2**31}


class Difference(Exception):
    pass


def data_set(size, count, labels, seed):
    """Images with dark borders and a few bright pixels, and labels."""
    source = random.Random(seed)
    images = [[source.choice((0, 0, 255, source.randrange(256))) for _ in range(size)] for _ in range(count)]
    return images, [source.randrange(labels) for _ in range(count)]


def write_idx(path, dims, data):
    path.write_bytes(
        struct.pack(">HBB", 0, 8, len(dims)) + b"".join(struct.pack(">I", d) for d in dims) + bytes(data)
    )


def write_data(folder, shape, images, labels):
    folder.mkdir(parents=True, exist_ok=True)
    for prefix in ("train", "t10k"):
        write_idx(folder / f"{prefix}-images-idx3-ubyte", [len(images), *shape], sum(images, []))
        write_idx(folder / f"{prefix}-labels-idx1-ubyte", [len(labels)], labels)


def run(command):
    result = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    if result.returncode:
        raise Difference(f"exit code {result.returncode}: {result.stderr.strip()}\n  {' '.join(map(str, command))}")
    return result.stdout


def train(program, case, folder):
    """The program's checkpoint after the last epoch, and the losses of the epochs."""
    checkpoint, figures = folder / "checkpoint.json", folder / "figures.json"
    files = ["--data", folder / "data", "--checkpoint", checkpoint, "--json", figures]
    run([program, "train", *case.options(), *files, "--epochs", case.epochs, "--threads", 1, "--quiet"])
    losses = [row["loss"] for row in json.loads(figures.read_text())["epochs"]]
    return json.loads(checkpoint.read_text()), losses


def numbers(values):
    """Numbers beyond 2^53 are strings in the file."""
    return [int(v) for v in values]


def compare(what, expected, got):
    """Raises with the first element that differs."""
    if expected == got:
        return
    if isinstance(expected, list) and isinstance(got, list) and len(expected) == len(got):
        i = next(i for i, (a, b) in enumerate(zip(expected, got)) if a != b)
        different = sum(a != b for a, b in zip(expected, got))
        raise Difference(
            f"{what}[{i}]: the oracle has {expected[i]}, the program {got[i]} "
            f"({different} of {len(got)} numbers differ)"
        )
    raise Difference(f"{what}: the oracle has {expected}, the program {got}")


def compare_weights(name, oracle, found, offset):
    if oracle.pure:
        compare(f"{name}: exponent", oracle.view_exponent, found["exponent"])
        compare(f"{name}: values", oracle.view, [v - offset for v in numbers(found["values"])])
        return
    compare(f"{name}: exponent", -oracle.fraction, found["exponent"])
    compare(f"{name}: view_exponent", oracle.view_exponent, found["view_exponent"])
    view = [v - offset for v in numbers(found["view"])]
    compare(f"{name}: view", oracle.view, view)
    shift = found["view_exponent"] - found["exponent"]
    masters = [v * 2**shift + r for v, r in zip(view, numbers(found["residual"]))]
    compare(f"{name}: master", oracle.master, masters)


def compare_parameters(net, type_name, model):
    offset = OFFSETS[TWINS[type_name]] if type_name[0] == "u" else 0
    for layer, found in zip(net.layers, model["layers"]):
        name = found["name"]
        compare(f"{name}: id", layer.id, found["id"])
        weights, bias = found["parameters"]
        compare_weights(f"{name}.weights", layer.weights, weights, offset)
        compare(f"{name}.bias: exponent", -layer.bias.fraction, bias["exponent"])
        compare(f"{name}.bias: master", layer.bias.master, numbers(bias["values"]))
        pairs = found.get("output_exponents", [])
        compare(f"{name}: output_exponents", sorted(layer.frozen.items()), list(zip(pairs[::2], pairs[1::2])))


def slots_of(run_):
    """The oracle's state under the names that checkpoints use."""
    slots = {}
    for (id, name, repetition), exponent in [*run_.exponents.items(), *run_.peaks.items()]:
        slots[id, name if repetition == 0 else f"{name}.{repetition}"] = [exponent]
    for p in run_.network.matrices():
        if p.view and not p.pure:
            slots[p.id, "view_exponent"] = [p.view_exponent]
            if not run_.moving:
                slots[p.id, "view_next"] = [p.view_next]
    slots.update(run_.optimizer.state)
    slots.update({(0, name): [value] for name, value in run_.optimizer.scalars.items()})
    slots[0, "loss_sum"] = [run_.loss_sum]
    return slots


def compare_training(run_, state):
    compare("training: step", run_.step, int(state["step"]))
    compare("training: epoch", run_.epoch, int(state["epoch"]))
    compare("training: row", run_.row, int(state["row"]))
    found = {(s["id"], s["name"]): numbers(s["values"]) for s in state["slots"]}
    slots = slots_of(run_)
    compare("training: names of slots", sorted(slots), sorted(found))
    for key in sorted(slots):
        compare(f"slot {key[1]} of id {key[0]}", slots[key], found[key])


def compare_predictions(program, net, images, folder):
    """Outputs of the model just written, with its frozen exponents."""
    inputs = folder / "inputs.json"
    inputs.write_text(json.dumps({"inputs": [[b / 255 for b in image] for image in images]}))
    files = ["--model", folder / "checkpoint.json", "--input", inputs]
    answer = run([program, "predict", *files, "--batch", len(images), "--quiet", "--json", "-"])
    rows, e = net.predict([net.encode(image) for image in images])
    for i, (row, found) in enumerate(zip(rows, json.loads(answer)["outputs"])):
        compare(f"prediction of sample {i}", [float32(v * 2.0**e) for v in row], [float32(v) for v in found])


def oracle_run(case, shape, images, labels):
    net = training.Network(format_of(case.type), case.seed, shape, case.storage == "pure")
    for word in case.layers.split()[1:]:
        net.add_word(word)
    settings = {name: getattr(case, name) for name in ("seed", "batch", "epochs", "loss", "schedule", "exponents")}
    run_ = training.Training(net, case.make_optimizer(), images, labels, **settings)
    while run_.advance():
        pass
    return run_


def check(program, case, folder):
    """Raises a Difference if the program and the oracle do not agree on a run."""
    width, height = (int(n) for n in case.layers.split()[0].split("x"))
    images, labels = data_set(width * height, case.samples, 10, case.seed)
    write_data(folder / "data", (height, width), images, labels)
    model, losses = train(program, case, folder)
    run_ = oracle_run(case, (height, width), images, labels)
    compare_parameters(run_.network, case.type, model)
    compare_training(run_, model["training"])
    compare("loss of epochs", run_.losses, losses)
    compare_predictions(program, run_.network, images[:3], folder)
