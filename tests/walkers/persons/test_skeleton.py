from __future__ import annotations

import numpy as np
import pytest

from mindreid.walkers.persons.body import draw_body
from mindreid.walkers.persons.clothing import COLOURS, draw_outfit
from mindreid.walkers.persons.gait import draw_gait
from mindreid.walkers.persons.skeleton import SIDES, pose

PHASES = np.linspace(0, 1, 40, endpoint=False)
PERSONS = range(1, 13)


def posed(pid, seed=1):
    body = draw_body(seed, pid)
    return body, pose(body, draw_gait(seed, pid), PHASES)


def length(start, end):
    return np.linalg.norm(end - start, axis=1)


@pytest.mark.parametrize("pid", PERSONS)
def test_bones_keep_their_length_over_the_cycle(pid):
    body, joints = posed(pid)
    for side in SIDES:
        for start, end, bone in (
            ("hip", "knee", "thigh"),
            ("knee", "ankle", "shank"),
            ("shoulder", "elbow", "upper_arm"),
            ("elbow", "wrist", "forearm"),
        ):
            measured = length(getattr(joints, start)[side], getattr(joints, end)[side])
            # The thigh's slant to the side is small and not normalised.
            np.testing.assert_allclose(measured, getattr(body, bone), rtol=0.03)
    np.testing.assert_allclose(length(joints.pelvis, joints.neck), body.torso, rtol=1e-6)


@pytest.mark.parametrize("pid", PERSONS)
def test_one_foot_is_on_the_ground_and_none_below(pid):
    _, joints = posed(pid)
    heights = np.stack([*joints.heel, *joints.big_toe])[..., 2]
    np.testing.assert_allclose(heights.min(axis=0), 0, atol=1e-9)


@pytest.mark.parametrize("pid", PERSONS)
def test_knees_bend_backward_and_elbows_forward(pid):
    _, joints = posed(pid)
    for side in SIDES:
        thigh = joints.knee[side] - joints.hip[side]
        shank = joints.ankle[side] - joints.knee[side]
        upper_arm = joints.elbow[side] - joints.shoulder[side]
        forearm = joints.wrist[side] - joints.elbow[side]
        # Turn in the sagittal plane (forward, up): positive turns a hanging segment forward.
        assert np.all(thigh[:, 2] * shank[:, 0] - thigh[:, 0] * shank[:, 2] > 0)
        assert np.all(upper_arm[:, 2] * forearm[:, 0] - upper_arm[:, 0] * forearm[:, 2] < 0)


@pytest.mark.parametrize("pid", PERSONS)
def test_arms_swing_against_the_legs(pid):
    _, joints = posed(pid)
    for side in SIDES:
        leg = joints.knee[side][:, 0] - joints.hip[side][:, 0]
        arm = joints.elbow[side][:, 0] - joints.shoulder[side][:, 0]
        assert np.corrcoef(leg, arm)[0, 1] < -0.6


@pytest.mark.parametrize("pid", PERSONS)
def test_the_right_leg_follows_half_a_cycle_later(pid):
    _, joints = posed(pid)
    left, right = (joints.ankle[side] - joints.hip[side] for side in SIDES)
    mirrored = np.roll(right, len(PHASES) // 2, axis=0) * np.array([1, -1, 1])
    np.testing.assert_allclose(left, mirrored, atol=1e-9)


def test_a_standing_body_is_as_tall_as_a_person():
    statures = np.array([draw_body(1, pid).stature for pid in range(1, 200)])
    assert 1.45 < statures.min() < statures.max() < 2.0
    assert 0.05 < statures.std() < 0.12


def test_bodies_and_gaits_differ_between_persons_and_worlds():
    assert len({draw_body(seed, pid) for seed in (1, 2) for pid in PERSONS}) == 2 * len(PERSONS)
    assert len({draw_gait(seed, pid) for seed in (1, 2) for pid in PERSONS}) == 2 * len(PERSONS)


def test_every_colour_is_as_likely_and_the_next_outfit_tells_nothing():
    persons = 4000
    first = np.array([COLOURS.index(draw_outfit(1, pid, 0).top.colour) for pid in range(persons)])
    second = np.array([COLOURS.index(draw_outfit(1, pid, 1).top.colour) for pid in range(persons)])
    counts = np.bincount(first, minlength=len(COLOURS))
    expected = persons / len(COLOURS)
    # 99.9 % quantile of chi-square with 23 degrees of freedom.
    assert ((counts - expected) ** 2 / expected).sum() < 49.7
    chance = 1 / len(COLOURS)
    assert abs((first == second).mean() - chance) < 4 * np.sqrt(chance / persons)


def test_clothes_tell_nothing_about_the_body():
    persons = range(2000)
    bodies = [draw_body(1, pid) for pid in persons]
    outfits = [draw_outfit(1, pid, 0) for pid in persons]
    traits = np.array([(body.stature, body.waist[0], sum(body.skin), sum(body.hair)) for body in bodies])
    clothes = np.array(
        [(*outfit.top.colour, *outfit.bottom.colour, len(outfit.top.kind)) for outfit in outfits]
    )
    correlation = np.corrcoef(traits.T, clothes.T)[:4, 4:]
    assert np.abs(correlation).max() < 4 / np.sqrt(len(persons))


def test_the_next_persons_draws_do_not_depend_on_the_previous_ones():
    alone = draw_body(1, 7), draw_gait(1, 7), draw_outfit(1, 7, 3)
    for pid in range(1, 7):
        draw_body(1, pid), draw_gait(1, pid), draw_outfit(1, pid, 0)
    assert (draw_body(1, 7), draw_gait(1, 7), draw_outfit(1, 7, 3)) == alone
