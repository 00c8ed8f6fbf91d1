"""The config of a fit: a frozen dataclass, the named recipes and schedules, and JSON in both directions."""

import dataclasses
import json
import math
import sys
from dataclasses import dataclass
from typing import Annotated, Any, Literal, get_args, get_origin

from cattrs import Converter, transform_error
from cattrs.errors import ClassValidationError

Schedule = Literal["constant", "one-cycle"]
Rate = Literal["sampled", "analytic"]
Precision = Literal["float32", "bfloat16"]
LikelihoodName = Literal["bernoulli", "continuous-bernoulli", "gaussian", "logistic"]
NetworkName = Literal["conv", "mlp"]
Crop = Literal["centre", "pad"]


@dataclass(frozen=True)
class Within:
    """The range of a number, both ends included, and the same range in words."""

    least: float
    most: float
    words: str


KINDS = {str: "a text", bool: "true or false", int: "a whole number", float: "a number with a decimal point"}
MAX = sys.float_info.max
Count = Annotated[int, Within(1, math.inf, "a whole number from 1")]
Index = Annotated[int, Within(0, math.inf, "a whole number from 0")]
Positive = Annotated[float, Within(math.ulp(0.0), MAX, "a number over 0")]
NotNegative = Annotated[float, Within(0, MAX, "a number from 0")]
Share = Annotated[float, Within(0, 1, "a number from 0 to 1")]
Levels = Annotated[int, Within(2, 256, "2 or 256")]
Decay = Annotated[float, Within(0, math.nextafter(1, 0), "a number from 0 and below 1")]


@dataclass(frozen=True)
class FitConfig:
    """Everything that decides the result of a fit, except the machine.

    Attributes:
        recipe: name of the recipe that the other fields started from.
        epochs: passes over the training images.
        batch_size: images per step.
        learning_rate: Adam's step size; with the "one-cycle" schedule, its peak.
        encoder_step_share: the encoder's step size as a share of `learning_rate`, which is the decoder's.
        schedule: "constant", or "one-cycle": a linear rise over `warmup_epochs`, `hold_fraction` of all steps
            at the peak, and a linear fall to zero over the rest.
        warmup_epochs: see `schedule`; in epochs rather than as a share of the fit, because the warm-up needs
            the same time however long the fit is.
        hold_fraction: see `schedule`.
        rate_warmup_epochs: number of epochs in which the weight of the rate in the minimised loss rises
            linearly from 0 to 1, so that the images spread before the prior holds them together (Sønderby et
            al. 2016, "Ladder variational autoencoders", section 2.3: warm-up). Reported losses are
            unweighted.
        rate_warmup_start: the rate's weight at the beginning. From a value above 1 the weight falls to 1:
            where pixels are worth thousands of nats, the prior then holds the images together before they
            spread.
        first_epoch_boost: factor on the step sizes of the first epoch, in which the images find their places
            in the latent space.
        warp_share: share of the training images that are distorted, anew in each epoch.
        warp_from_epoch: first epoch (from 0) with distorted images. Before it the images find their places in
            the latent space; images seen once or twice are not memorised yet.
        average_power: γ of the running average of the weights, which is the result of a fit (see
            `average_weight_at`). It spans about the last 1/(γ + 1) of the steps so far; with 0 the result is
            the weights of the last step.
        adam_beta1: decay of Adam's first moment.
        adam_beta2: decay of Adam's second moment.
        adam_epsilon: added to the root of the second moment (Keras's default is 1e-7, PyTorch's 1e-8).
        rate: "sampled" uses log q(z|x) − log p(z) at the one sample drawn, "analytic" the exact KL.
        start_at_log_odds: start the output's bias at the mean of the training images instead of at zero.
        start_spread: start with the hinges of the decoder's first layer spread over the prior, and with
            narrow posteriors (`ConvVAE.spread_over_prior`).
        flip_share: share of the training images that are mirrored, left to right, anew in each epoch.
        shift_px: the training images are shifted by up to so many pixels in both directions, anew in each
            epoch; the gap is filled with copies of the edge.
        latent_dim: dimensions of z.
        likelihood: p(x|z): what the decoder's numbers mean (`training.likelihood`).
        network: "conv", or "mlp": a perceptron, for small images.
        filters: channels after each of the encoder's convolutions, one for each time that it halves the
            images, or the units of the perceptron's hidden layers; the decoder mirrors them.
        precision: number format of the networks' arithmetic, by autocast; weights and the bound are float32.
        seed: decides the initial weights, the order of the images and the posterior samples.
        dataset: name of the dataset, or the path or pattern of its files.
        data_key: a hash of the images and labels; empty for the embedded MNIST.
        image_shape: channels, height, width.
        levels: how many values the numbers of an image can have: 2 or 256.
        threshold: numbers above this share of white become 1, others 0; with 0 images keep their levels. The
            embedded MNIST is already thresholded.
        crop: how pictures of another aspect ratio get the images' size (`training.data.form.Form`).
        background: colour behind transparent pictures.
    """

    recipe: str
    epochs: Count
    batch_size: Count
    learning_rate: Positive
    schedule: Schedule
    warmup_epochs: NotNegative = 0.0
    hold_fraction: Share = 0.0
    rate_warmup_epochs: NotNegative = 0.0
    rate_warmup_start: NotNegative = 0.0
    encoder_step_share: Share = 1.0
    first_epoch_boost: Positive = 1.0
    warp_share: Share = 0.0
    warp_from_epoch: Index = 2
    average_power: NotNegative = 0.0
    adam_beta1: Decay = 0.9
    adam_beta2: Decay = 0.999
    adam_epsilon: NotNegative = 1e-8
    rate: Rate = "analytic"
    flip_share: Share = 0.0
    shift_px: Index = 0
    start_at_log_odds: bool = False
    start_spread: bool = False
    latent_dim: Count = 2
    likelihood: LikelihoodName = "bernoulli"
    network: NetworkName = "conv"
    filters: tuple[Count, ...] = (32, 64)
    precision: Precision = "float32"
    seed: Index = 0
    dataset: str = "mnist"
    data_key: str = ""
    image_shape: tuple[Count, Count, Count] = (1, 28, 28)
    levels: Levels = 2
    threshold: Share = 0.0
    crop: Crop = "centre"
    background: str = "white"

    @property
    def changes_images(self) -> bool:
        """Whether an epoch's images are warped, flipped or shifted."""
        return bool(self.warp_share or self.flip_share or self.shift_px)


# Why these numbers, and what was tried beside them: training/README.md, "Why".
_DEFAULT = FitConfig(
    recipe="default",
    epochs=3,
    batch_size=32,
    learning_rate=8e-3,
    schedule="one-cycle",
    warmup_epochs=0.1,
    hold_fraction=0.4,
    rate_warmup_epochs=0.15,
    encoder_step_share=0.25,
    warp_share=0.4,
    warp_from_epoch=3,
    average_power=16.0,
    adam_beta1=0.8,
    adam_beta2=0.98,
    start_at_log_odds=True,
    start_spread=True,
)
# Warps are made for handwriting, so there are none here. A pixel with levels is worth more nats than a binary
# one, and the rate hardly holds the images together: at first it has thirty times its weight.
_GREY = dataclasses.replace(
    _DEFAULT,
    recipe="grey",
    epochs=10,
    batch_size=64,
    learning_rate=4e-3,
    rate_warmup_epochs=1.0,
    rate_warmup_start=30.0,
    warp_share=0.0,
    likelihood="gaussian",
    levels=256,
)
# In many dimensions there is room: the images spread first.
_COLOUR = dataclasses.replace(
    _GREY,
    epochs=30,
    batch_size=32,
    learning_rate=2e-3,
    warmup_epochs=1.0,
    rate_warmup_epochs=2.0,
    rate_warmup_start=0.0,
    encoder_step_share=0.5,
    flip_share=0.5,
    adam_beta1=0.9,
    adam_beta2=0.99,
    latent_dim=64,
)
RECIPES = {
    "default": _DEFAULT,
    "best": dataclasses.replace(
        _DEFAULT,
        recipe="best",
        epochs=320,
        batch_size=64,
        learning_rate=4e-3,
        hold_fraction=0.35,
        first_epoch_boost=2.5,
        warp_share=0.8,
        warp_from_epoch=2,
    ),
    "wide": dataclasses.replace(
        _DEFAULT,
        recipe="wide",
        epochs=20,
        batch_size=48,
        learning_rate=1e-3,
        filters=(512, 512),
        precision="bfloat16",
    ),
    "mlp": dataclasses.replace(
        _DEFAULT,
        recipe="mlp",
        network="mlp",
        filters=(512, 256),
        batch_size=128,
        learning_rate=4e-3,
        encoder_step_share=1.0,
    ),
    "grey": _GREY,
    "colour32": dataclasses.replace(
        _COLOUR, recipe="colour32", filters=(32, 64, 128), image_shape=(3, 32, 32)
    ),
    "colour64": dataclasses.replace(
        _COLOUR, recipe="colour64", filters=(16, 32, 128, 256), image_shape=(3, 64, 64)
    ),
    "tutorial": FitConfig(
        recipe="tutorial",
        epochs=10,
        batch_size=32,
        learning_rate=1e-4,
        schedule="constant",
        adam_epsilon=1e-7,
        rate="sampled",
    ),
}
# On a GPU a step of 64 images hardly takes longer than one of 32, so that a fit takes two thirds of the time
# and reaches the same ELBO (training/README.md, "On a GPU").
CUDA_STEPS: dict[str, dict[str, Any]] = {"default": {"batch_size": 64, "learning_rate": 1.1e-2}}


def learning_rate_at(config: FitConfig, step: int, steps_per_epoch: int) -> float:
    """The learning rate of step `step` (from 0)."""
    count = config.epochs * steps_per_epoch
    peak = config.learning_rate * (config.first_epoch_boost if step < steps_per_epoch else 1.0)
    if config.schedule == "constant":
        return peak
    warmup_steps = max(1, math.ceil(config.warmup_epochs * steps_per_epoch))
    rise = (step + 1) / warmup_steps
    hold_steps = math.floor(config.hold_fraction * count)
    fall = (count - step) / max(1, count - warmup_steps - hold_steps)
    return peak * min(1.0, rise, fall)


def rate_weight_at(config: FitConfig, step: int, steps_per_epoch: int) -> float:
    """The weight of the rate in the loss that step `step` (from 0) minimises."""
    warmup_steps = max(1, math.ceil(config.rate_warmup_epochs * steps_per_epoch))
    start = config.rate_warmup_start
    return start + (1.0 - start) * min(1.0, (step + 1) / warmup_steps)


def average_weight_at(config: FitConfig, step: int) -> float:
    """The share of the model's weights after step `step` (from 0) in their running average; 1 at step 0.

    Polynomial-decay averaging: (γ + 1) / (t + γ) at step t from 1 (Shamir and Zhang 2013, "Stochastic
    gradient descent for non-smooth optimization", section 4).
    """
    return (config.average_power + 1) / (step + 1 + config.average_power)


def warp_share_at(config: FitConfig, epoch: int) -> float:
    """The share of the training images that are distorted in epoch `epoch` (from 0)."""
    return config.warp_share if epoch >= config.warp_from_epoch else 0.0


def to_json(config: FitConfig) -> str:
    """All fields as JSON text that `from_json` reads."""
    return json.dumps(dataclasses.asdict(config), indent=2) + "\n"


def from_json(text: str) -> FitConfig:
    """A config from what `to_json` wrote. Raises ValueError on anything else, saying what was wrong.

    A field that a newer version added may be missing: its default is what fits did before that version.
    """
    values: Any = json.loads(text)
    if not isinstance(values, dict):
        raise ValueError(f"found a JSON {type(values).__name__}, expected an object")
    fields = dataclasses.fields(FitConfig)
    names = {field.name for field in fields}
    required = {field.name for field in fields if field.default is dataclasses.MISSING}
    if not required <= values.keys() <= names:
        raise ValueError(f"found fields {sorted(values)}, expected {sorted(names)}")
    try:
        return _CONVERTER.structure(values, FitConfig)
    except ClassValidationError as error:
        words, _, where = transform_error(error, "", lambda found, _: str(found))[0].rpartition(" @ .")
        raise ValueError(f"{where}: {words}") from error


def _exact(value: object, kind: type) -> Any:
    if type(value) is not kind:
        raise ValueError(f"found {value!r}, expected {KINDS[kind]}")
    return value


def _choice(value: object, kind: Any) -> Any:
    if value not in get_args(kind):
        raise ValueError(f"found {value!r}, expected {' or '.join(get_args(kind))}")
    return value


def _number(value: object, kind: Any) -> Any:
    number, within = get_args(kind)
    if not within.least <= _exact(value, number) <= within.most:
        raise ValueError(f"found {value!r}, expected {within.words}")
    return value


def _numbers(value: object, kind: Any) -> Any:
    items = get_args(kind)
    is_any = items[-1] is ...
    if type(value) is not list or not value or (not is_any and len(value) != len(items)):
        how_many = "" if is_any else f"{len(items)} "
        raise ValueError(f"found {value!r}, expected a list of {how_many}numbers")
    return tuple(map(_number, value, items[:1] * len(value) if is_any else items))


# Reads a FitConfig by its annotations and converts nothing: "3" and 3.0 are not accepted as whole numbers.
_CONVERTER = Converter()
for _kind in KINDS:
    _CONVERTER.register_structure_hook(_kind, _exact)
for _origin, _hook in ((Literal, _choice), (Annotated, _number), (tuple, _numbers)):
    _CONVERTER.register_structure_hook_func(
        lambda kind, origin=_origin: get_origin(kind) is origin,  # type: ignore[misc]
        _hook,
    )
