"""Batches go to the device one ahead, and errors keep their turn."""

import numpy as np
import pytest
from mindspore import Tensor

from mindreid.config import InputConfig, load_recipe
from mindreid.data.transforms import training_transform
from mindreid.engine.training.builders import build_preparation
from mindreid.engine.training.device_batches import send_ahead, sender
from mindreid.engine.training.run import train
from mindreid.errors import ConfigError, DataError
from tests.engine.run_files import parameters


def test_a_batch_is_sent_while_the_one_before_is_at_work():
    happened = []

    def batches():
        for number in range(3):
            yield {"images": np.full((1, 2), number, np.float32), "index": number}

    def send(images):
        happened.append(f"sent {int(images[0, 0])}")
        return sender("CPU")(images)

    for batch in send_ahead(batches(), send):
        assert isinstance(batch["images"], Tensor)
        assert (batch["images"].asnumpy() == batch["index"]).all()
        happened.append(f"worked on {batch['index']}")
    assert happened == ["sent 0", "sent 1", "worked on 0", "sent 2", "worked on 1", "worked on 2"]


def test_an_error_is_raised_when_its_turn_comes_and_leaving_closes_the_source():
    closed = []

    def batches():
        try:
            yield {"images": np.zeros(1, np.float32)}
            raise DataError("cannot read the image")
        finally:
            closed.append(True)

    ahead = send_ahead(batches(), sender("CPU"))
    assert next(ahead)["images"].shape == (1,)
    with pytest.raises(DataError, match="cannot read"):
        next(ahead)
    early = send_ahead(iter_of({"images": np.zeros(1, np.float32)}, closed), sender("CPU"))
    next(early)
    early.close()
    assert closed == [True, True]


def iter_of(batch, closed):
    try:
        while True:
            yield batch
    finally:
        closed.append(True)


AUGMENT = (
    "augment=[{name: flip}, {name: pad_crop, pad: 2}, {name: normalize}]",
    "train.epochs=1",
    "train.evaluate_every=0",
)


def test_bytes_train_as_normalised_images_do(recipe_of, tmp_path):
    recipes = [
        recipe_of(*AUGMENT, f"device.normalize={on}", "train.evaluate_every=0") for on in ("false", "true")
    ]
    for name, recipe in zip(("host", "device"), recipes):
        train(recipe, tmp_path / name)
    host, device = (parameters(tmp_path / name / "last.ckpt") for name in ("host", "device"))
    assert host.keys() == device.keys()
    for name, value in host.items():
        np.testing.assert_allclose(device[name], value, rtol=1e-3, atol=1e-4, err_msg=name)


@pytest.mark.parametrize(
    ("inputs", "shape"),
    [
        (InputConfig(height=8, width=4), (6, 5, 3)),
        (InputConfig(kind="posed_image", height=8, width=4), (8, 4, 6)),
        (InputConfig(kind="silhouettes", height=8, width=4), (3, 8, 6)),
    ],
)
def test_the_device_makes_of_bytes_what_the_host_would(inputs, shape):
    image = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    expected, sent = (
        training_transform((), inputs, as_bytes=as_bytes)(image, np.random.default_rng(1))
        for as_bytes in (False, True)
    )
    assert sent.dtype == np.uint8
    assert sent.flags["C_CONTIGUOUS"]
    assert sent.nbytes * 4 == expected.nbytes
    recipe = load_recipe("trinet/smoke", ["device.normalize=true"]).model_copy(update={"input": inputs})
    prepared = build_preparation(recipe)(Tensor(sent[None])).asnumpy()[0]
    np.testing.assert_allclose(prepared, expected, rtol=1e-6, atol=1e-6)


def test_clips_are_prepared_frame_by_frame():
    recipe = load_recipe("trinet/smoke", ["device.normalize=true"])
    clips = np.random.default_rng(0).integers(0, 256, (2, 3, 4, 8, 4), dtype=np.uint8)
    prepare = build_preparation(recipe)
    together = prepare(Tensor(clips)).asnumpy()
    for frame in range(4):
        np.testing.assert_array_equal(together[:, :, frame], prepare(Tensor(clips[:, :, frame])).asnumpy())


def test_steps_behind_the_normalisation_are_refused():
    recipe = load_recipe(
        "trinet/smoke", ["augment=[{name: normalize}, {name: random_erasing}]", "device.normalize=true"]
    )
    with pytest.raises(ConfigError, match=r"'random_erasing' follows 'normalize'.*device\.normalize=false"):
        training_transform(recipe.augment, recipe.input, as_bytes=True)
