"""Trains a convolutional digit classifier, quantises it to int8 and writes it as an ONNX file.

    python train_cnn.py [FOLDER]        (default: the folder of this file)

The same data, split and rules of quantisation as train.py, whose helpers it uses. The network has two convolutions with a
residual sum, a third convolution, two maximum pools and a fully connected end:

    pixels 8x8 -> conv 3x3, 16, ReLU -> a
    a -> conv 3x3, 16 -> b;  ReLU(a + b) -> max pool 2x2 -> conv 3x3, 32, ReLU -> max pool 2x2 -> 10 logits

Training is plain numpy in double precision and seeded, on one thread: with the versions pinned in requirements-train.txt a
run on the same kind of processor writes the same bytes again.
"""
import os

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")

import hashlib
import pathlib
import sys

import numpy as np
from onnx import TensorProto
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from train import HEADROOM, PIXEL_MAX, SATURATE_ABOVE, TEST_SHARE, Graph, quantise_weights, requantisation, requantise

SIDE = 8
CHANNELS = (16, 16, 32)
EPOCHS = 30
BATCH = 32
RATE = 2e-3
# The sum's multipliers stay below 2^SUM_BITS.
SUM_BITS = 13


def patches(x):
    """[batch, h, w, c] to [batch, h, w, 9 c]: 3x3 windows with one pixel of padding."""
    padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    h, w = x.shape[1:3]
    return np.concatenate([padded[:, i : i + h, j : j + w] for i in range(3) for j in range(3)], axis=-1)


def unpatches(gradient, channels):
    """The gradient of `patches`."""
    n, h, w, _ = gradient.shape
    padded = np.zeros((n, h + 2, w + 2, channels))
    for k in range(9):
        i, j = divmod(k, 3)
        padded[:, i : i + h, j : j + w] += gradient[..., k * channels : (k + 1) * channels]
    return padded[:, 1:-1, 1:-1]


def pool(x):
    """Maximum over 2x2, and which elements it came from."""
    n, h, w, c = x.shape
    windows = x.reshape(n, h // 2, 2, w // 2, 2, c)
    greatest = windows.max(axis=(2, 4))
    chosen = windows == greatest[:, :, None, :, None]
    return greatest, chosen


def unpool(gradient, chosen):
    n, h, _, w, _, c = chosen.shape
    shared = gradient[:, :, None, :, None] * chosen / chosen.sum(axis=(2, 4), keepdims=True)
    return shared.reshape(n, 2 * h, 2 * w, c)


class Network:
    """Weights as [9 * inputs, outputs] (the last: [inputs, 10]) and biases, with Adam's averages."""

    def __init__(self, random):
        sizes = [(9, CHANNELS[0]), (9 * CHANNELS[0], CHANNELS[1]), (9 * CHANNELS[1], CHANNELS[2]), (4 * CHANNELS[2], 10)]
        self.weights = [random.standard_normal(size) * np.sqrt(2 / size[0]) for size in sizes]
        self.biases = [np.zeros(size[1]) for size in sizes]
        parameters = self.weights + self.biases
        self.averages = [(np.zeros_like(p), np.zeros_like(p)) for p in parameters]
        self.step = 0

    def forward(self, pixels):
        """Everything on the way from pixels in 0..=1 to logits."""
        (w1, w2, w3, w4), (b1, b2, b3, b4) = self.weights, self.biases
        f = {"x": patches(pixels)}
        f["a"] = np.maximum(f["x"] @ w1 + b1, 0)
        f["ap"] = patches(f["a"])
        f["b"] = f["ap"] @ w2 + b2
        f["s"] = np.maximum(f["a"] + f["b"], 0)
        f["p"], f["p_from"] = pool(f["s"])
        f["pp"] = patches(f["p"])
        f["c"] = np.maximum(f["pp"] @ w3 + b3, 0)
        f["q"], f["q_from"] = pool(f["c"])
        f["flat"] = f["q"].reshape(len(pixels), -1)
        f["logits"] = f["flat"] @ w4 + b4
        return f

    def learn(self, pixels, labels):
        f = self.forward(pixels)
        w1, w2, w3, w4 = self.weights
        odds = np.exp(f["logits"] - f["logits"].max(axis=1, keepdims=True))
        d = odds / odds.sum(axis=1, keepdims=True)
        d[np.arange(len(labels)), labels] -= 1
        d /= len(labels)

        def of(left, gradient):
            return left.reshape(-1, left.shape[-1]).T @ gradient.reshape(-1, gradient.shape[-1])

        def total(gradient):
            return gradient.reshape(-1, gradient.shape[-1]).sum(axis=0)

        g4 = of(f["flat"], d), total(d)
        d = unpool((d @ w4.T).reshape(f["q"].shape), f["q_from"]) * (f["c"] > 0)
        g3 = of(f["pp"], d), total(d)
        d = unpool(unpatches(d @ w3.T, CHANNELS[1]), f["p_from"]) * (f["s"] > 0)
        g2 = of(f["ap"], d), total(d)
        d = (d + unpatches(d @ w2.T, CHANNELS[0])) * (f["a"] > 0)
        g1 = of(f["x"], d), total(d)
        gradients = [g[0] for g in (g1, g2, g3, g4)] + [g[1] for g in (g1, g2, g3, g4)]
        self.step += 1
        for p, gradient, (mean, square) in zip(self.weights + self.biases, gradients, self.averages):
            mean += 0.1 * (gradient - mean)
            square += 0.001 * (gradient**2 - square)
            scale = np.sqrt(1 - 0.999**self.step) / (1 - 0.9**self.step)
            p -= RATE * scale * mean / (np.sqrt(square) + 1e-8)


def saturating(values, greatest):
    return np.percentile(np.abs(values), SATURATE_ABOVE) / greatest


def quantise(network, pixels):
    """The int8 network as a list of steps that `integer_logits` and `write` understand, calibrated on `pixels`."""
    f = network.forward(pixels / PIXEL_MAX)
    quantised = [quantise_weights(w) for w in network.weights]
    scales = {"x": 1 / PIXEL_MAX}
    scales |= {name: saturating(f[name], 127) for name in ("a", "b", "s", "c")}
    bias = [
        np.round(b / (scales[source] * scale)).astype(np.int32)
        for b, (_, scale), source in zip(network.biases, quantised, ("x", "a", "s", "c"))
    ]
    ints = {"x": pixels.astype(np.int32)}
    steps = []
    for i, (source, target, low) in enumerate([("x", "a", 0), ("a", "b", -127), ("s", "c", 0)]):
        if i == 2:
            t = SUM_BITS
            while max(scales["a"], scales["b"]) / scales["s"] * 2**t >= 2**SUM_BITS:
                t -= 1
            m = [int(round(scales[n] / scales["s"] * 2**t)) for n in ("a", "b")]
            total = np.maximum(ints["a"] * m[0] + ints["b"] * m[1] + (1 << (t - 1)), 0)
            ints["sum"] = np.minimum(total >> t, 127)
            ints["s"], _ = pool(ints["sum"])
            steps.append(("add", m, t))
        w, scale = quantised[i]
        acc = patches(ints[source]) @ w.astype(np.int32) + bias[i]
        rule = requantisation(scales[source] * scale / scales[target], int(np.abs(acc).max() * HEADROOM))
        ints[target] = step(acc, rule, low)
        steps.append(("conv", w, bias[i], rule, low))
    steps.append(("fc", quantised[3][0], bias[3]))
    return steps


def step(acc, rule, low):
    """Requantisation with ReLU, or to -127..=127."""
    if low == 0:
        return requantise(acc, *rule)
    shift1, mul, shift2 = rule
    x = np.clip(acc >> shift1, -32768, 32767)
    return np.clip((x * mul + (1 << (shift2 - 1))) >> shift2, low, 127)


def integer_logits(steps, pixels):
    """The int8 network in numpy: i32 logits."""
    (_, w1, b1, r1, l1), (_, w2, b2, r2, l2), (_, m, t), (_, w3, b3, r3, l3), (_, w4, b4) = steps
    a = step(patches(pixels.astype(np.int32)) @ w1.astype(np.int32) + b1, r1, l1)
    b = step(patches(a) @ w2.astype(np.int32) + b2, r2, l2)
    s = np.minimum(np.maximum(a * m[0] + b * m[1] + (1 << (t - 1)), 0) >> t, 127)
    c = step(patches(pool(s)[0]) @ w3.astype(np.int32) + b3, r3, l3)
    # ONNX flattens by channel first.
    flat = pool(c)[0].transpose(0, 3, 1, 2).reshape(len(pixels), -1)
    return flat @ channel_first(w4).astype(np.int32) + b4


def channel_first(w):
    """Rows of the last layer's weights from pixel by pixel to channel by channel."""
    return w.reshape(4, CHANNELS[2], 10).transpose(1, 0, 2).reshape(-1, 10)


class Writer(Graph):
    def scalar(self, name, value):
        return self.constant(name, np.int32(value))

    def conv(self, name, x, w, bias):
        inputs = w.shape[0] // 9
        kernel = w.reshape(3, 3, inputs, -1).transpose(3, 2, 0, 1)
        x = self.node(
            name, "ConvInteger", x, self.constant(f"{name}.weight", kernel), pads=[1, 1, 1, 1], kernel_shape=[3, 3]
        )
        return self.node(f"{name}.biased", "Add", x, self.constant(f"{name}.bias", bias.reshape(1, -1, 1, 1)))

    def requantised(self, name, x, rule, low):
        shift1, mul, shift2 = rule
        if low == 0:
            x = self.node(f"{name}.relu", "Max", x, self.scalar(f"{name}.zero", 0))
            x = self.node(f"{name}.shift1", "Div", x, self.scalar(f"{name}.divisor1", 1 << shift1))
            x = self.node(f"{name}.saturate", "Min", x, self.scalar(f"{name}.max16", 32767))
        else:
            # Div rounds towards zero, a shift down: behind an offset there is nothing below zero.
            offset = 1 << 20
            x = self.node(f"{name}.raise1", "Add", x, self.scalar(f"{name}.offset1", offset << shift1))
            x = self.node(f"{name}.shift1", "Div", x, self.scalar(f"{name}.divisor1", 1 << shift1))
            x = self.node(f"{name}.lower1", "Sub", x, self.scalar(f"{name}.back1", offset))
            x = self.node(f"{name}.saturate", "Clip", x, self.scalar(f"{name}.min16", -32768), self.scalar(f"{name}.max16", 32767))
        x = self.node(f"{name}.scale", "Mul", x, self.scalar(f"{name}.mul", mul))
        half, down = 1 << (shift2 - 1), 0
        if low != 0:
            down = -(-32768 * mul >> shift2) + 1
        x = self.node(f"{name}.round", "Add", x, self.scalar(f"{name}.half", half + (down << shift2)))
        x = self.node(f"{name}.shift2", "Div", x, self.scalar(f"{name}.divisor2", 1 << shift2))
        if low == 0:
            x = self.node(f"{name}.clamp", "Min", x, self.scalar(f"{name}.max8", 127))
            return self.node(f"{name}.out", "Cast", x, to=TensorProto.UINT8)
        x = self.node(f"{name}.lower2", "Sub", x, self.scalar(f"{name}.back2", down))
        x = self.node(f"{name}.clamp", "Clip", x, self.scalar(f"{name}.min8", low), self.scalar(f"{name}.max8", 127))
        return self.node(f"{name}.out", "Cast", x, to=TensorProto.INT8)

    def pool(self, name, x):
        return self.node(name, "MaxPool", x, kernel_shape=[2, 2], strides=[2, 2])

    def sum(self, name, x, y, multipliers, shift):
        terms = []
        for side, value, m in (("x", x, multipliers[0]), ("y", y, multipliers[1])):
            wide = self.node(f"{name}.{side}.wide", "Cast", value, to=TensorProto.INT32)
            terms.append(self.node(f"{name}.{side}", "Mul", wide, self.scalar(f"{name}.{side}.mul", m)))
        x = self.node(name, "Add", *terms)
        x = self.node(f"{name}.round", "Add", x, self.scalar(f"{name}.half", 1 << (shift - 1)))
        x = self.node(f"{name}.relu", "Max", x, self.scalar(f"{name}.zero", 0))
        x = self.node(f"{name}.shift", "Div", x, self.scalar(f"{name}.divisor", 1 << shift))
        x = self.node(f"{name}.clamp", "Min", x, self.scalar(f"{name}.max8", 127))
        return self.node(f"{name}.out", "Cast", x, to=TensorProto.UINT8)


def write(steps, path):
    (_, w1, b1, r1, l1), (_, w2, b2, r2, l2), (_, m, t), (_, w3, b3, r3, l3), (_, w4, b4) = steps
    g = Writer()
    x = g.node("image", "Reshape", "pixels", g.constant("image.shape", np.array([-1, 1, SIDE, SIDE], np.int64)))
    a = g.requantised("conv1", g.conv("conv1", x, w1, b1), r1, l1)
    b = g.requantised("conv2", g.conv("conv2", a, w2, b2), r2, l2)
    x = g.pool("pool1", g.sum("sum", a, b, m, t))
    x = g.requantised("conv3", g.conv("conv3", x, w3, b3), r3, l3)
    x = g.node("flat", "Flatten", g.pool("pool2", x))
    x = g.node("fc", "MatMulInteger", x, g.constant("fc.weight", channel_first(w4)))
    g.node("fc.biased", "Add", x, g.constant("fc.bias", b4))
    g.save(path, TensorProto.UINT8, TensorProto.INT32, SIDE * SIDE, 10)


def main(folder):
    images, labels = load_digits(return_X_y=True)
    pixels = images.astype(np.uint8).reshape(-1, SIDE, SIDE, 1)
    train, test = train_test_split(np.arange(len(labels)), test_size=TEST_SHARE, random_state=1, stratify=labels)
    random = np.random.default_rng(0)
    network = Network(random)
    for _ in range(EPOCHS):
        order = random.permutation(train)
        for start in range(0, len(order), BATCH):
            chosen = order[start : start + BATCH]
            network.learn(pixels[chosen] / PIXEL_MAX, labels[chosen])
    steps = quantise(network, pixels[train])
    write(steps, folder / "digits-cnn-int8.onnx")
    logits = integer_logits(steps, pixels[test])
    digest = hashlib.sha256(logits.astype("<i4").tobytes()).hexdigest()
    (folder / "logits-cnn.sha256").write_text(digest + "\n")
    float_classes = network.forward(pixels[test] / PIXEL_MAX)["logits"].argmax(1)
    print(f"top-1 float {(float_classes == labels[test]).mean():.4f}, int8 {(logits.argmax(1) == labels[test]).mean():.4f}")
    print(f"same class {(float_classes == logits.argmax(1)).mean():.4f}, logits {digest}")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).parent)
