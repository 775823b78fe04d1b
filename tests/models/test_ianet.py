"""IANet's blocks: what a new one does, precision, sizes of maps; its successor's in short runs."""

import mindspore as ms
import numpy as np
import pytest
from mindspore import Tensor

import mindreid
from mindreid.engine.deployment.exporter import export_checkpoint
from mindreid.errors import InvalidArgumentError
from mindreid.layers.precision import set_precision
from mindreid.models.ianet.interaction import InteractionBlock, distance_prior, mix_channels, mix_positions
from mindreid.models.ianet.part_interaction import PartInteractionBlock


@pytest.fixture
def maps():
    return Tensor(np.random.default_rng(0).standard_normal((3, 8, 6, 4)).astype(np.float32))


@pytest.mark.parametrize("block", [InteractionBlock, PartInteractionBlock])
def test_a_new_block_is_the_identity(block, maps):
    for training in (False, True):
        np.testing.assert_array_equal(block(8).set_train(training)(maps).asnumpy(), maps.asnumpy())


def softmax(values):
    exponents = np.exp(values - values.max())
    return exponents / exponents.sum()


def test_positions_and_channels_are_mixed_one_by_one(maps):
    x = maps.asnumpy().reshape(3, 8, 24).astype(np.float64)
    prior = distance_prior(6, 4, (2.5, 3.75))
    positions = mix_positions(Tensor(x.astype(np.float32)), Tensor(prior[None])).asnumpy()
    channels = mix_channels(Tensor(x.astype(np.float32))).asnumpy()
    for image in range(3):
        for i in range(24):
            alike = softmax(np.array([x[image, :, i] @ x[image, :, j] for j in range(24)]) / np.sqrt(8))
            expected = x[image] @ softmax(alike * prior[i])
            np.testing.assert_allclose(positions[image, :, i], expected, rtol=1e-4, atol=1e-5)
        for c in range(8):
            weights = softmax(np.array([x[image, c] @ x[image, other] for other in range(8)]))
            np.testing.assert_allclose(channels[image, c], weights @ x[image], rtol=1e-4, atol=1e-5)


def test_the_prior_falls_with_the_distance():
    """At its reach to one side, the weight is the centre's times exp(-1/2)."""
    prior = distance_prior(9, 7, (2.0, 3.0)).reshape(9, 7, 9, 7)
    centre = prior[4, 3]
    np.testing.assert_allclose(centre, centre[::-1, ::-1], rtol=1e-6)
    assert centre[4, 5] / centre[4, 3] == pytest.approx(np.exp(-0.5), rel=1e-5)
    assert centre[7, 3] / centre[4, 3] == pytest.approx(np.exp(-0.5), rel=1e-5)


@pytest.mark.parametrize("block", [InteractionBlock, PartInteractionBlock])
def test_products_beyond_float16_stay_finite(block, maps):
    """Channels whose products are above 65504, the largest float16."""
    wide = set_precision(block(8).set_train(False), "O2")
    for cell in (wide.channel_norm, getattr(wide, "spatial_norm", wide.channel_norm)):
        cell.gamma.set_data(Tensor(np.ones(8, np.float32)))
    half = wide(ms.ops.cast(maps * 200, ms.float16))
    assert half.dtype == ms.float16
    assert np.isfinite(half.asnumpy()).all()


def test_a_variant_that_does_not_exist():
    with pytest.raises(InvalidArgumentError, match="did you mean 'iaunet'"):
        mindreid.create_model("ianet", variant="iaunett")


@pytest.mark.slow
def test_the_successor_trains_and_is_exported(smoke_run, tmp_path):
    run = smoke_run("ianet", "model.network.variant=iaunet")
    assert run.unmoved == set()
    assert len(set(run.compiled)) == 1
    assert export_checkpoint(run.recipe, run.folder / "last.ckpt", tmp_path / "x.mindir", "mindir") < 1e-4


@pytest.mark.slow
def test_the_successor_in_onnx_and_float16(smoke_run, tmp_path):
    pytest.importorskip("onnxruntime", reason="needs the extra `onnx`")
    run = smoke_run("ianet", "model.network.variant=iaunet", "device.amp_level=O2")
    assert all(np.isfinite(value) for terms in run.terms() for value in terms.values())
    assert export_checkpoint(run.recipe, run.folder / "last.ckpt", tmp_path / "x.onnx", "onnx") < 1e-4
