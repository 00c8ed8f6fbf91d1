"""PyTorch's Adam, without the compiler that it would import."""

import inspect
from collections.abc import Callable
from typing import Any

import torch

NOT_COMPILED = ("add_param_group", "load_state_dict", "state_dict", "zero_grad")


class Adam(torch.optim.Adam):
    """`torch.optim.Adam`, which starts a second faster and takes 65 MB less memory.

    PyTorch's optimizers import its compiler (800 modules, SymPy's among them) only to tell it what not to
    compile; no fit compiles anything. Some methods ask the compiler at their first call and keep its answer
    in an attribute (`torch._compile._disable_dynamo`). The answer is the method itself, so it is stored there
    beforehand, for all optimizers of the process. `step` is wrapped in a function that calls the compiler at
    every step; here the wrapped function is called directly. If another version of PyTorch does this in
    another way, the compiler is imported after all, and the steps are the same.
    """

    def __init__(self, parameters: Any, **options: Any) -> None:
        for name in NOT_COMPILED:
            method = inspect.unwrap(getattr(torch.optim.Optimizer, name))
            vars(method).setdefault("__dynamo_disable", method)
        super().__init__(parameters, **options)

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Take one step along the parameters' current gradients."""
        return _STEP(self, closure)


_STEP = inspect.unwrap(torch.optim.Adam.step)
