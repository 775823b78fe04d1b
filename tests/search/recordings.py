"""Recordings made for a test: coloured persons who walk, and a network that sees colours."""

import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

HEIGHT, WIDTH = 120, 160
COLOURS = {1: (220, 40, 40), 2: (40, 200, 60), 3: (60, 60, 230), 4: (230, 220, 60)}
#: Left at the first frame, step per frame, top; persons are 20 × 48.
WALKS = {1: (5, 2, 20), 2: (130, -2, 70), 3: (60, 1, 40), 4: (20, 2, 66)}
BOX = 20, 48


def boxes_of_frame(number, persons):
    """Left and top of each person."""
    return {p: (WALKS[p][0] + WALKS[p][1] * number, WALKS[p][2]) for p in persons}


def frame_image(number, persons):
    """A textured background with rectangles of the persons' colours, striped so that they are sharp."""
    image = np.full((HEIGHT, WIDTH, 3), 128, np.uint8)
    image[::8] = 110
    for person, (left, top) in boxes_of_frame(number, persons).items():
        body = np.tile(np.array(COLOURS[person], np.uint8), (BOX[1], BOX[0], 1))
        body[::6] //= 2
        width = min(BOX[0], WIDTH - left)
        image[top : top + BOX[1], max(left, 0) : left + width] = body[:, max(-left, 0) : width]
    return image


def write_video(path, images, *, times=None, rotation=0, options=None, metadata=None):
    """Encode images; ``times`` in milliseconds, by default 100 apart."""
    av = pytest.importorskip("av", reason="needs the extra `search`")
    times = [100 * number for number in range(len(images))] if times is None else times
    with av.open(str(path), "w", options=options or {}) as container:
        container.metadata.update(metadata or {})
        stream = container.add_stream("libx264", rate=10, options={"crf": "12", "g": "10"})
        stream.height, stream.width, stream.pix_fmt = *images[0].shape[:2], "yuv420p"
        stream.codec_context.time_base = Fraction(1, 1000)
        if rotation:
            if not hasattr(stream, "set_display_rotation"):
                pytest.skip(f"PyAV {av.__version__} can't write a video that is to be turned")
            stream.set_display_rotation(rotation)
        for image, time in zip(images, times):
            frame = av.VideoFrame.from_ndarray(image, "rgb24")
            frame.pts, frame.time_base = time, Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def write_walk(folder, name="walk.mp4", persons=(1, 2), frames=30, **options):
    """Write a video of walking persons, and beside it their boxes as JSON; return both paths."""
    noise = np.random.default_rng(list(name.encode()))
    images = [
        (frame_image(number, persons) * 0.9 + noise.uniform(0, 12, (HEIGHT, WIDTH, 3))).astype(np.uint8)
        for number in range(frames)
    ]
    video = write_video(folder / name, images, **options)
    boxes = [
        {"frame": number, "id": person, "box": [left, top, *BOX]}
        for number in range(frames)
        for person, (left, top) in boxes_of_frame(number, persons).items()
        if 0 <= left <= WIDTH - BOX[0]
    ]
    path = Path(folder, f"{name}.json")
    path.write_text(json.dumps(boxes))
    return video, path


def write_colour_network(path, *, height=16, width=8, batch="N"):
    """Write an ONNX network whose embedding is the mean colour, less grey, of eight pieces of a crop."""
    onnx = pytest.importorskip("onnx", reason="needs the extra `onnx`")
    pytest.importorskip("onnxruntime", reason="needs the extra `onnx`")
    helper = onnx.helper
    grey = onnx.numpy_helper.from_array(np.array([90.0], np.float32), "grey")
    nodes = [
        helper.make_node("Sub", ["data", "grey"], ["less"]),
        helper.make_node("AveragePool", ["less"], ["pieces"], kernel_shape=[4, 4], strides=[4, 4]),
        helper.make_node("Flatten", ["pieces"], ["embedding"]),
    ]
    source = helper.make_tensor_value_info("data", onnx.TensorProto.FLOAT, [batch, 3, height, width])
    target = helper.make_tensor_value_info(
        "embedding", onnx.TensorProto.FLOAT, [batch, 3 * height * width // 16]
    )
    graph = helper.make_graph(nodes, "colours", [source], [target], [grey])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 11)], ir_version=8), str(path))
    inputs = {"height": height, "width": width, "colours": "rgb", "scale": 1.0}
    Path(f"{path}.input.json").write_text(json.dumps(inputs))
    return path
