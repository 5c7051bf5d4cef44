"""Makes iris-superres/0, the smallest network with the contract of a ×4 model: each pixel becomes a block of 4 × 4.

Needs python3-onnx. Run in this folder; the fixture is committed.
"""
import hashlib
import json

import numpy
import onnx
from onnx import TensorProto, helper, numpy_helper

SHAPE = [1, 3, "height", "width"]
LARGER = [1, 3, "height4", "width4"]
ones = numpy_helper.from_array(numpy.ones((3, 1, 4, 4), numpy.float32), "ones")
node = helper.make_node("ConvTranspose", ["rgb", "ones"], ["larger"], group=3, kernel_shape=[4, 4], strides=[4, 4])
graph = helper.make_graph(
    [node],
    "tiny-superres",
    [helper.make_tensor_value_info("rgb", TensorProto.FLOAT, SHAPE)],
    [helper.make_tensor_value_info("larger", TensorProto.FLOAT, LARGER)],
    [ones],
)
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
onnx.checker.check_model(model)
weights = model.SerializeToString()
with open("iris-superres/0/tiny.onnx", "wb") as file:
    file.write(weights)
card = {
    "name": "iris-superres",
    "version": "0",
    "licence": "Apache-2.0",
    "networks": {
        "main": {
            "file": "tiny.onnx",
            "sha256": hashlib.sha256(weights).hexdigest(),
            "input": {"name": "rgb", "shape": SHAPE, "channels": "RGB", "range": [0, 1]},
            "outputs": [{"name": "larger", "shape": LARGER, "meaning": "the picture, four times as wide and high"}],
        }
    },
    "thresholds": {"receptive_radius": 2},
}
with open("iris-superres/0/model.json", "w") as file:
    json.dump(card, file, indent=2)
    file.write("\n")
