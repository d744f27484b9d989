"""Writes random graphs of the integer subset with what ONNX Runtime makes of random inputs.

    python make.py FOLDER COUNT SEED

For each: NNN.onnx, NNN-input.bin and NNN-output.bin, rows of the graph's own elements. Weights that meet INT8 activations
stay within -64..=63, and UINT8 activations within 0..=127, so that runtimes that add pairs with saturation (x86 without VNNI)
are exact too.
"""
import pathlib
import sys

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

ROWS = 6
U8, I8, I32 = TensorProto.UINT8, TensorProto.INT8, TensorProto.INT32


class Builder:
    def __init__(self, random):
        self.random, self.nodes, self.constants = random, [], []

    def between(self, low, high):
        return int(self.random.integers(low, high + 1))

    def chance(self, share):
        return self.random.random() < share

    def constant(self, value):
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def node(self, op, *inputs, **attributes):
        name = f"{op}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, list(inputs), [name], name=name, **attributes))
        return name

    def op(self, op, x, value):
        return self.node(op, x, self.constant(np.int32(value)))

    def weights(self, size, element):
        """With their zero point, if they have one, and the operands that say so."""
        largest = 127 if element == U8 else 63
        w = self.random.integers(-largest - 1, largest + 1, size)
        zero = self.between(64, 128) if self.chance(0.3) else None
        if zero is None:
            return self.constant(w.astype(np.int8)), None
        w = np.clip(w, -zero, 255 - zero)
        return self.constant((w + zero).astype(np.uint8)), self.constant(np.uint8(zero))

    def product(self, op, x, element, size, **attributes):
        w, zero = self.weights(size, element)
        operands = [x, w]
        mine = self.chance(0.4)
        if mine or zero:
            operands.append(self.constant(np.array(self.between(0, 40) if mine else 0, np.uint8 if element == U8 else np.int8)))
        if zero:
            operands.append(zero)
        x = self.node(op, *operands, **attributes)
        if self.chance(0.7):
            columns = size[0] if op == "ConvInteger" else size[1]
            bias = self.random.integers(-20_000, 20_000, columns).astype(np.int32)
            x = self.node("Add", x, self.constant(bias.reshape(-1, 1, 1) if op == "ConvInteger" else bias))
        return x

    def requantised(self, x, bits):
        """To 0..=127 or -128..=127, in one of the ways of writing it. `bits`: what the accumulators need."""
        shift = max(0, bits - 14 + self.between(-1, 2))
        if self.chance(0.5):
            x = self.node("Relu", x) if self.chance(0.5) else self.op("Max", x, 0)
            x = self.op("Min", self.op("Div", x, 1 << shift), 32767)
            if self.chance(0.7):
                s = self.between(8, 21)
                x = self.op("Mul", x, self.between(1, 32767))
                x = self.op("Div", self.op("Add", x, 1 << (s - 1)), 1 << s)
            x = self.op("Min", x, self.between(20, 127))
            element = U8 if self.chance(0.6) else I8
        else:
            c = self.between(64, 128)
            x = self.op("Max", self.op("Add", x, 1 << (14 + shift)), 0)
            x = self.op("Mul", self.op("Min", self.op("Div", x, 1 << shift), 32767), 64 * c)
            x = self.op("Sub", self.op("Div", self.op("Add", x, 1 << 19), 1 << 20), c)
            low = self.constant(np.int32(self.between(-128, 0)))
            x = self.node("Clip", x, low, self.constant(np.int32(self.between(1, 127))))
            element = I8
        return self.node("Cast", x, to=element), element


def graph(random):
    g = Builder(random)
    element = U8 if g.chance(0.6) else I8
    flat = g.chance(0.3)
    if flat:
        sizes = [g.between(1, 40)]
        x, dims = "x", sizes
    else:
        sizes = [g.between(2, 8), g.between(2, 8), g.between(1, 6)]
        x, dims = g.node("Transpose", "x", perm=[0, 3, 1, 2]), [sizes[2], sizes[0], sizes[1]]
    first, seen = element, [(x, list(dims), element)]
    for _ in range(g.between(1, 5)):
        kind = g.between(0, 9)
        if len(dims) == 3 and kind <= 3:
            groups = random.choice([d for d in range(1, dims[0] + 1) if dims[0] % d == 0])
            n, kernel = groups * g.between(1, 3), [g.between(1, min(3, dims[1])), g.between(1, min(3, dims[2]))]
            strides = [g.between(1, 2), g.between(1, 2)]
            attributes = {"strides": strides, "group": int(groups)}
            how = g.between(0, 3)
            if how == 0:
                attributes["pads"] = [g.between(0, kernel[i % 2] - 1) for i in range(4)]
            elif how == 1:
                attributes["auto_pad"] = str(random.choice(["VALID", "SAME_UPPER", "SAME_LOWER"]))
            x = g.product("ConvInteger", x, element, (n, dims[0] // groups, *kernel), **attributes)
            if how == 1 and attributes["auto_pad"] != "VALID":
                size = [-(-dims[1 + i] // strides[i]) for i in (0, 1)]
            else:
                pads = attributes.get("pads", [0] * 4)
                size = [(dims[1 + i] + pads[i] + pads[i + 2] - kernel[i]) // strides[i] + 1 for i in (0, 1)]
            dims = [int(n), *size]
            x, element = g.requantised(x, 14 + int(np.log2(dims[0] // groups * kernel[0] * kernel[1] + 1)))
        elif len(dims) == 3 and kind == 4 and min(dims[1:]) >= 2:
            x = g.node("MaxPool", x, kernel_shape=[2, 2], strides=[g.between(1, 2)] * 2, auto_pad="VALID")
            step = g.nodes[-1].attribute[1].ints[0] if g.nodes[-1].attribute[1].name == "strides" else None
            step = step or next(a.ints[0] for a in g.nodes[-1].attribute if a.name == "strides")
            dims = [dims[0], (dims[1] - 2) // step + 1, (dims[2] - 2) // step + 1]
        elif kind == 5:
            same = [s for s in seen if s[1] == dims]
            y = same[g.between(0, len(same) - 1)][0] if same else x
            wide = [g.node("Cast", t, to=I32) for t in (x, y)]
            terms = [g.op("Mul", t, g.between(-900, 900) or 1) for t in wide]
            x, element = g.requantised(g.node("Add", *terms), 17)
        elif kind == 6:
            low, high = g.between(-100, 20), g.between(30, 127)
            kind_of = np.uint8 if element == U8 else np.int8
            x = g.node("Clip", x, g.constant(kind_of(max(low, 0) if element == U8 else low)), g.constant(kind_of(high)))
        elif kind == 7:
            x = g.op("Mul", g.node("Cast", x, to=I32), g.between(-300, 300) or 1)
            x, element = g.requantised(g.op("Add", x, g.between(-500, 500)), 15)
        elif len(dims) == 3 and kind == 8:
            x, dims = g.node("Flatten", x), [int(np.prod(dims))]
        elif len(dims) == 1:
            n = g.between(1, 20)
            x = g.product("MatMulInteger", x, element, (dims[0], n))
            x, element = g.requantised(x, 14 + int(np.log2(dims[0])))
            dims = [n]
        seen.append((x, list(dims), element))
    if len(dims) == 1 and g.chance(0.4):
        n = g.between(1, 10)
        x, element, dims = g.product("MatMulInteger", x, element, (dims[0], n)), I32, [n]
    elif len(dims) == 3:
        x, dims = g.node("Transpose", x, perm=[0, 2, 3, 1]), [dims[1], dims[2], dims[0]]
    port = lambda name, kind, size: helper.make_tensor_value_info(name, kind, ["batch", *size])
    body = helper.make_graph(g.nodes, "g", [port("x", first, sizes)], [port(x, element, dims)], g.constants)
    model = helper.make_model(body, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    low, high = (0, 128) if first == U8 else (-128, 128)
    batch = random.integers(low, high, (ROWS, *sizes))
    batch[0], batch[1] = low, high - 1
    return model, batch.astype(np.uint8 if first == U8 else np.int8)


def main(folder, count, seed):
    folder.mkdir(parents=True, exist_ok=True)
    random, made, refused = np.random.default_rng(seed), 0, 0
    while made < count:
        model, batch = graph(random)
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 4
        try:
            onnx.checker.check_model(model)
            session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
        except Exception:
            # An operator that ONNX Runtime has not for this element type.
            refused += 1
            if refused > 20 * count:
                raise
            continue
        out = session.run(None, {"x": batch})[0]
        (folder / f"{made:03}.onnx").write_bytes(model.SerializeToString())
        (folder / f"{made:03}-input.bin").write_bytes(batch.tobytes())
        (folder / f"{made:03}-output.bin").write_bytes(out.tobytes())
        made += 1
    print(f"{made} graphs, ONNX Runtime has no kernel for {refused}")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
