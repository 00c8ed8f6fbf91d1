"""training/config.py: the recipes, the schedules, and JSON in both directions."""

import dataclasses
import json
import math

import numpy as np
import pytest

from training.config import (
    RECIPES,
    FitConfig,
    average_weight_at,
    from_json,
    learning_rate_at,
    rate_weight_at,
    to_json,
    warp_share_at,
)

TUTORIAL = RECIPES["tutorial"]
DEFAULT = RECIPES["default"]
# One epoch, so that it has all of a schedule's steps.
ONE_EPOCH = dataclasses.replace(DEFAULT, epochs=1)
NO_HOLD = dataclasses.replace(ONE_EPOCH, warmup_epochs=0.1, hold_fraction=0.0)


def changed_json(**changes: object) -> str:
    """The default recipe's JSON with some fields' values replaced."""
    return json.dumps(json.loads(to_json(DEFAULT)) | changes)


def test_the_tutorial_recipe_is_the_tutorial_to_the_letter():
    """Batch 32, Adam at a constant 1e-4 with Keras's defaults, 10 epochs, the one-sample bound, z in 2-D."""
    assert dataclasses.asdict(TUTORIAL) == {
        "recipe": "tutorial",
        "epochs": 10,
        "batch_size": 32,
        "learning_rate": 1e-4,
        "schedule": "constant",
        "warmup_epochs": 0.0,
        "hold_fraction": 0.0,
        "rate_warmup_epochs": 0.0,
        "rate_warmup_start": 0.0,
        "encoder_step_share": 1.0,
        "first_epoch_boost": 1.0,
        "warp_share": 0.0,
        "warp_from_epoch": 2,
        "average_power": 0.0,
        "adam_beta1": 0.9,
        "adam_beta2": 0.999,
        "adam_epsilon": 1e-7,
        "rate": "sampled",
        "flip_share": 0.0,
        "shift_px": 0,
        "start_at_log_odds": False,
        "start_spread": False,
        "latent_dim": 2,
        "likelihood": "bernoulli",
        "network": "conv",
        "filters": (32, 64),
        "precision": "float32",
        "seed": 0,
        "dataset": "mnist",
        "data_key": "",
        "image_shape": (1, 28, 28),
        "levels": 2,
        "threshold": 0.0,
        "crop": "centre",
        "background": "white",
    }


def test_every_recipe_knows_its_name():
    """Every recipe's key in RECIPES is the name in its config."""
    assert all(config.recipe == name for name, config in RECIPES.items())


def test_a_config_cannot_be_changed():
    """A config is frozen, so that the config of a run is the one that it was created with."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        DEFAULT.epochs = 4


@pytest.mark.parametrize(
    "config",
    [
        *RECIPES.values(),
        dataclasses.replace(DEFAULT, seed=2**31 - 1, filters=(1, 512), latent_dim=9, learning_rate=1e-9),
        dataclasses.replace(TUTORIAL, image_shape=(3, 32, 64), rate="analytic", start_at_log_odds=True),
    ],
)
def test_json_gives_the_same_config_back(config):
    """`from_json` reads what `to_json` wrote as an equal config, with tuples as tuples."""
    assert from_json(to_json(config)) == config


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[]", "found a JSON list, expected an object"),
        ("null", "found a JSON NoneType, expected an object"),
        (changed_json(epochs="3"), "epochs: found '3', expected a whole number"),
        (changed_json(epochs=3.0), "epochs: found 3.0, expected a whole number"),
        (changed_json(learning_rate=1), "learning_rate: found 1, expected a number with a decimal point"),
        (changed_json(start_at_log_odds=1), "start_at_log_odds: found 1, expected true or false"),
        (changed_json(seed=True), "seed: found True, expected a whole number"),
        (changed_json(schedule=None), "schedule: found None, expected constant or one-cycle"),
        (changed_json(filters=32), "filters: found 32, expected a list of numbers"),
        (changed_json(filters=[]), "filters: found [], expected a list of numbers"),
        (changed_json(filters="ab"), "filters: found 'ab', expected a list of numbers"),
        (changed_json(filters=[32, 0]), "filters: found 0, expected a whole number from 1"),
        (
            changed_json(image_shape=[1, 28, None]),
            "image_shape: found None, expected a whole number",
        ),
        (changed_json(precision="float16"), "precision: found 'float16', expected float32 or bfloat16"),
        (changed_json(precision=["float32"]), "precision: found ['float32'], expected float32 or bfloat16"),
        (changed_json(hold_fraction=1), "hold_fraction: found 1, expected a number with a decimal point"),
        (changed_json(hold_fraction=1.5), "hold_fraction: found 1.5, expected a number from 0 to 1"),
        (changed_json(warmup_epochs=-0.1), "warmup_epochs: found -0.1, expected a number from 0"),
        (changed_json(latent_dim=0), "latent_dim: found 0, expected a whole number from 1"),
        (changed_json(epochs=0), "epochs: found 0, expected a whole number from 1"),
        (changed_json(batch_size=-1), "batch_size: found -1, expected a whole number from 1"),
        (changed_json(seed=-1), "seed: found -1, expected a whole number from 0"),
        (changed_json(learning_rate=0.0), "learning_rate: found 0.0, expected a number over 0"),
        (changed_json(learning_rate=math.nan), "learning_rate: found nan, expected a number over 0"),
        (changed_json(learning_rate=math.inf), "learning_rate: found inf, expected a number over 0"),
        (changed_json(adam_beta2=1.0), "adam_beta2: found 1.0, expected a number from 0 and below 1"),
        (changed_json(adam_epsilon=-1e-8), "adam_epsilon: found -1e-08, expected a number from 0"),
    ],
)
def test_other_json_is_refused_with_the_field(text, message):
    """A value of the wrong type or size is refused with its field, the value and what was expected."""
    with pytest.raises(ValueError) as error:
        from_json(text)
    assert str(error.value) == message


@pytest.mark.parametrize("text", ["", "{", to_json(DEFAULT)[:-10], "\0"])
def test_text_that_is_not_json_is_refused(text):
    """Half a file, an empty file and bytes that are not JSON are refused with a ValueError."""
    with pytest.raises(ValueError, match=r"line \d+ column \d+"):
        from_json(text)


@pytest.mark.parametrize(
    "values",
    [
        {key: value for key, value in json.loads(to_json(DEFAULT)).items() if key != "epochs"},
        json.loads(to_json(DEFAULT)) | {"dropout": 0.1},
    ],
    ids=["one too few", "one too many"],
)
def test_other_fields_are_refused(values):
    """A missing and an unknown field are refused with the fields that were found and expected."""
    names = sorted(field.name for field in dataclasses.fields(FitConfig))
    with pytest.raises(ValueError) as error:
        from_json(json.dumps(values))
    assert str(error.value) == f"found fields {sorted(values)}, expected {names}"


@pytest.mark.parametrize("name", ["hold_fraction", "precision", "seed", "image_shape"])
def test_a_config_from_before_a_field_has_its_default(name):
    """A field missing from an older run's config gets its default, which is what that fit used."""
    config = dataclasses.replace(TUTORIAL, latent_dim=3)
    values = json.loads(to_json(config))
    del values[name]
    assert from_json(json.dumps(values)) == config


def test_the_tutorials_learning_rate_is_constant():
    """With the constant schedule every step has the same learning rate."""
    assert {learning_rate_at(TUTORIAL, step, 100) for step in range(100)} == {1e-4}


def test_one_cycle_rises_to_its_peak_and_falls_to_zero():
    """The rate rises linearly over a tenth of the steps to the peak, and falls linearly over the rest."""
    config = dataclasses.replace(NO_HOLD, learning_rate=1.0)
    rates = [learning_rate_at(config, step, 1000) for step in range(1000)]
    assert rates[:100] == pytest.approx([(step + 1) / 100 for step in range(100)])
    assert rates[100:] == pytest.approx([(1000 - step) / 900 for step in range(100, 1000)])
    assert max(rates) == 1.0
    assert 0 < rates[-1] < 0.002


def test_the_warm_up_is_as_long_as_configured():
    """If the rise takes half of the steps, the peak is in the middle."""
    config = dataclasses.replace(NO_HOLD, learning_rate=1.0, warmup_epochs=0.5)
    rates = [learning_rate_at(config, step, 10) for step in range(10)]
    assert rates == pytest.approx([0.2, 0.4, 0.6, 0.8, 1, 1, 0.8, 0.6, 0.4, 0.2])


def test_the_peak_is_held_as_long_as_configured():
    """Of ten steps a fifth rises, half stays at the peak, and the rest falls linearly: 3/3, 2/3, 1/3."""
    config = dataclasses.replace(ONE_EPOCH, learning_rate=3.0, warmup_epochs=0.2, hold_fraction=0.5)
    rates = [learning_rate_at(config, step, 10) for step in range(10)]
    assert rates == pytest.approx([1.5, 3, 3, 3, 3, 3, 3, 3, 2, 1])


def test_without_a_hold_the_rate_falls_after_the_peak():
    """With hold_fraction 0 the fall begins right after the step at the peak."""
    rates = [learning_rate_at(NO_HOLD, step, 100) for step in range(100)]
    assert rates.index(max(rates)) == 9
    assert rates[11] < rates[10] == NO_HOLD.learning_rate
    assert rates[10] == pytest.approx(rates[9])


def test_a_peak_held_to_the_end_does_not_fall():
    """If the rise and the hold fill all steps, the last step is at the peak."""
    config = dataclasses.replace(ONE_EPOCH, warmup_epochs=0.5, hold_fraction=0.5)
    rates = [learning_rate_at(config, step, 10) for step in range(10)]
    assert rates[4:] == [DEFAULT.learning_rate] * 6


@pytest.mark.parametrize("hold_fraction", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("step_count", [1, 2, 3, 11])
def test_short_fits_have_a_learning_rate_too(step_count, hold_fraction):
    """However few steps there are, each has a learning rate above zero, and the largest is the peak."""
    config = dataclasses.replace(ONE_EPOCH, hold_fraction=hold_fraction)
    rates = [learning_rate_at(config, step, step_count) for step in range(step_count)]
    assert all(0 < rate <= DEFAULT.learning_rate for rate in rates)
    assert max(rates) == DEFAULT.learning_rate


def test_a_long_fit_begins_as_a_short_one():
    """Until the short fit's rate falls, a long one has the same step sizes and the same rate weights."""
    short, long = (dataclasses.replace(DEFAULT, epochs=epochs) for epochs in (2, 200))
    for value_at in (learning_rate_at, rate_weight_at):
        assert [value_at(short, s, 100) for s in range(90)] == [value_at(long, s, 100) for s in range(90)]


def test_images_are_distorted_from_an_epoch_on():
    """Before that epoch no images are distorted; from it on, the configured share is."""
    config = dataclasses.replace(DEFAULT, epochs=10, warp_share=0.8, warp_from_epoch=2)
    assert [warp_share_at(config, epoch) for epoch in range(10)] == [0.0, 0.0, *[0.8] * 8]


def test_a_fit_of_up_to_three_epochs_learns_the_images_as_they_are():
    """The default recipe distorts images from its fourth epoch on."""
    assert [warp_share_at(DEFAULT, epoch) for epoch in range(5)] == [0.0, 0.0, 0.0, 0.4, 0.4]


def test_the_rates_weight_rises_to_one():
    """The weight rises linearly over `rate_warmup_epochs`; without them it is always 1."""
    config = dataclasses.replace(DEFAULT, epochs=4, rate_warmup_epochs=0.4)
    weights = [rate_weight_at(config, step, 10) for step in range(40)]
    assert weights == [0.25, 0.5, 0.75, *[1.0] * 37]
    assert {rate_weight_at(TUTORIAL, step, 10) for step in range(100)} == {1.0}


def test_the_first_epoch_may_take_larger_steps():
    """In the first epoch the rate is the boost times the schedule's, afterwards the schedule's."""
    config = dataclasses.replace(DEFAULT, epochs=5, first_epoch_boost=2.5)
    plain = dataclasses.replace(config, first_epoch_boost=1.0)
    ratios = [learning_rate_at(config, s, 10) / learning_rate_at(plain, s, 10) for s in range(50)]
    assert ratios == pytest.approx([2.5] * 10 + [1.0] * 40)


@pytest.mark.parametrize("power", [0.5, 16.0])
def test_the_average_spans_a_share_of_the_steps_so_far(power):
    """The weights of the running average sum to 1, and their mean age after t steps is t / (γ + 2)."""
    config = dataclasses.replace(DEFAULT, average_power=power)
    weights = np.ones(0)
    for step in range(2000):
        weight = average_weight_at(config, step)
        weights = np.append(weights * (1 - weight), weight)
    assert average_weight_at(config, 0) == 1.0
    assert weights.sum() == pytest.approx(1)
    assert (weights * np.arange(2000)[::-1]).sum() == pytest.approx(2000 / (power + 2), rel=0.02)
