"""Trains a digit classifier, quantises it to int8 and writes it as two ONNX files with its test data.

    python train.py [FOLDER]        (default: the folder of this file)

The int8 graph uses integer operators only, so its results are defined to the last bit. Everything is seeded: with the
versions pinned in requirements-train.txt a run writes the same bytes again.
"""
import pathlib
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

HIDDEN = (128, 64)
TEST_SHARE = 0.4
PIXEL_MAX = 16  # the data set's grey levels are 0..=16; they are the model's int8 input as they stand
OPSET = 21
IR_VERSION = 10
# Activations above this percentile saturate: one outlier must not cost all others their resolution.
SATURATE_ABOVE = 99.99
# Room over the largest accumulator seen in training before the shifted accumulator saturates.
HEADROOM = 1.5


def quantise_weights(weights):
    """int8 weights of one tensor and their scale, symmetric: -127..=127."""
    scale = np.abs(weights).max() / 127
    return np.clip(np.round(weights / scale), -127, 127).astype(np.int8), scale


def requantisation(ratio, acc_max):
    """(shift1, mul, shift2) so that `acc * ratio ~ ((acc >> shift1) * mul + half) >> shift2`.

    The shifted accumulator fits 16 bits and the multiplier 15, so that the product fits i32.
    """
    shift1 = 0
    while acc_max >> shift1 > 32767:
        shift1 += 1
    shift2 = 1
    while ratio * 2.0**shift1 * 2.0 ** (shift2 + 1) < 32768 and shift2 < 30:
        shift2 += 1
    mul = int(round(ratio * 2.0**shift1 * 2.0**shift2))
    if not 1 <= mul <= 32767:
        raise ValueError(f"no 15-bit multiplier for the ratio {ratio}: got {mul}")
    return shift1, mul, shift2


def requantise(acc, shift1, mul, shift2):
    """The layer's ReLU and requantisation, to 0..=127."""
    x = np.clip(acc >> shift1, -32768, 32767)
    return np.clip((x * mul + (1 << (shift2 - 1))) >> shift2, 0, 127)


def quantise(classifier, pixels):
    """Layers as (weights i8 [k, n], bias i32 [n], requantisation or None for the last), calibrated on `pixels`."""
    layers = []
    ints, floats, scale = pixels.astype(np.int32), pixels / PIXEL_MAX, 1 / PIXEL_MAX
    last = len(classifier.coefs_) - 1
    for i, (weights, bias) in enumerate(zip(classifier.coefs_, classifier.intercepts_)):
        w, w_scale = quantise_weights(weights)
        b = np.round(bias / (scale * w_scale)).astype(np.int32)
        if i == last:
            layers.append((w, b, None))
            break
        acc = ints @ w.astype(np.int32) + b
        floats = np.maximum(floats @ weights + bias, 0)
        out_scale = np.percentile(floats, SATURATE_ABOVE) / 127
        requant = requantisation(scale * w_scale / out_scale, int(np.abs(acc).max() * HEADROOM))
        layers.append((w, b, requant))
        ints, scale = requantise(acc, *requant), out_scale
    return layers


def integer_logits(layers, pixels):
    """The int8 model in numpy: i32 logits."""
    x = pixels.astype(np.int32)
    for w, b, requant in layers:
        acc = x @ w.astype(np.int32) + b
        if requant is None:
            return acc
        x = requantise(acc, *requant)


class Graph:
    """A chain of nodes under construction."""

    def __init__(self):
        self.nodes, self.constants = [], []

    def constant(self, name, value):
        self.constants.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def node(self, name, op, *inputs, **attributes):
        self.nodes.append(helper.make_node(op, list(inputs), [name], name=name, **attributes))
        return name

    def save(self, path, element_in, element_out, width, classes):
        self.nodes[-1].output[0] = "logits"
        graph = helper.make_graph(
            self.nodes,
            "digits",
            [helper.make_tensor_value_info("pixels", element_in, ["batch", width])],
            [helper.make_tensor_value_info("logits", element_out, ["batch", classes])],
            self.constants,
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
        onnx.checker.check_model(model, full_check=True)
        path.write_bytes(model.SerializeToString(deterministic=True))


def write_integer(layers, path):
    g, x = Graph(), "pixels"
    for i, (w, b, requant) in enumerate(layers):
        x = g.node(f"fc{i}", "MatMulInteger", x, g.constant(f"fc{i}.weight", w))
        x = g.node(f"fc{i}.biased", "Add", x, g.constant(f"fc{i}.bias", b))
        if requant is None:
            break
        shift1, mul, shift2 = requant
        # ONNX has no signed shift. Behind the ReLU the value is not negative, and there Div is the shift.
        x = g.node(f"fc{i}.relu", "Max", x, g.constant(f"fc{i}.zero", np.int32(0)))
        x = g.node(f"fc{i}.shift1", "Div", x, g.constant(f"fc{i}.divisor1", np.int32(1 << shift1)))
        x = g.node(f"fc{i}.saturate", "Min", x, g.constant(f"fc{i}.max16", np.int32(32767)))
        x = g.node(f"fc{i}.scale", "Mul", x, g.constant(f"fc{i}.mul", np.int32(mul)))
        x = g.node(f"fc{i}.round", "Add", x, g.constant(f"fc{i}.half", np.int32(1 << (shift2 - 1))))
        x = g.node(f"fc{i}.shift2", "Div", x, g.constant(f"fc{i}.divisor2", np.int32(1 << shift2)))
        x = g.node(f"fc{i}.clamp", "Min", x, g.constant(f"fc{i}.max8", np.int32(127)))
        x = g.node(f"fc{i}.out", "Cast", x, to=TensorProto.UINT8)
    k, n = layers[0][0].shape[0], layers[-1][0].shape[1]
    g.save(path, TensorProto.UINT8, TensorProto.INT32, k, n)


def write_float(classifier, path):
    g, x = Graph(), "pixels"
    last = len(classifier.coefs_) - 1
    for i, (weights, bias) in enumerate(zip(classifier.coefs_, classifier.intercepts_)):
        w = g.constant(f"fc{i}.weight", weights.astype(np.float32))
        b = g.constant(f"fc{i}.bias", bias.astype(np.float32))
        # Trained on pixels / 16: the division is the first product's alpha.
        alpha = {"alpha": 1 / PIXEL_MAX} if i == 0 else {}
        x = g.node(f"fc{i}", "Gemm", x, w, b, **alpha)
        if i < last:
            x = g.node(f"fc{i}.relu", "Relu", x)
    k, n = classifier.coefs_[0].shape[0], classifier.coefs_[-1].shape[1]
    g.save(path, TensorProto.FLOAT, TensorProto.FLOAT, k, n)


def main(folder):
    images, labels = load_digits(return_X_y=True)
    pixels = images.astype(np.uint8)
    train, test = train_test_split(np.arange(len(labels)), test_size=TEST_SHARE, random_state=1, stratify=labels)
    classifier = MLPClassifier(HIDDEN, max_iter=200, random_state=0, alpha=1e-3)
    classifier.fit(pixels[train] / PIXEL_MAX, labels[train])
    layers = quantise(classifier, pixels[train])

    write_integer(layers, folder / "digits-mlp-int8.onnx")
    write_float(classifier, folder / "digits-mlp-float.onnx")
    (folder / "test-pixels.bin").write_bytes(pixels[test].tobytes())
    (folder / "test-labels.bin").write_bytes(labels[test].astype(np.uint8).tobytes())

    float_classes = classifier.predict(pixels[test] / PIXEL_MAX)
    int8_classes = integer_logits(layers, pixels[test]).argmax(1)
    print(f"train {len(train)}, test {len(test)}")
    print(f"top-1 float {(float_classes == labels[test]).mean():.4f}, int8 {(int8_classes == labels[test]).mean():.4f}")
    print(f"same class {(float_classes == int8_classes).mean():.4f}")
    for i, (w, _, requant) in enumerate(layers):
        print(f"layer {i}: {w.shape[0]}x{w.shape[1]}, (shift1, mul, shift2) = {requant}")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).parent)
