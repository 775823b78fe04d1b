"""TriNet: its head against plain NumPy, its five crops, what its recipe asks for."""

import numpy as np
import pytest
from mindspore import Tensor

from mindreid.config import load_recipe
from mindreid.engine.evaluation.evaluation_run import EvaluationRun
from mindreid.models.trinet import TriNet
from tests.relative_distance import distance


def test_the_head_is_two_linear_maps_with_a_norm_between():
    network = TriNet(trunk="resnet18", width=0.125).set_train(False)
    rng = np.random.default_rng(0)
    norm = network.hidden.norm
    for parameter in (norm.moving_mean, norm.moving_variance, norm.gamma, norm.beta, network.embedding.bias):
        parameter.set_data(Tensor(rng.uniform(0.5, 1.5, parameter.shape).astype(np.float32)))
    images = Tensor(rng.standard_normal((3, 3, 64, 32)).astype(np.float32))
    pooled = network.trunk(images).asnumpy().astype(np.float64).mean((2, 3))
    hidden = pooled @ network.hidden.linear.weight.asnumpy().T
    scale = norm.gamma.asnumpy() / np.sqrt(norm.moving_variance.asnumpy() + 1e-5)
    hidden = np.maximum((hidden - norm.moving_mean.asnumpy()) * scale + norm.beta.asnumpy(), 0)
    expected = hidden @ network.embedding.weight.asnumpy().T + network.embedding.bias.asnumpy()
    assert distance(network(images), expected) < 1e-5


def test_the_embedding_starts_orthogonal():
    weight = TriNet(trunk="resnet18", width=0.5, embedding_features=64).embedding.weight.asnumpy()
    np.testing.assert_allclose(weight @ weight.T, np.eye(64), atol=1e-5)


def test_the_recipe_is_the_authors_code():
    recipe = load_recipe("trinet/market1501")
    assert recipe.sampler.options == {"persons": 18, "images": 4, "epoch": "persons"}
    assert recipe.train.steps == recipe.optimizers["network"].schedule.options["end"] == 25000
    assert recipe.optimizers["network"].options == {"lr": 0.0003}
    assert recipe.evaluation.metric == "euclidean"


def test_embeddings_are_the_mean_over_crops_and_mirror_images(smoke_recipe):
    """Ten looks at an image, one by one, against what an evaluation makes of it."""
    from PIL import Image

    recipe = smoke_recipe("trinet")
    evaluation, inputs = EvaluationRun(recipe, None), recipe.input
    found = evaluation.embed("query")
    network = evaluation.network.set_train(False)
    record = evaluation.dataset.query[1]
    large = Image.open(record.path).resize((round(inputs.width * 1.125), round(inputs.height * 1.125)), 2)
    below, right = large.height - inputs.height, large.width - inputs.width
    looks = []
    for left, top in [(0, 0), (right, 0), (0, below), (right, below), ((right + 1) // 2, (below + 1) // 2)]:
        window = np.asarray(large.crop((left, top, left + inputs.width, top + inputs.height))) / 255
        planes = ((window - inputs.mean) / inputs.std).transpose(2, 0, 1).astype(np.float32)
        looks += [planes, planes[..., ::-1]]
    expected = network(Tensor(np.stack(looks))).asnumpy().mean(0)
    # Evaluation adds the mirror image.
    assert found[1] / 2 == pytest.approx(expected, rel=1e-3, abs=1e-4)
