"""export/decoder_output.py: the tensors in the outputs of other projects' modules."""

from collections import OrderedDict, namedtuple
from dataclasses import dataclass
from types import SimpleNamespace

import pytest
import torch
from torch import Tensor
from torch.distributions import Bernoulli, ContinuousBernoulli, Gamma, Independent, Normal

from export.decoder_output import moments_of, picture_of
from export.graphs import ExportError

MEAN, LOGVAR = torch.tensor([[1.0, -2.0], [0.5, 0.0]]), torch.tensor([[0.0, -1.0], [0.3, 2.0]])
STD = (LOGVAR / 2).exp()


@dataclass
class Output:
    """An output with fields, as transformers and others have it."""

    mu: Tensor
    log_var: Tensor


FORMS = {
    "tuple": (MEAN, LOGVAR),
    "list": [MEAN, LOGVAR],
    "joined": torch.cat([MEAN, LOGVAR], dim=1),
    "dataclass": Output(MEAN, LOGVAR),
    "pythae": OrderedDict(embedding=MEAN, log_covariance=LOGVAR),
    "three fields": {"z": MEAN, "z_mean": MEAN, "z_log_var": LOGVAR},
    "named tuple": namedtuple("Moments", "std mean")(STD, MEAN),
    "variance": {"mean": MEAN, "variance": LOGVAR.exp()},
    "distribution": Normal(MEAN, STD),
    "independent": Independent(Normal(MEAN, STD), 1),
    "distribution in a tuple": (Normal(MEAN, STD),),
    "diffusers": {"latent_dist": SimpleNamespace(mean=MEAN, logvar=LOGVAR, std=STD, parameters=MEAN)},
}


@pytest.mark.parametrize("form", FORMS)
def test_mean_and_log_variance(form):
    """Every form gives the same two tensors."""
    mean, logvar = moments_of(FORMS[form])
    torch.testing.assert_close((mean, logvar), (MEAN, LOGVAR))


@pytest.mark.parametrize(
    "spread, second", [("std", STD), ("log_std", LOGVAR / 2), ("variance", LOGVAR.exp())]
)
def test_a_second_tensor_without_a_name(spread, second):
    """The caller says what the second tensor is."""
    torch.testing.assert_close(moments_of((MEAN, second), spread)[1], LOGVAR)


@pytest.mark.parametrize(
    "output, words",
    [
        ((MEAN, MEAN, LOGVAR), r"a tuple of float32 \[2, 2\], float32 \[2, 2\], float32 \[2, 2\]"),
        ({"embedding": MEAN}, r"a dict of embedding: float32 \[2, 2\]"),
        (torch.zeros(2, 3), r"a tensor float32 \[2, 3\]"),
        (Gamma(STD, STD), "a Gamma"),
        (None, "a NoneType"),
    ],
)
def test_what_has_not_both_is_named(output, words):
    """The message says what was found and what was expected."""
    with pytest.raises(ExportError, match=f"the encoder: found {words}, expected mean and log-variance"):
        moments_of(output)


def test_pictures():
    """A single tensor, a tensor in a tuple, and one in a named field among others give the same picture."""
    picture = torch.rand(2, 1, 3, 3)
    outputs = (
        picture,
        (picture,),
        {"reconstruction": picture, "loss": MEAN},
        SimpleNamespace(sample=picture),
    )
    for output in outputs:
        given = picture_of(output)
        assert given.values is picture and given.likelihood is None and given.log_scale is None


def test_distributions_of_pictures():
    """A distribution says its likelihood; the numbers are its logits, or its mean and scale."""
    assert picture_of(Independent(Bernoulli(logits=MEAN), 1)).likelihood == "bernoulli"
    given = picture_of(ContinuousBernoulli(logits=MEAN))
    assert given.likelihood == "continuous-bernoulli"
    torch.testing.assert_close(given.values, MEAN)
    for output in (Normal(MEAN, STD), {"mean": MEAN, "logvar": LOGVAR}, {"p": Normal(MEAN, STD)}):
        given = picture_of(output)
        assert given.likelihood == "gaussian"
        torch.testing.assert_close((given.values, given.log_scale), (MEAN, LOGVAR / 2))


@pytest.mark.parametrize("output", [(MEAN, MEAN), {"a": MEAN, "b": MEAN}, Gamma(STD, STD), 3])
def test_what_is_no_picture_is_named(output):
    """The message begins with the output that was found."""
    with pytest.raises(ExportError, match=r"the decoder: found a .*, expected one tensor of pictures"):
        picture_of(output)
