"""The two-loss network's pairs and terms against a slow reference."""

import mindspore as ms
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mindspore import Tensor

from mindreid.errors import InvalidArgumentError
from mindreid.models.ide import IDE, IDEObjective
from mindreid.models.ide.verification import choose_pairs

SMALL = {"trunk": "resnet18", "width": 0.0625}


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 3), min_size=4, max_size=8), st.sampled_from([1, 2]), st.integers(0, 9))
def test_partners_have_the_greatest_noise_of_all_that_may_be(pids, groups, seed):
    pids = pids[: len(pids) // 2 * 2]
    count = len(pids)
    noise = np.random.default_rng(seed).random((count, count), np.float32)
    found = choose_pairs(Tensor(pids, ms.int32), Tensor(noise), groups)
    size = count // groups
    for wanted, partners in zip((True, False), found):
        for row, partner in enumerate(partners.asnumpy().tolist()):
            may_be = [
                other
                for other in range(count)
                if other != row and other // size == row // size and (pids[other] == pids[row]) == wanted
            ]
            assert partner == max(may_be, key=lambda other: noise[row, other], default=-1)


@pytest.mark.parametrize("comparison", ["square", "product"])
@pytest.mark.parametrize("unit_length", [False, True])
def test_losses_of_pairs_written_out(comparison, unit_length):
    """Without dropout, in which an image of a lone person has no pair of one person."""
    ms.set_seed(2)
    options = {"comparison": comparison, "unit_length": unit_length}
    made = IDEObjective(
        IDE(**SMALL), 5, dropout=0.0, verification_weight=2.0, verification_dropout=0.0, **options
    )
    generator = np.random.default_rng(0)
    vectors, pids = generator.standard_normal((5, 256)), np.array([1, 1, 3, 3, 4])
    drawn = made.draw(generator, 5)
    labels = (Tensor(pids, ms.int32), *map(Tensor, drawn))
    identity, same, different = made.losses((Tensor(vectors.astype(np.float32)),), labels)

    def cross_entropy(layer, rows, classes):
        logits = rows @ layer.weight.asnumpy().T + layer.bias.asnumpy()
        return -(logits - np.log(np.exp(logits).sum(1, keepdims=True)))[range(len(rows)), classes].mean()

    assert float(identity) == pytest.approx(cross_entropy(made.classifier, vectors, pids), rel=1e-4)
    compared = vectors / np.linalg.norm(vectors, axis=1, keepdims=True) if unit_length else vectors
    partners = [each.asnumpy() for each in choose_pairs(labels[0], labels[2])]
    assert partners[0][4] == -1
    for pair_class, (loss, chosen) in enumerate(zip((same, different), partners)):
        rows = np.flatnonzero(chosen >= 0)
        first, second = compared[rows], compared[chosen[rows]]
        pairs = (first - second) ** 2 if comparison == "square" else first * second
        expected = cross_entropy(made.pairs.classifier, pairs, [pair_class] * len(rows))
        assert float(loss) == pytest.approx(expected, rel=1e-4)


def test_the_share_of_pairs_of_one_person_falls_to_its_least():
    made = IDEObjective(IDE(**SMALL), 5, verification_weight=2.0, same_share_factor=0.9, least_same_share=0.2)
    assert made.term_weights(0) == {"identity": 1.0, "same": 1.0, "different": 1.0}
    assert made.term_weights(1)["same"] == pytest.approx(2 * 0.45)
    assert made.term_weights(80) == {"identity": 1.0, "same": 0.4, "different": 1.6}
    assert IDEObjective(IDE(**SMALL), 5).term_weights(3) == {"identity": 1.0}


@pytest.mark.parametrize(
    ("network", "options", "words"),
    [
        ({"head": "fc"}, {}, "head"),
        ({"embedding": "pool5"}, {}, "embedding"),
        ({"features": 0}, {}, "feature"),
        ({}, {"verification_weight": -1.0}, "weight >= 0"),
        ({}, {"verification_weight": 1.0, "comparison": "sum"}, "comparison"),
        ({}, {"verification_weight": 1.0, "same_share": 0.1, "least_same_share": 0.2}, "shares"),
        ({}, {"dropout": 1.5}, r"\[0, 1\)"),
    ],
)
def test_options_that_cannot_be(network, options, words):
    with pytest.raises(InvalidArgumentError, match=words):
        IDEObjective(IDE(**SMALL, **network), 5, **options)
