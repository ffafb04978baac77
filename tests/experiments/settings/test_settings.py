"""Settings: what may be said, and what is answered to the rest."""

from dataclasses import FrozenInstanceError, fields, replace

import pytest
from repdyn.experiments import Digits, SettingError, TwoPoints, find_setting, load_settings, override
from repdyn.experiments.settings import Context, DigitStructure, HeldOutDigits, Xor

EXPERIMENTS = "two_points, digits, digit_structure, xor, context"

PAPER = {  # van Rossem & Saxe, arXiv 2402.09142: gain, learning rate at 3,000 steps, width, hidden layers, layer
    "default": (1.0, 0.01, 500, 20, 10),
    "shallow": (0.35, 0.02, 500, 2, 1),
    "narrow": (1.05, 0.01, 50, 20, 10),
    "linear": (0.85, 0.0025, 500, 20, 10),
    "elu": (0.95, 0.0009, 500, 20, 10),
    "tanh": (0.85, 0.0025, 500, 20, 10),
    "relu": (1.0, 0.01, 500, 20, 10),
    "swish": (1.7, 0.005, 500, 20, 10),
    "two_layer": (0.1, 0.01, 500, 1, 0),
    "gain_0.9": (0.9, 0.03, 500, 20, 10),
    "gain_1.1": (1.1, 0.005, 500, 20, 10),
    "gain_1.2": (1.2, 0.0025, 500, 20, 10),
    "gain_1.3": (1.3, 0.0015, 500, 20, 10),
    "gain_1.4": (1.4, 0.0005, 500, 20, 10),
    "gain_1.6": (1.6, 3e-6, 500, 20, 10),
    "skip": (0.1, 0.02, 500, 20, 10),
    "cnn": (0.95, 0.004, 500, 10, 5),
    "dropout": (1.0, 0.01, 500, 10, 5),
    "adam": (1.0, 1e-6, 500, 20, 10),
}


@pytest.mark.parametrize("name", PAPER)
def test_two_point_settings_are_the_papers_at_half_the_rate_and_twice_the_steps(name: str) -> None:
    setting = find_setting(name)
    gain, lr, width, hidden_layers, layer = PAPER[name]
    assert isinstance(setting, TwoPoints)
    assert (setting.gain, setting.width, setting.hidden_layers, setting.layer) == (gain, width, hidden_layers, layer)
    assert setting.lr == pytest.approx(lr / 2)
    steps = 1500 if name == "cnn" else 6000  # 1,500 were recorded
    assert (setting.steps, setting.dx2, setting.dy2) == (steps, 1.0, 0.5)


def test_the_architectures_and_optimisers_of_the_paper_have_their_settings() -> None:
    expected = {"skip": "residual", "cnn": "cnn", "default": "mlp"}
    assert {name: find_setting(name).model for name in expected} == expected
    assert find_setting("dropout").dropout == 0.1
    assert find_setting("adam").optimiser == "adam"


def test_settings_are_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        find_setting("default").lr = 1.0


def test_a_setting_written_as_toml_reads_back_as_itself(tmp_path) -> None:
    others = (Xor(gain=2.0), Context(positions=20), HeldOutDigits(held_out="0" * 16), DigitStructure(shown=20))
    settings = load_settings() | {type(x).__name__: replace(x, name=type(x).__name__) for x in others}
    for name, setting in settings.items():
        path = tmp_path / f"{name}.toml"
        path.write_text(setting.toml())
        assert find_setting(name, path) == setting


def test_the_digest_changes_with_every_field_that_decides_the_outcome() -> None:
    setting = TwoPoints(dy2=1.0)
    changed = {"model": "gru", "nonlinearity": "tanh", "optimiser": "adam", "loss": "cross_entropy"}
    changed |= {"layer": 3, "dropout": 0.5, "batch": 1, "device": "mps"}
    for f in fields(setting):
        if f.metadata["identity"]:
            value = changed[f.name] if f.name in changed else getattr(setting, f.name) + 1
            assert replace(setting, **{f.name: value}).digest != setting.digest, f.name


def test_the_digest_does_not_depend_on_where_the_data_lies_but_on_what_it_is() -> None:
    here, there = (Digits(data_dir=folder, checksum="0" * 16).digest for folder in ("here", "there"))
    assert here == there
    assert here != Digits(data_dir="here", checksum="1" * 16).digest
    assert here != Digits(checksum="0" * 16).digest


def test_digits_that_nobody_has_looked_at_have_no_digest() -> None:
    with pytest.raises(SettingError, match=r"digits are known by their images: take the digest of identified\(setting"):
        assert Digits().digest


@pytest.mark.parametrize(("name", "digest"), [("default", "a65eb58e"), ("gru", "e2a58c43"), ("adam", "0348253d")])
def test_runs_that_read_no_data_are_found_where_they_always_were(name: str, digest: str) -> None:
    assert find_setting(name).digest == digest


def test_of_the_two_zeros_there_is_one_run() -> None:
    assert TwoPoints(dropout=-0.0).digest == TwoPoints().digest


def test_data_dir_chooses_mnist() -> None:
    assert Digits().data == "load_digits"
    assert override(Digits(), {"data_dir": "folder"}).data == "mnist"


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"lr": -1.0}, r"lr must be positive and finite, got -1\.0"),
        ({"lr": float("nan")}, "lr must be positive and finite, got nan"),
        ({"lr": float("inf")}, "lr must be positive and finite, got inf"),
        ({"steps": 0}, "steps must be positive and finite, got 0"),
        ({"seed": -1}, "seed must be not negative and finite, got -1"),
        ({"steps": 2.5}, r"steps must be of type int, got 2\.5"),
        ({"steps": True}, "steps must be of type int, got True"),
        ({"lr": True}, "lr must be of type float, got True"),
        ({"seed": 2**63}, "seed must be below 2\\^63, got 9223372036854775808"),
        ({"seed": 10**5000}, "seed must be below 2\\^63, got an integer of 16610 bits"),
        (
            {"lr": 10**5000},
            r"lr must be between 1e-30 and 1e\+30, as .* single precision, got an integer of 16610 bits",
        ),
        ({"gain": 1e308}, r"gain must be between 1e-30 and 1e\+30, .* got 1e\+308"),
        ({"lr": 5e-324}, r"lr must be between 1e-30 and 1e\+30, .* got 5e-324"),
        ({"dropout": 1e-310}, r"dropout must be between 1e-30 and 1e\+30, or 0, .* got 1e-310"),
        ({"dx2": 1e-9}, "dx2 must be at least 1e-08, as points near 1 are told apart in single precision, got 1e-09"),
        ({"dy2": 1e-9}, "dy2 must be 0 or at least 1e-08, as .* got 1e-09"),
        ({"steps": 10**18}, "steps must be at most 1,000,000,000, got 1,000,000,000,000,000,000"),
        ({"threads": 10**6}, "threads must be at most 1,024, got 1,000,000"),
        ({"every": 6001}, "every must be at most steps, got every 6001 of 6000 steps; lower every"),
        ({"name": "."}, "the name of a setting is made of letters, .* begins with none of '.' and '-', .* got '.'"),
        ({"name": ".."}, r"the name of a setting .* got '\.\.'"),
        ({"name": "-x"}, "the name of a setting .* got '-x'"),
        ({"name": "a\n"}, r"the name of a setting .* got 'a\\n'"),
        ({"name": "é" * 51}, "the name of a setting .* at most 100 bytes long, got 'é"),
        ({"model": "transformer", "width": 7}, "width of a transformer must be a multiple of its 4 heads, got 7"),
        ({"model": "layer_norm", "width": 2}, "width must be at least 3 under layer_norm, .* got 2"),
        ({"model": "gru", "nonlinearity": "tanh"}, "a gru has nonlinearities of its own, got 'tanh'; leave"),
        ({"model": "transformer", "nonlinearity": "none"}, "a transformer has nonlinearities of its own, got 'none'"),
        ({"gain": "much"}, "gain must be of type float, got 'much'"),
        ({"nonlinearity": "sine"}, "nonlinearity must be one of leaky_relu, .*, got 'sine'"),
        ({"model": "lstm"}, "model must be one of mlp, residual, .*, got 'lstm'"),
        ({"optimiser": "lion"}, "optimiser must be one of sgd, momentum, adam, got 'lion'"),
        ({"device": "tpu"}, "device must be one of cpu, cuda, mps, got 'tpu'"),
        ({"loss": "hinge"}, "loss must be one of squared_error, cross_entropy, got 'hinge'"),
        ({"dropout": 1.0}, r"dropout is a share below 1 in an mlp, got 1\.0 in model 'mlp'"),
        ({"dropout": 0.1, "model": "cnn"}, r"dropout is a share below 1 in an mlp, got 0\.1 in model 'cnn'"),
        ({"batch": 3}, "batch must be 1 or 2, as there are two points, got 3"),
        ({"loss": "cross_entropy"}, r"it needs dy2 = 1 and output_size = 1, got 0\.5 and 1"),
        ({"layer": 20}, "layer must be below hidden_layers, counted from 0, got layer 20 of 20"),
        ({"depth": 3}, "two_points has no field 'depth'; its fields are name, seed, model, nonlinearity, "),
    ],
)
def test_values_out_of_range_are_refused(values: dict, words: str) -> None:
    with pytest.raises(SettingError, match=words):
        override(TwoPoints(), values)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"data": "cifar"}, "data must be mnist or load_digits, got 'cifar'"),
        ({"data_dir": "\udcff"}, r"data_dir must be text that can be written as UTF-8, got '\\udcff'"),
        ({"checksum": "abc"}, "checksum must be 16 hexadecimal digits, as a run writes it, or empty, got 'abc'"),
        ({"batch": 10**12}, "training takes about .* GiB, most of it for activations, .* number of points"),
        ({"data": "mnist"}, "data = 'mnist' and data_dir = '' do not go together"),
        ({"data": "load_digits", "data_dir": "x"}, "data = 'load_digits' and data_dir = 'x' do not go together"),
    ],
)
def test_data_sets_out_of_range_are_refused(values: dict, words: str) -> None:
    with pytest.raises(SettingError, match=words):
        override(Digits(), values)


def test_an_unknown_setting_names_those_there_are() -> None:
    with pytest.raises(SettingError, match="there is no setting 'nosuch'; there are default, shallow"):
        find_setting("nosuch")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[a", "is not TOML"),
        ("a = 1", r"'a' must be a table \[NAME\] with an experiment, got 1"),
        (
            "[a]\nlr = 1.0",
            f"setting 'a': experiment must be one of {EXPERIMENTS}, got None",
        ),
        (
            "[a]\nexperiment = []",
            rf"setting 'a': experiment must be one of {EXPERIMENTS}, got \[\]",
        ),
        ("", r"settings.toml holds no settings; each is a table \[NAME\] with an experiment"),
        ('[""]\nexperiment = "digits"', "the name of a setting is that of its table, and is not empty; name the table"),
        ('[a]\nexperiment = "digits"\nname = "b"', "setting 'a': the name of a setting is that of its table"),
        ('[a]\nexperiment = "digits"\n[a]', "is not TOML: Cannot declare"),
        ('[a]\nexperiment = "digits"\n[a.b]\nlr = 1.0', "setting 'a': digits has no field 'b'"),
        ('[a]\nexperiment = "digits"\nlr = [0.1]', r"setting 'a': lr must be of type float, got \[0\.1\]"),
        ('[a]\nexperiment = "digits"\nlr = 2024-01-01', "setting 'a': lr must be of type float, got datetime.date"),
        ('[a]\nexperiment = "digits"\nlr = true', "setting 'a': lr must be of type float, got True"),
        (f'[a]\nexperiment = "digits"\nseed = {"9" * 5000}', "settings.toml is not TOML: Exceeds the limit"),
        ("a = " + "[" * 10_000, "settings.toml is not TOML of settings: it is nested too deep"),
        ('["a/b"]\nexperiment = "digits"', "the name of a setting is made of letters, digits, .* got 'a/b'"),
        ('[a]\nexperiment = "two_points"\nrate = 1.0', "two_points has no field 'rate'"),
    ],
)
def test_files_that_hold_no_settings_are_refused(tmp_path, text: str, words: str) -> None:
    path = tmp_path / "settings.toml"
    path.write_text(text)
    with pytest.raises(SettingError, match=words):
        load_settings(path)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (
            {"width": 10**9},
            r"training takes about 1\.42e\+11 GiB, most of it for weights, and may take 16 GiB; lower width",
        ),
        ({"hidden_layers": 10**9}, "most of it for weights, and may take 16 GiB; lower width, hidden_layers or"),
        ({"input_size": 10**12}, "most of it for weights"),
        ({"output_size": 10**12}, "most of it for weights"),
        ({"steps": 10**9}, "most of it for records, and may take 16 GiB; lower steps or hidden_layers, or raise every"),
    ],
)
def test_what_no_machine_holds_is_refused_before_it_is_tried(values: dict, words: str) -> None:
    with pytest.raises(SettingError, match=words):
        override(TwoPoints(), values)


def test_every_listed_setting_is_far_from_what_a_machine_holds() -> None:
    for setting in load_settings().values():
        override(setting, {"width": 4 * setting.width, "steps": 4 * setting.steps})


@pytest.mark.parametrize("folder", ["größe", "\U0001f600", 'a"b\\c', "tab\there", "\x7f"])
def test_whatever_a_folder_is_called_its_setting_reads_back(tmp_path, folder: str) -> None:
    setting = Digits(name="größe", data_dir=folder)
    (tmp_path / "config.toml").write_text(setting.toml(), "utf-8")
    assert find_setting("größe", tmp_path / "config.toml") == setting


def test_a_file_of_settings_that_is_not_there_or_no_file_is_named(tmp_path) -> None:
    with pytest.raises(FileNotFoundError, match=r"there is no file .*nosuch\.toml; give a TOML file of settings"):
        load_settings(tmp_path / "nosuch.toml")
    with pytest.raises(SettingError, match=r"cannot be read \(Is a directory\); give a TOML file of settings"):
        load_settings(tmp_path)


def test_a_file_that_is_not_utf_8_is_refused(tmp_path) -> None:
    path = tmp_path / "settings.toml"
    path.write_bytes("[größe]".encode("latin-1"))
    with pytest.raises(SettingError, match=r"settings.toml is not UTF-8, as TOML must be: .* at byte 3"):
        load_settings(path)
