"""Makes iris-segmentation/1, the smallest model with the contract of the real one: it tells the parts of a painted eye
by their colours, and their geometry by moments.

Needs python3-onnx. Run in this folder; the fixture is committed. test/painted-eye.ts paints what it understands.
"""
import hashlib
import json
import pathlib

import numpy
import onnx
from onnx import TensorProto, helper, numpy_helper

FOLDER = pathlib.Path("iris-segmentation/1")
CLASSES = ["background", "sclera", "iris", "pupil", "limbus_disc", "pupil_disc", "highlight"]
# R, G, B, 0..1: skin, sclera, iris, pupil, a lid over the iris, and the grey beyond a photo.
COLOURS = [(0.8, 0, 0), (1, 1, 1), (0, 0.8, 0), (0, 0, 0.8), (0.8, 0, 0.8), (0.502, 0.502, 0.502)]
SHARPNESS = 40.0  # of the softmax over squared distances to the colours
EXPECTED_ERROR = 0.005
LID_ERROR = 0.05
LID_COLUMNS = 9


def constant(name: str, values) -> onnx.TensorProto:
    return numpy_helper.from_array(numpy.asarray(values, numpy.float32), name)


def graph_of(side: int) -> onnx.GraphProto:
    """A graph of input bgr01 [1,3,side,side], outputs prob [1,7,side,side] and geometry [1,34]."""
    bgr = numpy.array(COLOURS, numpy.float32)[:, ::-1]
    centres = (numpy.arange(side) + 0.5) / side
    mixing = numpy.zeros((len(CLASSES), len(COLOURS)), numpy.float32)
    for row, colours in enumerate([(0, 4, 5), (1,), (2,), (3,), (2, 3, 4), (3,), ()]):
        mixing[row, list(colours)] = 1
    constants = [
        # -|x - c|² without |x|², which all colours share.
        constant("colours", 2 * SHARPNESS * bgr.reshape(len(COLOURS), 3, 1, 1)),
        constant("offsets", -SHARPNESS * (bgr**2).sum(1)),
        constant("mixing", mixing.reshape(len(CLASSES), len(COLOURS), 1, 1)),
        constant("x", centres.reshape(1, 1, 1, side)),
        constant("y", centres.reshape(1, 1, side, 1)),
        constant("least", 1e-6),
        constant("zero", 0),
        constant("one", 1),
        constant("pi", numpy.pi),
        constant("many", 400),
        constant("round_shape", [[0, 0, EXPECTED_ERROR]]),
        constant("lid_error", [[LID_ERROR]]),
        constant("lid_reach", numpy.full((1, LID_COLUMNS), 1.2)),
    ]
    nodes = [
        helper.make_node("Conv", ["bgr01", "colours", "offsets"], ["likeness"]),
        helper.make_node("Softmax", ["likeness"], ["colour"], axis=1),
        helper.make_node("Conv", ["colour", "mixing"], ["prob"]),
        helper.make_node("Split", ["prob"], [f"plane{i}" for i in range(len(CLASSES))], axis=1),
    ]
    for i in range(1, 6):
        nodes += mean_of(f"plane{i}", f"area{i}")
        nodes += product(f"area{i}", "many", f"scaled{i}")
        nodes.append(helper.make_node("Clip", [f"scaled{i}", "zero", "one"], [f"there{i}"]))
    nodes += product("there1", "there2", "presence")
    nodes += disc("plane4", "area4", "limbus") + disc("plane5", "area5", "pupil")
    nodes += product("lid_reach", "limbus_r", "lid_height")
    nodes.append(helper.make_node("Sub", ["limbus_cy", "lid_height"], ["upper"]))
    nodes.append(helper.make_node("Add", ["limbus_cy", "lid_height"], ["lower"]))
    parts = ["presence", "there3"]
    for name in ("limbus", "pupil"):
        parts += [f"{name}_cx", f"{name}_cy", f"{name}_r", "round_shape"]
    parts += ["upper", "lid_error", "lower", "lid_error"]
    nodes.append(helper.make_node("Concat", parts, ["geometry"], axis=1))
    return helper.make_graph(
        nodes,
        "tiny-segmentation",
        [helper.make_tensor_value_info("bgr01", TensorProto.FLOAT, [1, 3, side, side])],
        [
            helper.make_tensor_value_info("prob", TensorProto.FLOAT, [1, len(CLASSES), side, side]),
            helper.make_tensor_value_info("geometry", TensorProto.FLOAT, [1, 34]),
        ],
        constants,
    )


def mean_of(plane: str, name: str) -> list[onnx.NodeProto]:
    return [helper.make_node("ReduceMean", [plane], [name], axes=[2, 3], keepdims=0)]


def product(first: str, second: str, name: str) -> list[onnx.NodeProto]:
    return [helper.make_node("Mul", [first, second], [name])]


def disc(plane: str, area: str, name: str) -> list[onnx.NodeProto]:
    """Centre and radius, in shares of the side, of the circle with a plane's area."""
    nodes = [helper.make_node("Add", [area, "least"], [f"{name}_area"])]
    for axis in ("x", "y"):
        nodes += product(plane, axis, f"{name}_{axis}")
        nodes += mean_of(f"{name}_{axis}", f"{name}_{axis}_mean")
        nodes.append(helper.make_node("Div", [f"{name}_{axis}_mean", f"{name}_area"], [f"{name}_c{axis}"]))
    nodes.append(helper.make_node("Div", [f"{name}_area", "pi"], [f"{name}_squared"]))
    nodes.append(helper.make_node("Sqrt", [f"{name}_squared"], [f"{name}_r"]))
    return nodes


def write_network(name: str, side: int) -> dict:
    """Writes the network's file and answers its part of model.json."""
    model = helper.make_model(graph_of(side), opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.checker.check_model(model)
    weights = model.SerializeToString()
    (FOLDER / f"{name}.onnx").write_bytes(weights)
    return {
        "file": f"{name}.onnx",
        "sha256": hashlib.sha256(weights).hexdigest(),
        "input": {"name": "bgr01", "shape": [1, 3, side, side], "channels": "BGR", "range": [0, 1]},
        "outputs": [
            {"name": "prob", "shape": [1, len(CLASSES), side, side], "meaning": "probability of each class"},
            {"name": "geometry", "shape": [1, 34], "meaning": "presence, pupil seen, limbus, pupil, lids"},
        ],
        "classes": CLASSES,
    }


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    card = {
        "name": "iris-segmentation",
        "version": "1",
        "licence": "Apache-2.0",
        "networks": {"search": write_network("search", 160), "outline": write_network("outline", 192)},
        "thresholds": {"iris_or_pupil": 0.5, "eye": 0.6},
    }
    (FOLDER / "model.json").write_text(json.dumps(card, indent=2) + "\n")
