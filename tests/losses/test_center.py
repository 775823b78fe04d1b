"""Centre loss: a slow plain reference, and a step whose network is pulled to where the centres were."""

import mindspore as ms
import numpy as np
from mindspore import Tensor, nn

from mindreid.engine.training.optimizers import sgd
from mindreid.engine.training.step import TrainStep
from mindreid.losses import CenterLoss
from mindreid.objective import Objective, Phase

CLASSES, FEATURES, RATE, WEIGHT = 3, 2, 0.5, 0.01


def test_the_mean_squared_distance_to_the_own_centre():
    loss, generator = CenterLoss(CLASSES, FEATURES), np.random.default_rng(0)
    inputs = generator.standard_normal((5, FEATURES)).astype(np.float32)
    targets = np.array([0, 2, 2, 0, 2])
    centers = loss.centers.asnumpy()
    expected = np.mean([((x - centers[y]) ** 2).sum() for x, y in zip(inputs, targets)])
    for function in (loss, loss.pull):
        np.testing.assert_allclose(
            function(Tensor(inputs), Tensor(targets, ms.int32)).asnumpy(), expected, rtol=1e-5
        )


def test_centres_start_from_a_standard_normal_distribution():
    centers = CenterLoss(200, 50).centers.asnumpy()
    assert abs(centers.mean()) < 0.05
    assert abs(centers.std() - 1) < 0.05


class Pulled(Objective):
    """One linear layer, pulled to centres that move in a phase of their own."""

    def __init__(self):
        super().__init__(nn.Dense(3, FEATURES, has_bias=False))
        self.center = CenterLoss(CLASSES, FEATURES)

    def forward(self, images):
        return (self.network(images),)

    def phases(self):
        centers, network = (self.center.centers,), tuple(self.network.trainable_params())
        return (
            Phase("centers", ("update",), centers, self.update),
            Phase("network", ("pull",), network, self.pull),
        )

    def update(self, outputs, labels):
        return (self.center(outputs[0], labels[0]),)

    def pull(self, outputs, labels):
        return (self.center.pull(outputs[0], labels[0]),)

    def term_weights(self, epoch):
        return {"update": 1.0, "pull": WEIGHT}


def test_both_step_from_the_same_place():
    """Three steps as plain gradient descent on network and centres at once, the centres' loss unweighted."""
    objective, generator = Pulled(), np.random.default_rng(1)
    center_phase, network_phase = objective.phases()
    step = TrainStep(
        objective,
        {
            "centers": sgd(center_phase.parameters, "centers", lr=RATE, momentum=0.0),
            "network": sgd(network_phase.parameters, "network", lr=RATE, momentum=0.0),
        },
    )
    weight, centers = objective.network.weight.asnumpy().copy(), objective.center.centers.asnumpy().copy()
    for _ in range(3):
        images = generator.standard_normal((4, 3)).astype(np.float32)
        targets = generator.integers(0, CLASSES, 4)
        labels = (Tensor(targets, ms.int32),)
        terms = step(Tensor(images), labels, Tensor([1.0, WEIGHT], ms.float32)).asnumpy()
        difference = images @ weight.T - centers[targets]
        np.testing.assert_allclose(terms, (difference**2).sum(1).mean(), rtol=1e-4)
        weight = weight - RATE * WEIGHT * 2 / 4 * difference.T @ images
        for own, target in zip(difference, targets):
            centers[target] += RATE * 2 / 4 * own
    np.testing.assert_allclose(objective.network.weight.asnumpy(), weight, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(objective.center.centers.asnumpy(), centers, rtol=1e-4, atol=1e-6)
