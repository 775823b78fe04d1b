"""Authors' checkpoint files, from PyTorch's own writer to a network that computes what was recorded."""

import numpy as np
import pytest
from mindspore import Tensor

import mindreid
from mindreid.commands.convert import _SOURCES
from mindreid.convert import SOURCES, convert_file, from_torch, load_parameters
from mindreid.engine.checkpoints.checkpoint_files import load_weights, read_description
from mindreid.engine.checkpoints.conversion import recipe_of
from mindreid.engine.checkpoints.imagenet import load_pretrained
from mindreid.errors import CheckpointError
from mindreid.layers.resnet import ResNetTrunk
from mindreid.models.aug_ogbase import AugOGBaseObjective
from mindreid.models.cal import CALObjective
from mindreid.models.mgn import MGNObjective
from mindreid.zoo import MODELS
from tests.convert.small_files import convert, save_small
from tests.slow_cases import quick_only

torch = pytest.importorskip("torch", reason="needs the extra `convert`")

CLASSES, CLOTHES = 5, 8
# Per source: its name in checkpoints.json; its file's sections, each with the section's name there
# and the prefix that its tensors were filled under; and what else such files hold.
FILES = {
    "mgn_pytorch": ("mgn_seathiefwang", {}, {}),
    "isp_reid": ("isp", {}, {}),
    "reid_mgn": ("mgn_GNAYUOHZ", {}, {}),
    "torchvision_resnet": ("torchvision_resnet50", {}, {}),
    "simple_ccreid": (
        "simple_ccreid",
        {
            "model_state_dict": ("model_state_dict", ""),
            "classifier_state_dict": ("classifier_state_dict", "classifier/"),
            "clothes_classifier_state_dict": ("clothes_classifier_state_dict", "clothes_classifier/"),
        },
        {"rank1": np.float64(0.4), "epoch": 59},
    ),
    "fire_ccreid": (
        "fire",
        {
            "model_state_dict": ("model_state_dict", ""),
            "classifier_state_dict": ("classifier_state_dict", "classifier/"),
        },
        {"optimizer_state_dict": {"state": {}, "param_groups": [{"lr": 3.5e-4}]}, "mAP": np.float32(0.2)},
    ),
    "opengait": (
        "opengait_gaitbase",
        {"model": ("model", "")},
        {"optimizer": {"state": {}}, "scheduler": {"last_epoch": 60000}, "iteration": 60000},
    ),
}
# Per source: overrides of its recipe, the recording, the array in it, and the tag of its inputs.
RECORDINGS = {
    "mgn_pytorch": (["model.network.pool=avg"], "mgn", "seathiefwang_avg_eval_predict", "mgn/x"),
    "reid_mgn": ([], "mgn", "GNAYUOHZ_eval_predict", "mgn/x"),
    "simple_ccreid": ([], "cal", "eval_feat", "cal/x"),
    "fire_ccreid": ([], "fire", "eval_feat", "fire/x"),
    "isp_reid": ([], "isp", "eval_feat", "isp/x"),
    "opengait": ([], "gaitbase", "eval_embed_1_sample0", "gait/x"),
}


def content_of(source, torch_state):
    """What the author's script would pass to torch.save."""
    key, sections, others = FILES[source]

    def tensors(section, prefix):
        state = torch_state(key, CLASSES, num_clothes=CLOTHES, section=section, prefix=prefix)
        return {name: torch.from_numpy(value) for name, value in state.items()}

    if not sections:
        return tensors("state", "")
    return {**{top: tensors(section, prefix) for top, (section, prefix) in sections.items()}, **others}


def tensors_in(content):
    if isinstance(content, dict):
        return sum(tensors_in(part) for part in content.values())
    return int(isinstance(content, torch.Tensor))


@pytest.fixture(scope="module")
def author_file(torch_state, tmp_path_factory):
    """Write a source's file once; returns its path and how many tensors it holds."""
    folder, known = tmp_path_factory.mktemp("authors"), {}

    def write(source):
        if source not in known:
            content, path = content_of(source, torch_state), folder / f"{source}.pth"
            torch.save(content, path)
            known[source] = path, tensors_in(content)
        return known[source]

    return write


def test_every_source_has_one_model_or_is_a_trunk():
    taken = [source for name in MODELS.names() for source in MODELS[name].sources]
    assert sorted([*taken, "torchvision_resnet"]) == sorted(SOURCES)


@pytest.fixture(scope="module")
def video_state(torch_state):
    """A video checkpoint's tensors: an inflated ResNet-50, whose kernels cover one frame, and its neck."""
    trunk = torch_state("torchvision_resnet50")
    state = {name: value for name, value in trunk.items() if not name.startswith("fc.")}
    inflated = {name: value[:, :, None] if value.ndim == 4 else value for name, value in state.items()}
    words = ("weight", "bias", "running_mean", "running_var")
    return {**inflated, **{f"bn.{word}": np.full(2048, 0.5, np.float32) for word in words}}


def test_a_video_checkpoint_fills_the_clip_network(video_state, torch_state, tmp_path):
    content = {
        "model_state_dict": {
            f"module.{name}": torch.from_numpy(value) for name, value in video_state.items()
        },
        "classifier_state_dict": {"classifier.weight": torch.ones(7, 2048), "classifier.bias": torch.ones(7)},
        "epoch": 149,
    }
    torch.save(content, tmp_path / "best_model.pth.tar")
    output = tmp_path / "cal.ckpt"
    assert convert("simple_ccreid_video", tmp_path / "best_model.pth.tar", output) == 0
    description = read_description(output)
    assert (description.num_classes, description.recipe["dataset"]["name"]) == (7, "ccvid")
    network = mindreid.create_model(description.model, **description.network)
    load_weights(output, network)
    expected = torch_state("torchvision_resnet50")["layer3.2.conv2.weight"]
    np.testing.assert_array_equal(network.trunk.layer3[2].conv2.weight.asnumpy(), expected)


def test_video_networks_that_see_several_frames_at_once_are_refused(video_state):
    longer = {**video_state, "layer2.0.conv2.weight": np.zeros((128, 128, 3, 3, 3), np.float32)}
    with pytest.raises(CheckpointError, match="covers 3 frames: this is another network than C2D"):
        from_torch(longer, "simple_ccreid_video")


def recording(recorded, array, tag, fill):
    """What the author's network was given, and what it made of that."""
    shape = recorded["shape_x"]
    if tag.startswith("gait"):  # of which only the first sequence's whole embedding was kept
        return fill.fill_silhouettes(tag, shape, 1)[:1], recorded[array][None]
    return fill.fill_images(tag, shape, 1), recorded[array]


@pytest.mark.parametrize("source", quick_only(RECORDINGS, "opengait"))
def test_a_converted_file_computes_what_was_recorded(source, author_file, golden, fill, tmp_path, capsys):
    """The command, its report, its check against a recording, and a network built from the file alone."""
    path, tensors = author_file(source)
    overrides, name, array, tag = RECORDINGS[source]
    images, expected = recording(golden(name), array, tag, fill)
    np.savez(tmp_path / "recording.npz", images=images, embedding=expected)
    output = tmp_path / "converted.ckpt"
    settings = [word for override in overrides for word in ("--set", override)]
    assert convert(source, path, output, "--verify", str(tmp_path / "recording.npz"), *settings) == 0
    report = capsys.readouterr().out
    assert f"{tensors} tensors in the file" in report
    assert f"trained on {CLASSES} classes" in report
    assert "relative difference" in report
    description = read_description(output)
    assert description.num_classes == CLASSES
    network = mindreid.create_model(description.model, **description.network)
    load_weights(output, network)
    embedding = network.set_train(False)(Tensor(images)).asnumpy()
    assert np.linalg.norm(embedding - expected) / np.linalg.norm(expected) < 1e-4


@pytest.mark.parametrize("source", RECORDINGS)
def test_every_tensor_of_a_file_is_used_or_reported(source, author_file):
    path, tensors = author_file(source)
    conversion = convert_file(path, source)
    assert len(conversion.parameters) + len(conversion.left_out) == tensors
    assert len(conversion.origins) == len(conversion.parameters)
    assert conversion.num_classes == CLASSES


@pytest.mark.parametrize(
    ("source", "build"),
    [
        ("simple_ccreid", lambda network: CALObjective(network, CLASSES, [0] * CLOTHES)),
        ("opengait", lambda network: AugOGBaseObjective(network, CLASSES)),
        pytest.param("reid_mgn", lambda network: MGNObjective(network, CLASSES), marks=pytest.mark.slow),
    ],
)
def test_what_only_training_uses_fits_the_objective(source, build, author_file):
    """Strictly: no parameter of the objective is left over, none of the file has no place."""
    conversion = convert_file(author_file(source)[0], source)
    recipe = recipe_of(source)
    objective = build(mindreid.create_model(recipe.model.name, **recipe.model.network))
    load_parameters(objective, conversion.parameters)


@pytest.mark.slow
def test_a_wrong_recording_is_noticed(author_file, tmp_path, capsys):
    path, _ = author_file("torchvision_resnet")
    images = np.zeros((1, 3, 64, 32), np.float32)
    np.savez(tmp_path / "wrong.npz", images=images, embedding=np.ones((1, 2048, 2, 1), np.float32))
    options = ("--verify", str(tmp_path / "wrong.npz"))
    assert convert("torchvision_resnet", path, tmp_path / "trunk.ckpt", *options) == 2
    assert "differs from what was expected" in capsys.readouterr().err
    np.savez(tmp_path / "other.npz", x=images)
    options = ("--verify", str(tmp_path / "other.npz"))
    assert convert("torchvision_resnet", path, tmp_path / "trunk.ckpt", *options) == 2
    assert "with 'images' and 'embedding'" in capsys.readouterr().err


@pytest.mark.slow
def test_a_converted_trunk_keeps_its_stem_pooling(author_file, golden, fill, tmp_path):
    path, _ = author_file("torchvision_resnet")
    output, recorded = tmp_path / "resnet50.ckpt", golden("resnet50")
    assert convert("torchvision_resnet", path, output, "--verify") == 0
    trunk = ResNetTrunk("resnet50", last_stride=1)
    load_pretrained(trunk, output)
    images = Tensor(fill.fill_images("resnet50/x", recorded["shape_x"], 1))
    average = trunk.set_train(False)(images).asnumpy().mean((2, 3))
    assert np.linalg.norm(average - recorded["eval_s1_avg"]) / np.linalg.norm(average) < 1e-4
    with pytest.raises(CheckpointError, match="torchvision's stem pooling, the network has mindcv's"):
        load_pretrained(ResNetTrunk("resnet50", stem_pool="mindcv"), output)


@pytest.mark.parametrize("zipped", [True, False])
def test_both_formats_and_the_prefix_of_several_gpus(small_state, tmp_path, zipped):
    wrapped = {f"module.{name}": value for name, value in small_state.items()}
    path = save_small(tmp_path, {"state_dict": wrapped, "epoch": 3}, _use_new_zipfile_serialization=zipped)
    conversion = convert_file(path, "torchvision_resnet")
    assert conversion.others == ("epoch",)
    np.testing.assert_array_equal(
        conversion.parameters["layer1.0.conv1.weight"], small_state["layer1.0.conv1.weight"]
    )


@pytest.mark.parametrize(
    "number", [np.float64(0.5), np.float32(0.25), np.int64(7), np.bool_(True), np.array([0.5, 1], ">f4")]
)
@pytest.mark.parametrize("zipped", [True, False])
def test_numpy_numbers_beside_the_weights_are_harmless(small_state, tmp_path, number, zipped):
    content = {"state_dict": small_state, "rank1": number}
    path = save_small(tmp_path, content, _use_new_zipfile_serialization=zipped)
    assert convert_file(path, "torchvision_resnet").others == ("rank1",)


class Malicious:
    """Writes a file when it is unpickled."""

    def __reduce__(self):
        return (open, ("executed", "w"))


def broken(folder, state, kind):
    """Write a file that is broken in one way; returns its path."""
    state = dict(state)
    if kind == "missing":
        del state["layer1.0.bn1.bias"]
    elif kind == "extra":
        state["layer1.0.conv9.weight"] = torch.zeros(2)
    elif kind == "foreign":
        state["attention.weight"] = torch.zeros(2)
    elif kind == "misshaped":
        state["layer2.0.conv1.weight"] = torch.zeros(3, 3)
    elif kind == "malicious":
        state["conv1.weight"] = Malicious()
    elif kind == "array of objects":
        state["rank1"] = np.array([Malicious()], object)
    elif kind == "text":
        state["conv1.weight"] = "text"
    path = save_small(folder, state)
    if kind == "truncated":
        path.write_bytes(path.read_bytes()[:-1000])
    return path


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("missing", r"1 missing (layer1.0.bn1.beta)"),
        ("extra", r"1 unexpected (layer1.0.conv9.weight)"),
        ("foreign", "'attention.weight' is not a parameter of a torchvision_resnet network"),
        ("misshaped", r"layer2.0.conv1.weight has shape (3, 3) instead of (128, 64, 3, 3)"),
        ("malicious", "never executed"),
        ("array of objects", "never executed"),
        ("text", "'conv1.weight' is a str, not a tensor"),
        ("truncated", "not a whole PyTorch checkpoint"),
    ],
)
def test_a_broken_file_is_explained_and_nothing_written(small_state, tmp_path, capsys, kind, message):
    path, output = broken(tmp_path, small_state, kind), tmp_path / "out.ckpt"
    assert convert("torchvision_resnet", path, output) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert message in error
    assert error.count("\n") == 1
    assert not output.exists()
    assert not (tmp_path / "executed").exists()


def test_the_right_source_is_named(small_state, tmp_path, capsys):
    path = save_small(tmp_path, small_state)
    assert convert("reid_mgn", path, tmp_path / "out.ckpt") == 2
    assert "Fix: convert it as torchvision_resnet" in capsys.readouterr().err
    path = save_small(tmp_path, {"model_state_dict": small_state})
    assert convert("reid_mgn", path, tmp_path / "out.ckpt") == 2
    assert "Fix: convert it as torchvision_resnet" in capsys.readouterr().err


class Whole(torch.nn.Module):
    """A network that was saved whole."""


@pytest.mark.parametrize("content", [Whole(), {"model": Whole(), "epoch": 1}])
def test_a_whole_module_is_refused_with_the_way_to_save_its_weights(tmp_path, capsys, content):
    path = save_small(tmp_path, content)
    assert convert("torchvision_resnet", path, tmp_path / "out.ckpt") == 2
    error = capsys.readouterr().err
    assert "never executed: it names tests.convert.test_files.Whole" in error
    assert "torch.save(model.state_dict(), FILE)" in error
    assert "weights_only" not in error


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"<!DOCTYPE html><html>", "a web page"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0", "a pointer of Git LFS"),
        (b"\x89HDF\r\n\x1a\n" + bytes(80), "an HDF5 file"),
        (b"\x1f\x8b" + bytes(80), "a gzip archive"),
        (b"", "empty"),
    ],
)
def test_files_of_another_kind_are_named(tmp_path, capsys, content, kind):
    (tmp_path / "a.pth").write_bytes(content)
    assert convert("torchvision_resnet", tmp_path / "a.pth", tmp_path / "out.ckpt") == 2
    assert f"it is {kind}" in capsys.readouterr().err


def test_averaged_weights_are_converted_unless_others_are_asked_for(small_state, tmp_path):
    averaged = {f"module.{name}": value + 1 for name, value in small_state.items()}
    path = save_small(tmp_path, {"state_dict": small_state, "state_dict_ema": averaged})
    taken = convert_file(path, "torchvision_resnet").parameters["bn1.moving_mean"]
    plain = convert_file(path, "torchvision_resnet", "state_dict").parameters["bn1.moving_mean"]
    np.testing.assert_array_equal(taken, plain + 1)


def test_a_prefix_that_all_names_have_is_taken_off(small_state, tmp_path):
    path = save_small(tmp_path, {f"backbone.{name}": value for name, value in small_state.items()})
    assert "layer1.0.conv1.weight" in convert_file(path, "torchvision_resnet").parameters


def test_the_command_lists_the_sources():
    assert sorted(_SOURCES) == sorted(SOURCES)
