"""PyTorch's Adam, without the compiler that it would import."""

import inspect
from collections.abc import Callable
from typing import Any

import torch

NOT_COMPILED = ("add_param_group", "load_state_dict", "state_dict", "zero_grad")


class Adam(torch.optim.Adam):
    """`torch.optim.Adam`, ready a second sooner and with 65 MB less.

    PyTorch's optimizers import its compiler, 800 modules with SymPy's, only to tell it what not to compile;
    no fit compiles anything. Some methods ask the compiler at their first call, and keep its answer in an
    attribute (`torch._compile._disable_dynamo`): that answer, the method itself, is put there beforehand.
    `step` is wrapped in a function that tells the compiler at every call; what it wraps is called instead.
    That holds for all optimizers of the process. If another version of PyTorch does this elsewhere, it
    imports the compiler, and the steps are the same.
    """

    def __init__(self, parameters: Any, **options: Any) -> None:
        for name in NOT_COMPILED:
            method = inspect.unwrap(getattr(torch.optim.Optimizer, name))
            vars(method).setdefault("__dynamo_disable", method)
        super().__init__(parameters, **options)

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Take one step by the gradients that the parameters have."""
        return _STEP(self, closure)


_STEP = inspect.unwrap(torch.optim.Adam.step)
