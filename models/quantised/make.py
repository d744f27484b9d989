"""Quantises the digits models with ONNX Runtime's own quantizer and records what ONNX Runtime makes of them.

    python make.py [FOLDER]        (default: the folder of this file)

Writes, for each model and way of quantising, NAME.onnx and NAME.npy: the outputs for the first 300 test images. `kinds` is a
network with random weights that has every other kind of operator. The float networks are those of ../digits; nothing is
committed but the quantised files. Needs requirements.txt and, for training, ../digits/requirements-train.txt.
"""
import pathlib
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "digits"))

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import train_cnn
from train import PIXEL_MAX, TEST_SHARE

ROWS = 300
OPSET = 21
# Name: format, activations, weights, symmetric activations, one scale for each output.
WAYS = {
    "qdq-u8": (QuantFormat.QDQ, QuantType.QUInt8, QuantType.QInt8, False, False),
    "qdq-s8-symmetric": (QuantFormat.QDQ, QuantType.QInt8, QuantType.QInt8, True, False),
    "qdq-channels": (QuantFormat.QDQ, QuantType.QInt8, QuantType.QInt8, True, True),
    "qoperator-u8": (QuantFormat.QOperator, QuantType.QUInt8, QuantType.QInt8, False, False),
    "qoperator-s8": (QuantFormat.QOperator, QuantType.QInt8, QuantType.QInt8, False, False),
    "qoperator-u8u8": (QuantFormat.QOperator, QuantType.QUInt8, QuantType.QUInt8, False, False),
}


class Float:
    """A float graph over [batch, 64] pixels."""

    def __init__(self):
        self.nodes, self.constants = [], []

    def constant(self, name, value):
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def node(self, name, op, *inputs, **attributes):
        self.nodes.append(helper.make_node(op, list(inputs), [name], name=name, **attributes))
        return name

    def conv(self, name, x, w, b, **attributes):
        return self.node(name, "Conv", x, self.constant(f"{name}.w", w), self.constant(f"{name}.b", b), **attributes)

    def save(self, path, classes):
        port = lambda name, width: helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", width])
        graph = helper.make_graph(self.nodes, "g", [port("pixels", 64)], [port(self.nodes[-1].output[0], classes)], self.constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=10)
        onnx.checker.check_model(model, full_check=True)
        onnx.save(model, path)


def cnn(network, path):
    """The convolutional digits network in float: what train_cnn.py trains, over pixels of 0..=16."""
    (w1, w2, w3, w4), biases = network.weights, [b.astype(np.float32) for b in network.biases]
    kernel = lambda w: w.reshape(3, 3, w.shape[0] // 9, -1).transpose(3, 2, 0, 1).astype(np.float32)
    g, pad = Float(), {"pads": [1, 1, 1, 1], "kernel_shape": [3, 3]}
    x = g.node("image", "Reshape", "pixels", g.constant("shape", np.array([-1, 1, 8, 8], np.int64)))
    a = g.node("a", "Relu", g.conv("conv1", x, kernel(w1) / PIXEL_MAX, biases[0], **pad))
    s = g.node("s", "Relu", g.node("sum", "Add", a, g.conv("conv2", a, kernel(w2), biases[1], **pad)))
    x = g.node("pool1", "MaxPool", s, kernel_shape=[2, 2], strides=[2, 2])
    x = g.node("c", "Relu", g.conv("conv3", x, kernel(w3), biases[2], **pad))
    x = g.node("flat", "Flatten", g.node("pool2", "MaxPool", x, kernel_shape=[2, 2], strides=[2, 2]))
    w = train_cnn.channel_first(w4).astype(np.float32)
    g.node("logits", "Gemm", x, g.constant("fc.w", w), g.constant("fc.b", biases[3]))
    g.save(path, 10)


def kinds(path):
    """Random weights and every other kind of layer: groups, Sigmoid, LeakyRelu, Clip, average pools, MatMul."""
    random = np.random.default_rng(7)
    normal = lambda *size: random.standard_normal(size).astype(np.float32) / np.float32(np.sqrt(np.prod(size[1:])))
    g = Float()
    x = g.node("image", "Reshape", "pixels", g.constant("shape", np.array([-1, 4, 4, 4], np.int64)))
    x = g.node("wide", "Transpose", x, perm=[0, 2, 1, 3])
    x = g.node("swish", "Sigmoid", g.conv("conv1", x, normal(8, 4, 3, 3), normal(8), pads=[1, 1, 1, 1]))
    x = g.node("leaky", "LeakyRelu", g.conv("grouped", x, normal(8, 2, 2, 2), normal(8), group=4), alpha=0.2)
    x = g.node("average", "AveragePool", x, kernel_shape=[2, 2])
    low, high = g.constant("low", np.float32(-0.1)), g.constant("high", np.float32(0.4))
    y = g.node("clipped", "Clip", g.conv("conv2", x, normal(8, 8, 1, 1), normal(8)), low, high)
    x = g.node("mean", "GlobalAveragePool", g.node("sum", "Add", x, y))
    x = g.node("flat", "Flatten", x)
    x = g.node("matmul", "MatMul", x, g.constant("m.w", normal(8, 6)))
    g.node("out", "Add", x, g.constant("m.b", normal(6)))
    g.save(path, 6)


class Reader(CalibrationDataReader):
    def __init__(self, batch):
        self.batches = iter([{"pixels": batch}])

    def get_next(self):
        return next(self.batches, None)


def main(folder):
    images, labels = load_digits(return_X_y=True)
    pixels = images.astype(np.float32)
    train, test = train_test_split(np.arange(len(labels)), test_size=TEST_SHARE, random_state=1, stratify=labels)
    random = np.random.default_rng(0)
    network = train_cnn.Network(random)
    for _ in range(train_cnn.EPOCHS):
        order = random.permutation(train)
        for at in range(0, len(order), train_cnn.BATCH):
            batch = order[at : at + train_cnn.BATCH]
            network.learn(pixels[batch].reshape(-1, 8, 8, 1) / PIXEL_MAX, labels[batch])
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        cnn(network, scratch / "cnn.onnx")
        kinds(scratch / "kinds.onnx")
        models = {
            "mlp": folder.parent / "digits/digits-mlp-float.onnx",
            "cnn": scratch / "cnn.onnx",
            "kinds": scratch / "kinds.onnx",
        }
        for name, model in models.items():
            for way, (form, activations, weights, symmetric, channels) in WAYS.items():
                path = folder / f"{name}-{way}.onnx"
                quantize_static(
                    model, path, Reader(pixels[train]), quant_format=form, activation_type=activations,
                    weight_type=weights, per_channel=channels,
                    extra_options={"ActivationSymmetric": symmetric, "WeightSymmetric": weights == QuantType.QInt8},
                )
                options = onnxruntime.SessionOptions()
                options.log_severity_level = 3
                # As the operators are defined: its optimised kernels for QDQ give other steps in a third of kinds-qdq's cells.
                options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
                session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
                out = session.run(None, {"pixels": pixels[test[:ROWS]]})[0]
                np.save(folder / f"{name}-{way}.npy", out)
                print(name, way, "top-1", (out.argmax(1) == labels[test[:ROWS]]).mean())


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).parent.resolve())
