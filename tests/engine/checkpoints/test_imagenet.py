"""ImageNet start: both kinds of files, every branch alike, and everything that can be wrong with a file."""

import builtins
import logging
import pickle

import mindspore as ms
import numpy as np
import pytest
from mindcv.models import resnet18 as mindcv_resnet18
from mindspore import nn

from mindreid.engine.checkpoints import imagenet
from mindreid.engine.checkpoints.checkpoint_files import Description, load_weights, save_weights
from mindreid.engine.checkpoints.imagenet import load_pretrained, stem_pool_of
from mindreid.errors import CheckpointError, InvalidArgumentError, MissingExtraError
from mindreid.layers.resnet import ResNetTrunk
from mindreid.models.mgn import MGN

torch = pytest.importorskip("torch", reason="needs the extra `convert`")

#: Of all trunks here, to keep files small.
WIDTH = 0.125


def torchvision_state(seed=0):
    """A narrow ResNet-18 with torchvision's names and random values, counters and classifier included."""
    rng = np.random.default_rng(seed)
    words = {
        "gamma": "weight",
        "beta": "bias",
        "moving_mean": "running_mean",
        "moving_variance": "running_var",
    }
    state = {"fc.weight": rng.standard_normal((1000, int(512 * WIDTH))), "fc.bias": rng.standard_normal(1000)}
    for name, parameter in ResNetTrunk("resnet18", width=WIDTH).parameters_and_names():
        stem, leaf = name.replace("down_sample", "downsample").rsplit(".", 1)
        state[f"{stem}.{words.get(leaf, leaf)}"] = rng.standard_normal(parameter.shape)
        if leaf == "gamma":
            state[f"{stem}.num_batches_tracked"] = np.array(7)
    return {name: torch.tensor(np.asarray(value), dtype=torch.float32) for name, value in state.items()}


@pytest.fixture(scope="module")
def torch_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / "resnet18.pth"
    torch.save(torchvision_state(), path)
    return path


def values_of(network):
    return {name: parameter.asnumpy().copy() for name, parameter in network.parameters_and_names()}


def assert_unchanged(network, before):
    for name, value in values_of(network).items():
        np.testing.assert_array_equal(value, before[name])


def test_torchvision_file_fills_the_whole_trunk(torch_file, caplog):
    state, trunk = torchvision_state(), ResNetTrunk("resnet18", width=WIDTH)
    with caplog.at_level(logging.INFO, "mindreid"):
        load_pretrained(trunk, torch_file)
    values = values_of(trunk)
    for ours, theirs in (
        ("conv1.weight", "conv1.weight"),
        ("bn1.moving_variance", "bn1.running_var"),
        ("layer2.0.down_sample.1.gamma", "layer2.0.downsample.1.weight"),
        ("layer4.1.bn2.beta", "layer4.1.bn2.bias"),
    ):
        np.testing.assert_array_equal(values[ours], state[theirs].numpy())
    assert "torchvision" in caplog.text
    assert str(torch_file) in caplog.text


def test_all_branches_of_mgn_start_alike(torch_file):
    state, network = torchvision_state(), MGN(trunk="resnet18", width=WIDTH)
    reductions = network.reductions[0].linear.weight.asnumpy().copy()
    load_pretrained(network, torch_file)
    values = values_of(network)
    np.testing.assert_array_equal(
        values["stem.layer3.0.conv1.weight"], state["layer3.0.conv1.weight"].numpy()
    )
    for branch in ("global_branch", "half_branch", "third_branch"):
        for name in ("layer3.1.conv2.weight", "layer4.0.conv1.weight", "layer4.1.conv2.weight"):
            np.testing.assert_array_equal(values[f"{branch}.{name}"], state[name].numpy())
    np.testing.assert_array_equal(values["reductions.0.linear.weight"], reductions)


def test_half_precision_under_a_key_and_a_prefix(tmp_path):
    wrapped = {f"module.{name}": value.half() for name, value in torchvision_state().items()}
    torch.save({"state_dict": wrapped, "epoch": 3}, tmp_path / "wrapped.pth")
    trunk = ResNetTrunk("resnet18", width=WIDTH)
    load_pretrained(trunk, tmp_path / "wrapped.pth")
    expected = torchvision_state()["layer4.0.conv1.weight"].half().numpy()
    np.testing.assert_array_equal(trunk.layer4[0].conv1.weight.asnumpy(), expected)


def test_mindcv_file_and_its_pooling(tmp_path, caplog):
    theirs = mindcv_resnet18()
    path = str(tmp_path / "resnet18.ckpt")
    ms.save_checkpoint(theirs, path)
    assert stem_pool_of(path) == "mindcv"
    trunk = ResNetTrunk("resnet18", stem_pool="mindcv")
    with caplog.at_level(logging.INFO, "mindreid"):
        load_pretrained(trunk, path)
    assert "mindcv" in caplog.text
    x = ms.Tensor(np.random.default_rng(0).standard_normal((1, 3, 64, 32)).astype(np.float32))
    expected = theirs.set_train(False).forward_features(x).asnumpy()
    np.testing.assert_allclose(trunk.set_train(False)(x).asnumpy(), expected, rtol=1e-5, atol=1e-6)
    with pytest.raises(CheckpointError, match="stem_pool='mindcv'"):
        load_pretrained(ResNetTrunk("resnet18", width=WIDTH), path)


@pytest.mark.parametrize(("begins", "is_newer"), [("11ad3fa6", True), ("0676ba61", False)])
def test_torchvision_s_newer_weights_are_no_paper_s(torch_file, monkeypatch, caplog, begins, is_newer):
    """Told by their checksum, as torchvision's names of files are."""
    monkeypatch.setattr(imagenet, "file_checksum", lambda _: begins + 56 * "0")
    load_pretrained(ResNetTrunk("resnet18", width=WIDTH), torch_file)
    assert ("IMAGENET1K_V2" in caplog.text) is is_newer


def test_no_weights_is_said_in_the_log(caplog):
    trunk = ResNetTrunk("resnet18", width=WIDTH)
    before = values_of(trunk)
    with caplog.at_level(logging.INFO, "mindreid"):
        load_pretrained(trunk, None)
    assert "random weights" in caplog.text
    assert stem_pool_of(None) == "torchvision"
    assert_unchanged(trunk, before)


def broken_files(folder, torch_file):
    content = torch_file.read_bytes()
    (folder / "truncated.pth").write_bytes(content[: len(content) // 2])
    (folder / "garbage.pth").write_bytes(b"no checkpoint at all" * 50)
    (folder / "empty.pth").write_bytes(b"")
    (folder / "list.pth").write_bytes(b"")
    torch.save([torch.zeros(3)], folder / "list.pth")
    torch.save({"conv1.weight": "text"}, folder / "text.pth")
    (folder / "garbage.ckpt").write_bytes(b"no checkpoint at all" * 50)
    (folder / "empty.ckpt").write_bytes(b"")
    (folder / "weights.onnx").write_bytes(content)


@pytest.mark.parametrize(
    ("name", "match"),
    [
        ("missing.pth", "no such checkpoint"),
        ("missing.ckpt", "no such checkpoint"),
        ("truncated.pth", "not a whole PyTorch checkpoint"),
        ("garbage.pth", "not a whole PyTorch checkpoint"),
        ("empty.pth", "not a whole PyTorch checkpoint"),
        ("list.pth", "state dict was expected, not a list"),
        ("text.pth", "'conv1.weight' is a str"),
        ("garbage.ckpt", "not a whole MindSpore checkpoint"),
        ("empty.ckpt", "not a whole MindSpore checkpoint"),
        ("weights.onnx", "torchvision file"),
    ],
)
def test_unreadable_files(tmp_path, torch_file, name, match):
    broken_files(tmp_path, torch_file)
    pool = "mindcv" if name.endswith(".ckpt") else "torchvision"
    trunk = ResNetTrunk("resnet18", width=WIDTH, stem_pool=pool)
    before = values_of(trunk)
    with pytest.raises(CheckpointError, match=match) as error:
        load_pretrained(trunk, tmp_path / name)
    assert name in str(error.value)
    assert_unchanged(trunk, before)


class Malicious:
    """Writes a file when it is unpickled."""

    def __reduce__(self):
        return (open, ("executed", "w"))


@pytest.mark.parametrize("legacy", [False, True])
def test_a_malicious_pickle_is_not_executed(tmp_path, legacy):
    path = tmp_path / "evil.pth"
    if legacy:
        path.write_bytes(pickle.dumps({"conv1.weight": Malicious()}, protocol=2))
    else:
        torch.save({"conv1.weight": Malicious()}, path)
    with pytest.raises(CheckpointError, match="never executed"):
        load_pretrained(ResNetTrunk("resnet18", width=WIDTH), path)
    assert not (tmp_path / "executed").exists()


def test_another_trunk_is_named(torch_file):
    with pytest.raises(CheckpointError, match=r"of a resnet18, the network's trunk is a resnet34"):
        load_pretrained(ResNetTrunk("resnet34", width=WIDTH), torch_file)


def test_missing_unexpected_and_misshaped_are_named(tmp_path):
    state = torchvision_state()
    del state["layer1.0.bn1.bias"]
    state["attention.weight"] = torch.zeros(2)
    state["layer2.0.conv1.weight"] = torch.zeros(3, 3)
    torch.save(state, tmp_path / "odd.pth")
    trunk = ResNetTrunk("resnet18", width=WIDTH)
    before = values_of(trunk)
    with pytest.raises(CheckpointError) as error:
        load_pretrained(trunk, tmp_path / "odd.pth")
    message = str(error.value)
    assert "1 missing (layer1.0.bn1.beta)" in message
    assert "1 unexpected (attention.weight)" in message
    assert "layer2.0.conv1.weight has shape (3, 3) instead of (16, 8, 3, 3)" in message
    assert_unchanged(trunk, before)


def test_torch_is_not_installed(torch_file, monkeypatch):
    real_import = builtins.__import__

    def no_torch(name, *args, **kwargs):
        if name == "torch":
            raise ImportError(name)
        return real_import(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", no_torch)
    with pytest.raises(MissingExtraError, match=r"mindreid\[convert\]"):
        load_pretrained(ResNetTrunk("resnet18", width=WIDTH), torch_file)


def test_a_network_without_a_trunk():
    with pytest.raises(InvalidArgumentError, match="no ResNet trunk"):
        load_pretrained(ms.nn.Dense(2, 2), "resnet18.pth")


def test_the_optimizer_s_state_in_a_mindspore_file_is_left_out(tmp_path, caplog):
    trunk = ResNetTrunk("resnet18", width=WIDTH, stem_pool="mindcv")
    entries = [{"name": name, "data": ms.Tensor(value)} for name, value in values_of(trunk).items()]
    beside = ("adam_m", "adam_v", "moments", "moment1", "moment2", "accum", "stat")
    entries += [
        {"name": f"{prefix}.{name}", "data": ms.Tensor(np.full(3, 9.0, np.float32))}
        for prefix in beside
        for name in ("conv1.weight", "classifier.weight", "layer1.0.bn1.gamma")
    ]
    entries += [
        {"name": name, "data": ms.Tensor(np.float32(1))}
        for name in ("global_step", "learning_rate", "beta1_power", "epoch_num", "step_num", "scale_sense")
    ]
    ms.save_checkpoint(entries, str(tmp_path / "resnet18.ckpt"))
    other = ResNetTrunk("resnet18", width=WIDTH, stem_pool="mindcv")
    with caplog.at_level(logging.INFO, "mindreid"):
        load_pretrained(other, tmp_path / "resnet18.ckpt")
    assert_unchanged(other, values_of(trunk))
    assert (
        "the optimiser's state is no weights; 27 tensors are left out, such as 'adam_m.conv1.weight'"
        in caplog.text
    )


@pytest.mark.parametrize("name", ["pl.ckpt", "a.pth.tar", "pytorch_model.bin"])
def test_a_file_of_pytorch_is_told_by_its_content_and_the_trunk_by_its_prefix(tmp_path, name, caplog):
    """As Lightning and fast-reid save: the trunk is a part of a larger network."""
    state = {f"model.backbone.{key}": value for key, value in torchvision_state().items()}
    torch.save({"state_dict": {**state, "model.heads.weight": torch.ones(2)}, "epoch": 1}, tmp_path / name)
    assert stem_pool_of(tmp_path / name) == "torchvision"
    trunk = ResNetTrunk("resnet18", width=WIDTH)
    with caplog.at_level(logging.INFO, "mindreid"):
        load_pretrained(trunk, tmp_path / name)
    np.testing.assert_array_equal(trunk.conv1.weight.asnumpy(), torchvision_state()["conv1.weight"].numpy())
    assert (
        "begins with 'model.backbone.'; 1 tensors are left out, such as 'model.heads.weight'" in caplog.text
    )


def test_several_trunks_in_a_file_are_not_chosen_from(tmp_path):
    state = torchvision_state()
    both = {f"{prefix}.{key}": value for prefix in ("encoder_q", "encoder_k") for key, value in state.items()}
    torch.save(both, tmp_path / "moco.pth")
    with pytest.raises(CheckpointError, match=r"several trunks, under 'encoder_q\.', 'encoder_k\.'"):
        load_pretrained(ResNetTrunk("resnet18", width=WIDTH), tmp_path / "moco.pth")


def test_our_own_checkpoint_is_another_option_s(tmp_path):
    description = Description(model="toy", network={}, num_classes=4, recipe={})
    save_weights(tmp_path / "last.ckpt", ms.nn.Dense(2, 2), description)
    with pytest.raises(CheckpointError, match=r"whole network.*train\.init_checkpoint"):
        load_pretrained(ResNetTrunk("resnet18", stem_pool="mindcv"), tmp_path / "last.ckpt")


def test_a_file_of_pytorch_is_no_checkpoint_of_ours(torch_file):
    with pytest.raises(CheckpointError, match=r"a PyTorch checkpoint, no MindSpore.*`mindreid convert`"):
        load_weights(torch_file, ResNetTrunk("resnet18", width=WIDTH))


@pytest.mark.parametrize(
    ("network", "said"),
    [(ResNetTrunk("resnet18", width=WIDTH), 1), (nn.Dense(2, 2), 0)],
    ids=["trunk", "no trunk"],
)
def test_only_a_network_with_a_trunk_is_said_to_lack_weights(network, said, caplog):
    with caplog.at_level(logging.INFO, "mindreid"):
        load_pretrained(network, None)
    assert caplog.text.count("no ImageNet weights") == said
