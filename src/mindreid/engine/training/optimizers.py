"""Optimisers that update exactly as PyTorch's, built by name from a recipe.

Weight decay applies to every parameter, scales and biases of norms included; MindSpore's
optimisers leave those out unless parameters come in groups. Each optimiser's own state is a set
of Parameters under unique names, so a checkpoint of all parameters is enough to resume. The rate
that a recipe asks for stays with the optimiser as ``base_rate``; schedules are factors of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import mindspore as ms
from mindspore import Parameter, Tensor, nn, ops

from mindreid.errors import InvalidArgumentError
from mindreid.zoo import OPTIMIZERS

Betas = tuple[float, float]

# Mapped over all parameters at once: a loop over hundreds of them takes long to compile.
_adam_update = ops.MultitypeFuncGraph("adam_update")
_shrink = ops.MultitypeFuncGraph("shrink")
_nesterov_update = ops.MultitypeFuncGraph("nesterov_update")


@_adam_update.register("Function", "Tuple", "Tensor", "Tensor", "Tensor", "Tensor")
def _update_parameter(
    kernel: Any,
    constants: tuple[Tensor, ...],
    weight: Tensor,
    first: Tensor,
    second: Tensor,
    gradient: Tensor,
) -> bool:
    kernel(weight, first, second, *constants, gradient)
    return True


@_adam_update.register("Function", "Tuple", "Tensor", "Tensor", "Tensor", "Tensor", "Tensor")
def _update_with_peak(
    kernel: Any,
    constants: tuple[Tensor, ...],
    weight: Tensor,
    first: Tensor,
    second: Tensor,
    gradient: Tensor,
    peak: Tensor,
) -> bool:
    kernel(weight, first, second, peak, *constants, gradient)
    return True


@_shrink.register("Tensor", "Tensor")
def _shrink_parameter(factor: Tensor, weight: Tensor) -> Tensor:
    return ops.assign(weight, weight * factor)


@_nesterov_update.register("Tensor", "Tensor", "Tensor", "Tensor", "Tensor")
def _update_by_nesterov(
    lr: Tensor, momentum: Tensor, weight: Tensor, moment: Tensor, gradient: Tensor
) -> Tensor:
    moved = ops.assign(moment, moment * momentum + gradient)
    return ops.assign(weight, weight - lr * (gradient + momentum * moved))


class NesterovMomentum(nn.Optimizer):
    r"""Stochastic gradient descent with Nesterov's momentum, as PyTorch has it.

    .. math::
        v \leftarrow \mu v + g, \qquad w \leftarrow w - \mathrm{lr}\, (g + \mu v)

    ``mindspore.nn.Momentum(use_nesterov=True)`` leaves Nesterov's part out on CPU without a word.

    Parameters
    ----------
    parameters : sequence of Parameter
        What to update.
    lr, momentum, weight_decay : float
        The constants above; ``weight_decay * w`` is added to ``g`` first.
    """

    def __init__(
        self, parameters: Sequence[Parameter], *, lr: float, momentum: float, weight_decay: float
    ) -> None:
        super().__init__(lr, _one_group(parameters, weight_decay))
        self.momentum = Tensor(momentum, ms.float32)
        self.moments = self.parameters.clone(prefix="moments", init="zeros")

    @ms.jit
    def construct(self, gradients: tuple[Tensor, ...]) -> bool:
        """Update every parameter with its gradient, in the order of ``parameters``."""
        gradients = self.decay_weight(gradients)
        lr = self.get_lr()
        self.assignadd(self.global_step, self.global_step_increase_tensor)
        update = ops.partial(_nesterov_update, lr, self.momentum)
        self.hyper_map(update, self.parameters, self.moments, gradients)
        return True


class Adam(nn.Optimizer):
    r"""Adam with bias correction, optionally AMSGrad or decoupled weight decay (AdamW).

    .. math::
        m &\leftarrow \beta_1 m + (1 - \beta_1) g, \qquad v \leftarrow \beta_2 v + (1 - \beta_2) g^2 \\
        w &\leftarrow w - \mathrm{lr}\, \frac{m / (1 - \beta_1^t)}{\sqrt{v / (1 - \beta_2^t)} + \epsilon}

    Weight decay adds ``weight_decay * w`` to ``g`` first, or, decoupled, scales ``w`` by
    ``1 - lr * weight_decay`` first. AMSGrad takes the maximum of all ``v`` so far.
    Kingma and Ba, arXiv 1412.6980; Reddi et al., ICLR 2018; Loshchilov and Hutter, ICLR 2019.

    ``mindspore.nn.Adam`` adds epsilon before the bias correction, which in the first steps makes
    it 30 times larger, and ``nn.AdamWeightDecay`` has no bias correction.

    Parameters
    ----------
    parameters : sequence of Parameter
        What to update.
    lr, weight_decay, eps : float
        The constants above.
    betas : tuple of two floats
        The constants above.
    amsgrad, decoupled : bool
        The variants above.
    """

    def __init__(
        self,
        parameters: Sequence[Parameter],
        *,
        lr: float,
        weight_decay: float = 0.0,
        betas: Betas = (0.9, 0.999),
        eps: float = 1e-8,
        amsgrad: bool = False,
        decoupled: bool = False,
    ) -> None:
        super().__init__(lr, _one_group(parameters, 0.0 if decoupled else weight_decay))
        self.beta1, self.beta2, self.eps = (Tensor(value, ms.float32) for value in (*betas, eps))
        self.beta1_power = Parameter(Tensor(1.0, ms.float32), name="beta1_power")
        self.beta2_power = Parameter(Tensor(1.0, ms.float32), name="beta2_power")
        self.first_moments = self.parameters.clone(prefix="first_moment", init="zeros")
        self.second_moments = self.parameters.clone(prefix="second_moment", init="zeros")
        self.peaks = self.parameters.clone(prefix="second_moment_peak", init="zeros") if amsgrad else ()
        self.amsgrad = amsgrad
        self.kernel = ops.ApplyAdamWithAmsgradV2() if amsgrad else ops.Adam()
        self.decay = weight_decay if decoupled else 0.0

    # Hundreds of small operations, one after another, cost more than a small network's gradient.
    @ms.jit
    def construct(self, gradients: tuple[Tensor, ...]) -> bool:
        """Update every parameter with its gradient, in the order of ``parameters``."""
        gradients = self.decay_weight(gradients)
        lr = self.get_lr()
        self.assignadd(self.global_step, self.global_step_increase_tensor)
        beta1_power = self.beta1_power * self.beta1
        beta2_power = self.beta2_power * self.beta2
        ops.assign(self.beta1_power, beta1_power)
        ops.assign(self.beta2_power, beta2_power)
        # The kernel adds epsilon to the root of the uncorrected second moment.
        eps = self.eps * ops.sqrt(1 - beta2_power)
        if self.decay > 0:
            self.hyper_map(ops.partial(_shrink, 1 - lr * self.decay), self.parameters)
        constants = (beta1_power, beta2_power, lr, self.beta1, self.beta2, eps)
        update = ops.partial(_adam_update, self.kernel, constants)
        state = (self.parameters, self.first_moments, self.second_moments, gradients)
        if self.amsgrad:
            self.hyper_map(update, *state, self.peaks)
        else:
            self.hyper_map(update, *state)
        return True


def sgd(
    parameters: Sequence[Parameter],
    name: str = "optimizer",
    *,
    lr: float,
    momentum: float = 0.9,
    weight_decay: float = 0.0,
    nesterov: bool = False,
) -> nn.Optimizer:
    """Build stochastic gradient descent with momentum: ``v = momentum * v + g``, ``w -= lr * v``.

    Parameters
    ----------
    parameters : sequence of Parameter
        What to update.
    name : str
        Prefix of the optimiser's own parameters; must differ between optimisers of a run.
    lr : float
        Base learning rate; the one in force changes with :func:`set_learning_rate`.
    momentum, weight_decay : float
        ``weight_decay * w`` is added to the gradient of every parameter.
    nesterov : bool
        Nesterov's form as PyTorch has it: ``w -= lr * (g + momentum * v)``.

    Raises
    ------
    InvalidArgumentError
        If a number is out of range or there is nothing to update.
    """
    _check_numbers(lr=lr, weight_decay=weight_decay)
    _check_fractions(momentum=momentum)
    if nesterov:
        accelerated = NesterovMomentum(parameters, lr=lr, momentum=momentum, weight_decay=weight_decay)
        return _named(accelerated, name, lr)
    optimizer = nn.Momentum(_one_group(parameters, weight_decay), lr, momentum)
    return _named(optimizer, name, lr)


def adam(
    parameters: Sequence[Parameter],
    name: str = "optimizer",
    *,
    lr: float,
    weight_decay: float = 0.0,
    betas: Betas = (0.9, 0.999),
    eps: float = 1e-8,
    amsgrad: bool = False,
) -> nn.Optimizer:
    """Build :class:`Adam` with weight decay in the gradient.

    Parameters
    ----------
    parameters, name
        As for :func:`sgd`.
    lr, weight_decay, betas, eps, amsgrad
        As for :class:`Adam`.

    Raises
    ------
    InvalidArgumentError
        If a number is out of range or there is nothing to update.
    """
    _check_adam(lr, weight_decay, betas, eps)
    optimizer = Adam(parameters, lr=lr, weight_decay=weight_decay, betas=betas, eps=eps, amsgrad=amsgrad)
    return _named(optimizer, name, lr)


def adamw(
    parameters: Sequence[Parameter],
    name: str = "optimizer",
    *,
    lr: float,
    weight_decay: float = 0.01,
    betas: Betas = (0.9, 0.999),
    eps: float = 1e-8,
) -> nn.Optimizer:
    """Build :class:`Adam` with decoupled weight decay.

    Parameters
    ----------
    parameters, name
        As for :func:`sgd`.
    lr, weight_decay, betas, eps
        As for :class:`Adam`.

    Raises
    ------
    InvalidArgumentError
        If a number is out of range or there is nothing to update.
    """
    _check_adam(lr, weight_decay, betas, eps)
    optimizer = Adam(parameters, lr=lr, weight_decay=weight_decay, betas=betas, eps=eps, decoupled=True)
    return _named(optimizer, name, lr)


def set_learning_rate(optimizer: nn.Optimizer, rate: float) -> None:
    """Change the learning rate from the next step on, without a new compilation.

    Parameters
    ----------
    optimizer : Optimizer
        One that this module built.
    rate : float
        The new rate.
    """
    # set_data would give the parameter other memory, which a compiled step does not notice.
    ops.assign(optimizer.learning_rate, Tensor(rate, ms.float32))


def restart(optimizer: nn.Optimizer) -> None:
    """Make an optimiser forget its steps: no moments, no bias correction; the rate stays.

    Parameters
    ----------
    optimizer : Optimizer
        One that this module built.
    """
    kept = {id(p) for p in (*optimizer.parameters, *constants_of(optimizer), optimizer.learning_rate)}
    for parameter in optimizer.get_parameters():
        if id(parameter) in kept:
            continue
        # Before the first step the powers of Adam's betas are 1, everything else is 0.
        fresh = ops.ones_like if parameter.name.endswith("_power") else ops.zeros_like
        ops.assign(parameter, fresh(parameter))


def constants_of(optimizer: nn.Optimizer) -> list[Parameter]:
    """Return parameters of an optimiser that no step changes: the recipe says what they are."""
    # MindSpore keeps the factor of momentum SGD in one.
    factor = getattr(optimizer, "momentum", None)
    return [factor] if isinstance(factor, Parameter) else []


def get_learning_rate(optimizer: nn.Optimizer) -> float:
    """Read the learning rate of the next step."""
    return float(optimizer.learning_rate.asnumpy())


def _one_group(parameters: Sequence[Parameter], weight_decay: float) -> list[dict[str, object]]:
    if not parameters:
        raise InvalidArgumentError("the optimiser has no parameters to update")
    return [{"params": list(parameters), "weight_decay": float(weight_decay)}]


def _named(optimizer: nn.Optimizer, name: str, base_rate: float) -> nn.Optimizer:
    updated = {id(parameter) for parameter in optimizer.parameters}
    for parameter in optimizer.get_parameters():
        if id(parameter) not in updated:
            parameter.name = f"{name}.{parameter.name}"
    # In a parameter, which the schedule changes, a rate has seven digits only.
    optimizer.base_rate = base_rate
    return optimizer


def _check_adam(lr: float, weight_decay: float, betas: Betas, eps: float) -> None:
    _check_numbers(lr=lr, weight_decay=weight_decay, eps=eps)
    _check_fractions(beta1=betas[0], beta2=betas[1])


def _check_numbers(**numbers: float) -> None:
    for name, number in numbers.items():
        if not 0 <= number < float("inf"):
            raise InvalidArgumentError(f"the optimiser's {name} must be a number >= 0, not {number}")


def _check_fractions(**fractions: float) -> None:
    for name, fraction in fractions.items():
        if not 0 <= fraction < 1:
            raise InvalidArgumentError(f"the optimiser's {name} must be in [0, 1), not {fraction}")


OPTIMIZERS.register("sgd", sgd)
OPTIMIZERS.register("adam", adam)
OPTIMIZERS.register("adamw", adamw)
