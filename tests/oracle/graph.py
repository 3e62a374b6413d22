# SPDX-License-Identifier: Apache-2.0
"""What a network computes, as a list of nodes in the order in which they are made: passes and replays."""

from collections import Counter


class Node:
    """kind: input, joined, sums, activation, pick, softmax, gain, counts or choice. Roundings and errors belong
    to the pass `turn` of `layer`."""

    def __init__(self, kind, sources, layer, turn, detail):
        self.kind, self.sources, self.layer, self.turn, self.detail = kind, sources, layer, turn, detail

    def site(self):
        return self.layer.id, self.turn


class Graph:
    def __init__(self, layers):
        self.layers, self.nodes, self.known, self.turns = layers, [], {}, Counter()
        self.looped = {}
        self.outputs = {0: self.make("input", (), None, 0)}
        for i, layer in enumerate(layers):
            replay = layer.replay
            if replay and replay.phase == "before":
                self.replay(i, replay)
            self.outputs[layer.id] = self.pass_through(layer, self.looped.get(i))
            if replay and replay.phase == "after":
                self.replay(i, replay)
        self.last = self.outputs[layers[-1].id]
        self.reached = self.below(self.last)

    def make(self, kind, sources, layer, turn, detail=None):
        """The node, or the one that computes the same already."""
        key = (kind, tuple(id(s) for s in sources), layer.id if kind == "sums" else None, repr(detail))
        if key not in self.known:
            self.known[key] = Node(kind, sources, layer, turn, detail)
            self.nodes.append(self.known[key])
        return self.known[key]

    def below(self, last):
        found, waiting = set(), [last]
        while waiting:
            node = waiting.pop()
            if node not in found:
                found.add(node)
                waiting.extend(node.sources)
        return [node for node in self.nodes if node in found]

    def turn(self, layer):
        self.turns[layer.id] += 1
        return self.turns[layer.id] - 1

    def pass_through(self, layer, x=None):
        turn = self.turn(layer)
        sources = [self.outputs[i] if x is None else x for i in layer.inputs]
        x = sources[0] if len(sources) == 1 else self.make("joined", sources, layer, turn)
        z = self.make("sums", [x], layer, turn)
        if layer.activations:
            return self.mixed(layer, turn, z)
        if layer.activation == "softmax":  # the last one belongs to the loss and to predictions
            return z if layer is self.layers[-1] else self.make("softmax", [z], layer, turn)
        return self.activation(layer, turn, z, layer.activation)

    def activation(self, layer, turn, z, name):
        return z if name == "linear" else self.make("activation", [z], layer, turn, name)

    def mixed(self, layer, turn, z):
        """Each activation in use for all neurons; then one after the other is picked where it belongs."""
        result = None
        for name in dict.fromkeys(layer.activations):
            y = self.activation(layer, turn, z, name)
            chosen = [other == name for other in layer.activations]
            result = y if result is None else self.make("pick", [y, result], layer, turn, chosen)
        return result

    def replay(self, last, replay):
        span = self.layers[last - replay.span : last + 1]
        (self.loop if replay.mode == "loop" else self.repeat)(span, replay, last)

    def counts(self, span, replay):
        """Node of the repetitions of each sample, None where all have the same number."""
        if not replay.budget:
            return None
        turn = self.turn(span[-1])
        source = self.outputs[span[0].inputs[0]]
        sources = [source] if replay.phase == "before" else [self.outputs[span[-1].id], source]
        if replay.gate != "change":
            sources = sources[:1]
        return self.make("counts", sources, span[-1], turn, replay)

    def repeat(self, span, replay, _):
        counts = self.counts(span, replay)
        ordinary = {layer.id: self.outputs[layer.id] for layer in span if layer.id in self.outputs}
        done = [layer for layer in span if layer.id in ordinary]
        for layer in done:
            y = self.pass_through(layer)
            self.outputs[layer.id] = self.make("gain", [y], layer, self.turn(layer), replay.gain)
        if counts:
            for layer in done:
                sources = [counts, self.outputs[layer.id], ordinary[layer.id]]
                self.outputs[layer.id] = self.make("choice", sources, layer, self.turn(layer), 0)

    def loop(self, span, replay, last):
        counts = self.counts(span, replay)
        before = replay.phase == "before"
        x = self.outputs[span[0].inputs[0] if before else span[-1].id]
        for k in range(replay.budget if counts else replay.times):
            y = x
            for layer in span:
                y = self.pass_through(layer, y)
            x = self.make("choice", [counts, y, x], span[-1], self.turn(span[-1]), k) if counts else y
        if not before:
            self.outputs[span[-1].id] = x
            return
        for layer in span[:-1]:
            x = self.outputs[layer.id] = self.pass_through(layer, x)
        self.looped[last] = x
