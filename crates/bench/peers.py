"""Multiplies int8 matrices with ONNX Runtime, and with PyTorch where there is an NVIDIA GPU, when told to.

    python peers.py THREADS

Reads one command a line from standard input and answers with one JSON object a line:

    versions              what there is
    load FOLDER N         takes FOLDER/a and FOLDER/b: int8, row-major [N, N]; lists what can be run
    run NAME              one product; its seconds
    cells NAME FILE       writes the product as i32, little-endian, row-major
    saturates             whether products of extreme operands come out wrong
"""
import json
import sys
import time

import numpy as np
import onnxruntime

INT8, UINT8, INT32 = 3, 2, 6
TYPES = {INT8: np.int8, UINT8: np.uint8}


def varint(value):
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def field(number, value):
    """One protobuf field: an integer, or bytes."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    if isinstance(value, str):
        value = value.encode()
    return varint(number << 3 | 2) + varint(len(value)) + value


def tensor_type(name, element, shape):
    dimensions = b"".join(field(1, field(1, size)) for size in shape)
    return field(1, name) + field(2, field(1, field(1, element) + field(2, dimensions)))


def constant(name, element, array):
    shape = b"".join(field(1, size) for size in array.shape)
    return field(5, shape + field(2, element) + field(8, name) + field(9, array.tobytes()))


def matmul_integer(shape, left, right, weights=None):
    """An ONNX model of one MatMulInteger (onnx.proto, IR 9, opset 21), with constant weights if given. Unsigned operands
    have the zero point 128."""
    rows, depth, columns = shape
    inputs = ["a", "b", "a_zero" if left == UINT8 else "", "b_zero" if right == UINT8 else ""]
    node = b"".join(field(1, name) for name in inputs) + field(2, "c") + field(4, "MatMulInteger")
    graph = field(1, node) + field(2, "product")
    for name, element in (("a_zero", left), ("b_zero", right)):
        if element == UINT8:
            graph += constant(name, UINT8, np.array(128, np.uint8))
    if weights is not None:
        graph += constant("b", right, weights)
    graph += field(11, tensor_type("a", left, (rows, depth)))
    if weights is None:
        graph += field(11, tensor_type("b", right, (depth, columns)))
    graph += field(12, tensor_type("c", INT32, (rows, columns)))
    return field(1, 9) + field(8, field(2, 21)) + field(7, graph)


class Onnx:
    """One session with its operands and its output in place."""

    def __init__(self, threads, left, right, a, b, keep):
        (rows, depth), columns = a.shape, b.shape[1]
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        model = matmul_integer((rows, depth, columns), left, right, b if keep else None)
        self.session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        self.binding = self.session.io_binding()
        self.operands = [onnxruntime.OrtValue.ortvalue_from_numpy(x) for x in ((a,) if keep else (a, b))]
        for name, operand in zip("ab", self.operands):
            self.binding.bind_ortvalue_input(name, operand)
        self.product = onnxruntime.OrtValue.ortvalue_from_shape_and_type((rows, columns), np.int32)
        self.binding.bind_ortvalue_output("c", self.product)

    def run(self):
        start = time.perf_counter()
        self.session.run_with_iobinding(self.binding)
        return time.perf_counter() - start

    def cells(self):
        return self.product.numpy()


def shifted(x):
    """The same numbers as u8 with zero point 128."""
    return (x.view(np.uint8) ^ 128)


def onnx_peers(threads, a, b):
    """Every way to say the same product, by name."""
    makers = {}
    for kept, keep in (("constant", True), ("given", False)):
        makers[f"i8 x i8, weights {kept}"] = lambda keep=keep: Onnx(threads, INT8, INT8, a, b, keep)
        makers[f"u8 x i8, weights {kept}"] = lambda keep=keep: Onnx(threads, UINT8, INT8, shifted(a), b, keep)
    return makers


class Torch:
    """torch._int_mm (cuBLASLt) on the first GPU."""

    def __init__(self, torch, a, b):
        self.torch = torch
        self.a = torch.from_numpy(a).cuda()
        # cuBLASLt wants the right matrix by columns.
        self.b = torch.from_numpy(np.ascontiguousarray(b.T)).cuda().t()

    def run(self):
        begin, end = (self.torch.cuda.Event(enable_timing=True) for _ in range(2))
        begin.record()
        self.c = self.torch._int_mm(self.a, self.b)
        end.record()
        self.torch.cuda.synchronize()
        return begin.elapsed_time(end) / 1e3

    def cells(self):
        return self.c.cpu().numpy()


def find_torch():
    try:
        import torch
    except ImportError:
        return None, "not measured: no PyTorch here"
    if not torch.cuda.is_available():
        return None, "not measured: PyTorch finds no NVIDIA GPU"
    return torch, torch.cuda.get_device_name(0)


def saturates(threads):
    """Extreme operands, whose pairs of products pass 16 bits."""
    found = {}
    for left, right in ((INT8, INT8), (UINT8, INT8), (UINT8, UINT8)):
        wrong = 0
        for a in (np.iinfo(TYPES[left]).min, np.iinfo(TYPES[left]).max):
            for b in (np.iinfo(TYPES[right]).min, np.iinfo(TYPES[right]).max):
                x, y = np.full((64, 512), a, TYPES[left]), np.full((512, 64), b, TYPES[right])
                zero = [128 if element == UINT8 else 0 for element in (left, right)]
                exact = (x.astype(np.int64) - zero[0]) @ (y.astype(np.int64) - zero[1])
                peer = Onnx(threads, left, right, x, y, True)
                peer.run()
                wrong += int((peer.cells() != exact).sum())
        name = {INT8: "i8", UINT8: "u8"}
        found[f"{name[left]} x {name[right]}"] = wrong > 0
    return found


def main():
    threads = int(sys.argv[1])
    torch, device = find_torch()
    makers, peers = {}, {}
    for line in sys.stdin:
        command, *words = line.rstrip("\n").split("\t")
        if command == "versions":
            answer = {"onnxruntime": onnxruntime.__version__, "torch": torch and torch.__version__, "device": device}
        elif command == "load":
            size = int(words[1])
            a, b = (np.fromfile(f"{words[0]}/{name}", np.int8).reshape(size, size) for name in "ab")
            peers, makers = {}, onnx_peers(threads, a, b)
            if torch:
                makers["torch._int_mm"] = lambda: Torch(torch, a, b)
            answer = {"names": list(makers)}
        elif command == "run":
            if words[0] not in peers:
                peers[words[0]] = makers[words[0]]()
            answer = {"seconds": peers[words[0]].run()}
        elif command == "cells":
            peers[words[0]].cells().astype("<i4").tofile(words[1])
            answer = {}
        elif command == "saturates":
            answer = saturates(threads)
        else:
            answer = {"error": f"no command {command!r}"}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
