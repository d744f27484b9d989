"""Runs both digit models in ONNX Runtime on the test set and prints one JSON object.

    python evaluate.py [--int8 FILE] [--float FILE] [--pixels FILE] [--labels FILE] [--logits FILE]

--logits names a file to write the int8 model's logits to: i32, little-endian, row-major [samples, 10]. They are meant
to be compared with another executor's bit for bit.
"""
import argparse
import hashlib
import json
import pathlib

import numpy as np
import onnxruntime

HERE = pathlib.Path(__file__).parent


def run(path, batch):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return session.run(None, {session.get_inputs()[0].name: batch})[0]


def top1(logits, labels):
    return round(float((logits.argmax(1) == labels).mean()), 6)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--int8", dest="int8_model", type=pathlib.Path, default=HERE / "digits-mlp-int8.onnx")
    parser.add_argument("--float", dest="float_model", type=pathlib.Path, default=HERE / "digits-mlp-float.onnx")
    parser.add_argument("--pixels", type=pathlib.Path, default=HERE / "test-pixels.bin")
    parser.add_argument("--labels", type=pathlib.Path, default=HERE / "test-labels.bin")
    parser.add_argument("--logits", type=pathlib.Path)
    args = parser.parse_args()

    labels = np.fromfile(args.labels, np.uint8)
    pixels = np.fromfile(args.pixels, np.uint8)
    if len(labels) == 0 or len(pixels) != 64 * len(labels):
        parser.error(f"{len(pixels)} pixels for {len(labels)} labels: expected 64 for each")
    pixels = pixels.reshape(-1, 64)
    logits = run(args.int8_model, pixels)
    if logits.dtype != np.int32:
        parser.error(f"{args.int8_model} gives {logits.dtype} logits, expected int32")
    raw = logits.astype("<i4").tobytes()
    if args.logits:
        args.logits.write_bytes(raw)
    report = {
        "samples": len(labels),
        "top1_float": top1(run(args.float_model, pixels.astype(np.float32)), labels),
        "top1_int8": top1(logits, labels),
        "logits_sha256": hashlib.sha256(raw).hexdigest(),
        "onnxruntime": onnxruntime.__version__,
    }
    print(json.dumps(report))


if __name__ == "__main__":
    main()
