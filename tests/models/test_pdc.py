"""PDC: feature weighting and part transformation in plain NumPy, what reaches which branch, flips."""

import mindspore as ms
import numpy as np
import pytest
from mindspore import Tensor
from PIL import Image

from mindreid.config import load_recipe
from mindreid.data.part_image import PART_PLACES, compose_part_image
from mindreid.engine.evaluation.evaluation_run import EvaluationRun
from mindreid.models.pdc.network import PDC, FeatureWeighting
from mindreid.models.pdc.objective import PDCObjective
from tests.relative_distance import distance

SIZE = (64, 32)


def small(**options):
    return PDC(image_size=SIZE, trunk="resnet18", width=0.0625, **options).set_train(False)


def images(count=2, seed=0):
    return np.random.default_rng(seed).standard_normal((count, 6, *SIZE)).astype(np.float32)


def test_features_are_weighted_by_the_formula():
    cell, rng = FeatureWeighting(5), np.random.default_rng(0)
    weight, bias, features = rng.standard_normal((3, 5)).astype(np.float32)
    cell.weight.set_data(Tensor(weight))
    cell.bias.set_data(Tensor(bias))
    expected = np.tanh(features.astype(np.float64) * weight + bias)
    assert distance(cell(Tensor(features[None])), expected[None]) < 1e-6


def test_the_embedding_joins_the_image_and_its_weighted_parts():
    network, x = small(), images()
    whole, parts, fused = (value.asnumpy() for value in network.features(Tensor(x)))
    np.testing.assert_allclose(fused, np.concatenate([whole, np.tanh(parts)], 1), rtol=1e-5, atol=1e-6)
    plain = small(weight_features=False)
    whole, parts, fused = (value.asnumpy() for value in plain.features(Tensor(x)))
    np.testing.assert_array_equal(fused, np.concatenate([whole, parts], 1))


def test_each_branch_sees_its_own_image():
    network, x = small(), images()
    whole, parts, _ = (value.asnumpy() for value in network.features(Tensor(x)))
    x[:, 3:] += 1
    same, other, _ = (value.asnumpy() for value in network.features(Tensor(x)))
    np.testing.assert_allclose(same, whole, rtol=1e-5)
    assert not np.allclose(other, parts, rtol=1e-2)


def test_parts_start_where_they_are_and_move_within_their_places():
    network, part_images = small(), images()[:, 3:]
    moved = network.transformation(Tensor(part_images)).asnumpy()
    np.testing.assert_allclose(moved, part_images, atol=1e-5)
    # The left leg moves up by an eighth of its place, half of which is 1; the others stay.
    names = list(PART_PLACES)
    bias = network.transformation.localizations[names.index("left_leg")][1].bias
    bias.set_data(Tensor(np.float32([1, 1, 0, 0.25])))
    moved = network.transformation(Tensor(part_images)).asnumpy()
    place = PART_PLACES["left_leg"]
    top, left, high = place.top * 8, place.left * 4, place.height * 8
    leg = (slice(None), slice(None), slice(top, top + high), slice(left, left + place.width * 4))
    np.testing.assert_allclose(moved[leg][:, :, : high - 3], part_images[leg][:, :, 3:], atol=1e-5)
    np.testing.assert_allclose(moved[leg][:, :, -2:], 0, atol=1e-5)
    moved[leg] = part_images[leg]
    np.testing.assert_allclose(moved, part_images, atol=1e-5)


@pytest.mark.slow
def test_every_part_learns_its_transform_from_the_persons():
    objective = PDCObjective(small(), 4).set_train()
    rng = np.random.default_rng(0)
    for classifier in objective.classifiers:
        classifier.weight.set_data(Tensor(rng.standard_normal(classifier.weight.shape).astype(np.float32)))
    biases = [localization[1].bias for localization in objective.network.transformation.localizations]
    pids = Tensor([0, 1, 2, 3], ms.int32)

    def total(x):
        return sum(objective.losses(objective.forward(x), (pids,)))

    gradients = ms.jit(ms.value_and_grad(total, None, biases))(Tensor(images(4)))[1]
    for gradient in gradients:
        assert np.abs(gradient.asnumpy()).min() > 0


@pytest.mark.slow
def test_evaluation_sees_images_and_parts_and_their_mirror_images(smoke_run):
    """From the file and its keypoints, by hand, against what an evaluation makes of a record."""
    run = smoke_run("pdc")
    evaluation = EvaluationRun(run.recipe, run.folder / "last.ckpt")
    found = evaluation.embed("query")
    record, inputs = evaluation.dataset.query[1], run.recipe.input
    assert record.keypoints is not None
    pixels = np.asarray(Image.open(record.path))
    whole = np.asarray(
        Image.fromarray(pixels).resize((inputs.width, inputs.height), Image.Resampling.BILINEAR)
    )
    parts = compose_part_image(pixels, record.keypoints, inputs.height, inputs.width)
    assert parts.any()
    planes = [((picture / 255 - inputs.mean) / inputs.std).transpose(2, 0, 1) for picture in (whole, parts)]
    posed = np.concatenate(planes).astype(np.float32)[None]
    both = np.concatenate([posed, posed[..., ::-1]])
    expected = evaluation.network.set_train(False)(Tensor(both)).asnumpy().sum(0)
    assert found[1] == pytest.approx(expected, rel=1e-3, abs=1e-4)


def test_the_recipes_sizes_go_together():
    for name in ("pdc/market1501", "pdc/walkers", "pdc/smoke"):
        recipe = load_recipe(name)
        assert recipe.model.network["image_size"] == [recipe.input.height, recipe.input.width]
