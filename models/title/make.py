"""Makes an integer network of 26 million int8 weights from a published language model's weight matrices.

    python make.py WHEEL OUTPUT      (cargo xtask model title downloads the wheel and runs this)

The matrices are those of traceforge-title-model, flan-t5-small fine-tuned and quantised to int8 by its authors (MIT): of all
eight blocks the value and output projections of the encoder's attention and of the decoder's two, and the first and last
matrices of both feed-forwards, each once and byte for byte. What runs between them in the transformer and depends on other
tokens or on floating point is left out (layer norms, gates, scores of attention over several tokens): the network is

    x = x + [o; o; o] ( [v | v | v] x )             attention of a token over itself, whose softmax is 1
    x = x + [wo; wo] relu( [wi_0 | wi_0] x )        the feed-forwards, without their gates

eight times, with every sum and product requantised to int8. So it is a real load with real weights, and no language model.
Scales are calibrated on the embeddings of the model's own vocabulary, which are also written as OUTPUT's inputs.

Writes OUTPUT.onnx and OUTPUT-inputs.bin, 256 rows of 512 int8. Integer arithmetic only: the same bytes everywhere.
"""
import pathlib
import sys
import zipfile

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

WIDTH, BLOCKS, ROWS, CALIBRATION = 512, 8, 256, 2048
FOLDER = "traceforge_title_model/data/span/"
# Share of a step's values that may saturate: one outlier must not cost all others their resolution.
SATURATE = 0.001


def matrices(wheel):
    """By the names of their nodes, and the embeddings."""
    found, embeddings = {}, None
    for part in ("encoder", "decoder"):
        model = onnx.load_from_string(wheel.read(f"{FOLDER}{part}.onnx"))
        tensors = {t.name: t for t in model.graph.initializer}
        for node in model.graph.node:
            if node.op_type == "MatMulInteger":
                value, zero = numpy_helper.to_array(tensors[node.input[1]]), tensors[node.input[3]]
                if value.dtype != np.int8 or numpy_helper.to_array(zero).any():
                    raise ValueError(f"{node.name} is not int8 with a zero point of 0")
                _, _, block = node.name.partition("block.")
                found[f"{part}.{block.removesuffix('/MatMul_quant')}"] = value
            if part == "encoder" and node.op_type == "Gather" and node.input[0] in tensors:
                table = numpy_helper.to_array(tensors[node.input[0]])
                if table.ndim == 2 and table.shape[1] == WIDTH:
                    embeddings = table
    return found, embeddings


class Network:
    """The integer graph, and what it gives for the calibration's rows."""

    def __init__(self):
        self.nodes, self.constants, self.count = [], [], 0

    def constant(self, name, value):
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def node(self, name, op, *inputs, **attributes):
        self.nodes.append(helper.make_node(op, list(inputs), [name], name=name, **attributes))
        return name

    def scalar(self, name, value):
        return self.constant(name, np.int32(value))

    def requantised(self, name, x, acc, low):
        """To int8: `((acc + 2^14 << s) >> s) * 64 c + 2^19 >> 20`, less c."""
        ordered = np.sort(np.abs(acc), axis=None)
        largest = int(ordered[int(len(ordered) * (1 - SATURATE))])
        shift = 0
        # The step is 2^(14 + shift) / c accumulators, 64 <= c <= 128, and 127 steps are the largest value.
        while 127 << (14 + shift) < 64 * largest:
            shift += 1
        c = max(64, min(128, (127 << (14 + shift)) // max(largest, 1)))
        ints = np.minimum(np.maximum((acc + (1 << 14 + shift)) >> shift, 0), 32767)
        ints = np.clip(((ints * 64 * c + (1 << 19)) >> 20) - c, low, 127)
        x = self.node(f"{name}.raise", "Add", x, self.scalar(f"{name}.raise.c", 1 << 14 + shift))
        x = self.node(f"{name}.floor", "Max", x, self.scalar(f"{name}.floor.c", 0))
        x = self.node(f"{name}.shift1", "Div", x, self.scalar(f"{name}.shift1.c", 1 << shift))
        x = self.node(f"{name}.limit", "Min", x, self.scalar(f"{name}.limit.c", 32767))
        x = self.node(f"{name}.scale", "Mul", x, self.scalar(f"{name}.scale.c", 64 * c))
        x = self.node(f"{name}.half", "Add", x, self.scalar(f"{name}.half.c", 1 << 19))
        x = self.node(f"{name}.shift2", "Div", x, self.scalar(f"{name}.shift2.c", 1 << 20))
        x = self.node(f"{name}.lower", "Sub", x, self.scalar(f"{name}.lower.c", c))
        x = self.node(f"{name}.clamp", "Clip", x, self.scalar(f"{name}.low", low), self.scalar(f"{name}.high", 127))
        return self.node(f"{name}.out", "Cast", x, to=TensorProto.INT8), ints.astype(np.int64)

    def product(self, name, x, ints, weights, low=-128):
        self.count += weights.size
        y = self.node(name, "MatMulInteger", x, self.constant(f"{name}.weight", weights))
        # Doubles hold such sums exactly, and multiply much faster.
        acc = (ints.astype(np.float64) @ weights.astype(np.float64)).astype(np.int64)
        return self.requantised(name, y, acc, low)

    def sum(self, name, x, ints, y, more):
        wide = [self.node(f"{name}.{v}", "Cast", t, to=TensorProto.INT32) for v, t in (("x", x), ("y", y))]
        # Multiplied by 2^10, so that a step has room below it.
        terms = [self.node(f"{name}.{v}.fine", "Mul", t, self.scalar(f"{name}.{v}.c", 1 << 10)) for v, t in zip("xy", wide)]
        return self.requantised(name, self.node(name, "Add", *terms), (ints + more) << 10, -128)


def main(wheel, output):
    found, embeddings = matrices(zipfile.ZipFile(wheel))
    if embeddings is None:
        raise ValueError("the encoder has no embeddings")
    table = embeddings.astype(np.int64)
    if embeddings.dtype == np.uint8:
        table -= 128
    if not np.issubdtype(embeddings.dtype, np.integer):
        largest = np.abs(embeddings[: CALIBRATION + 256]).max()
        table = np.round(embeddings[: CALIBRATION + 256].astype(np.float64) / largest * 127).astype(np.int64)
    # The first ids are control tokens and bytes.
    ints = table[256 : 256 + CALIBRATION]
    inputs = ints[:ROWS].astype(np.int8)
    g, x = Network(), "tokens"
    for b in range(BLOCKS):
        attention = [f"encoder.{b}/layer.0/SelfAttention", f"decoder.{b}/layer.0/SelfAttention", f"decoder.{b}/layer.1/EncDecAttention"]
        feed = [f"encoder.{b}/layer.1/DenseReluDense", f"decoder.{b}/layer.2/DenseReluDense"]
        y, more = g.product(f"b{b}.v", x, ints, np.concatenate([found[f"{a}/v"] for a in attention], axis=1))
        y, more = g.product(f"b{b}.o", y, more, np.concatenate([found[f"{a}/o"] for a in attention], axis=0))
        x, ints = g.sum(f"b{b}.attention", x, ints, y, more)
        y, more = g.product(f"b{b}.wi", x, ints, np.concatenate([found[f"{a}/wi_0"] for a in feed], axis=1), low=0)
        y, more = g.product(f"b{b}.wo", y, more, np.concatenate([found[f"{a}/wo"] for a in feed], axis=0))
        x, ints = g.sum(f"b{b}.feed", x, ints, y, more)
    port = lambda name: helper.make_tensor_value_info(name, TensorProto.INT8, ["batch", WIDTH])
    graph = helper.make_graph(g.nodes, "title", [port("tokens")], [port(x)], g.constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    onnx.checker.check_model(model)
    pathlib.Path(f"{output}.onnx").write_bytes(model.SerializeToString(deterministic=True))
    pathlib.Path(f"{output}-inputs.bin").write_bytes(inputs.tobytes())
    print(f"{g.count} weights; the last output has {len(np.unique(ints))} values, {np.mean(np.abs(ints) >= 127):.4f} saturated")


if __name__ == "__main__":
    main(*sys.argv[1:])
