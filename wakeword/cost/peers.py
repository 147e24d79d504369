"""Runs a model, and the frontend before it, in the runtimes that others use, and prints
the processor time that one pass over a recording takes there:

    cpu NAME NANOSECONDS
    output NAME SHA256 or OUTPUTS IN HEX

usage: peers.py MANIFEST PCM FEATURES PASSES
PCM is mono, 16 bits, 16 kHz. FEATURES is written: rows of 40 int8, as models take them.
Of PASSES passes the fastest counts. What Python takes to call and to copy is measured
apart and taken off.
"""

import ctypes
import hashlib
import json
import pathlib
import sys
import time

import micro_features_cpp
import numpy
from pymicro_wakeword import MicroWakeWord
from tflite_micro.python.tflite_micro import runtime

manifest, pcm, features, passes = pathlib.Path(sys.argv[1]), *sys.argv[2:4], int(sys.argv[4])
STEP = 320  # bytes: 10 ms


def fastest(run):
    """The processor time of the fastest pass, in all threads."""
    best = None
    for _ in range(passes):
        began = time.process_time_ns()
        run()
        taken = time.process_time_ns() - began
        best = taken if best is None else min(best, taken)
    return best


def report(name, whole, around, output):
    print("cpu", name, whole - around)
    print("output", name, output)


class FrontendOutput(ctypes.Structure):
    _fields_ = [("values", ctypes.POINTER(ctypes.c_uint16)), ("size", ctypes.c_size_t)]


def frontend():
    """TensorFlow's microfrontend, as pymicro-features compiles it, without its lists."""
    lib = ctypes.CDLL(micro_features_cpp.__file__)
    process = lib.FrontendProcessSamples
    process.restype = FrontendOutput
    process.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p]
    get = ctypes.pythonapi.PyCapsule_GetPointer
    get.restype, get.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    name = ctypes.pythonapi.PyCapsule_GetName
    name.restype, name.argtypes = ctypes.c_char_p, [ctypes.py_object]
    capsule = micro_features_cpp.create_frontend()
    # The handle is a struct FrontendConfig of 72 bytes with the struct FrontendState.
    state = get(capsule, name(capsule)) + 72
    data = pathlib.Path(pcm).read_bytes()
    buffer = ctypes.create_string_buffer(data, len(data))
    first, read = ctypes.addressof(buffer), ctypes.c_size_t()
    places = range(first, first + len(data) - STEP + 1, STEP)

    def run(samples):
        micro_features_cpp.reset_frontend(capsule)
        for at in places:
            process(state, at, samples, ctypes.byref(read))

    whole = fastest(lambda: run(STEP // 2))
    around = fastest(lambda: run(0))
    micro_features_cpp.reset_frontend(capsule)
    rows = b""
    for at in places:
        out = process(state, at, STEP // 2, ctypes.byref(read))
        rows += ctypes.string_at(out.values, 2 * out.size)
    report("microfrontend", whole, around, hashlib.sha256(rows).hexdigest())
    # As ESPHome quantises.
    values = numpy.frombuffer(rows, numpy.uint16).astype(numpy.int32)
    values = ((values * 256 + 333) // 666 - 128).clip(-128, 127)
    values.astype(numpy.int8).tofile(features)


def inputs(stride):
    rows = numpy.fromfile(features, numpy.int8)
    rows = rows[: len(rows) // (stride * 40) * stride * 40]
    return list(rows.reshape(-1, 1, stride, 40))


def tflm():
    model = manifest.parent / json.loads(manifest.read_text())["model"]

    def load():
        return runtime.Interpreter.from_file(str(model))

    fed = inputs(load().get_input_details(0)["shape"][1])

    def run(invoke):
        interpreter = load()
        native = interpreter._interpreter
        for x in fed:
            native.SetInputTensor(x, 0)
            if invoke:
                native.Invoke()

    whole = fastest(lambda: run(True))
    around = fastest(lambda: run(False))
    interpreter = load()
    out = bytearray()
    for x in fed:
        interpreter.set_input(x, 0)
        interpreter.invoke()
        out.append(interpreter.get_output(0).item())
    report("tflm", whole, around, out.hex())


def xnnpack():
    fed = []

    def run(invoke, out=None):
        word = MicroWakeWord.from_config(manifest)
        lib, interpreter, tensor = word.lib, word.interpreter, word.input_tensor
        if not fed:
            fed.extend((x, x.ctypes.data) for x in inputs(word.stride))
        size, call = fed[0][0].nbytes, lib.TfLiteInterpreterInvoke
        pointer, value = ctypes.c_void_p, ctypes.c_uint8()
        for _, at in fed:
            lib.TfLiteTensorCopyFromBuffer(tensor, pointer(at), size)
            if invoke:
                call(interpreter)
            if out is not None:
                lib.TfLiteTensorCopyToBuffer(word.output_tensor, ctypes.byref(value), 1)
                out.append(value.value)
        word.close()

    out = bytearray()
    run(True, out)
    whole = fastest(lambda: run(True))
    around = fastest(lambda: run(False))
    report("xnnpack", whole, around, out.hex())


frontend()
tflm()
xnnpack()
