"""Words on the page Compare: the ELBOs of your image, and the difference of two pictures."""

from desktop.app.explorer import Explorer
from desktop.base.words import in_nats
from desktop.images.difference import Difference
from desktop.jobs.encode import Encoded


def elbo_words(
    explorer: Explorer, encoded: Encoded | None, is_drawn: bool, fits: bool = True
) -> tuple[str, str]:
    """Return one model's ELBO of your image as words and a number, or words that say why there is none."""
    if explorer.image_shape is None or not is_drawn:
        return "", ""
    if not fits:
        return f"Your image does not fit {_size(explorer.image_shape)}", ""
    if not explorer.has_encoder:
        return f"Your image: no encoder{'' if explorer.state.epoch is None else ' of this epoch'}", ""
    if encoded is None:
        return "Your image: …", ""
    if encoded.elbo_nats is None:
        return "Your image: no ELBO without a likelihood", ""
    return "ELBO of your image", in_nats(encoded.elbo_nats)


def difference_of_elbos(first_nats: float, second_nats: float, is_comparable: bool) -> str:
    """Say by how much the ELBO of B is higher or lower than that of A."""
    if not is_comparable:
        return "of another likelihood"
    gap_nats = second_nats - first_nats
    return f"{in_nats(abs(gap_nats)).removesuffix(' nats')} {'higher' if gap_nats >= 0 else 'lower'}"


def difference_words(
    found: Difference | None,
    first_shape: tuple[int, int, int] | None,
    second_shape: tuple[int, int, int] | None,
) -> tuple[str, str]:
    """Return the mean difference of two pictures as words and a number, or words that say why not."""
    if found is not None:
        return "B − A, mean |B − A|", f"{found.mean:.3f}"
    if first_shape is None or second_shape is None or first_shape[1:] == second_shape[1:]:
        return "", ""
    return "", f"sizes differ: {_size(first_shape[1:])}, {_size(second_shape[1:])}"


def _size(shape: tuple[int, ...]) -> str:
    return " × ".join(map(str, shape))
