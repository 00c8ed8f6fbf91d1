"""Decodes along a route whose points have their own values of the model's further inputs. No Qt."""

from collections.abc import Iterator
from itertools import groupby

import numpy as np

from desktop.base.arrays import Floats
from desktop.jobs.kept_decoder import KeptDecoder, ManyZ
from desktop.jobs.route import Route
from desktop.latent.paths import CurveZ
from desktop.reading.input_blend import are_same
from desktop.reading.input_values import InputValues, taken


def along(decoder: KeptDecoder, route: Route) -> KeptDecoder:
    """Return a decoder for the z of a route's curve, with the inputs of each place.

    If the inputs are the same everywhere, it is a plain decoder with these inputs: `decoder` itself if it
    already has them.
    """
    if not route.inputs:
        return decoder
    if are_same(route.inputs):
        return _with_inputs(decoder, route.inputs[0])
    return RouteDecoder(decoder, route)


class RouteDecoder(KeptDecoder):
    """Decodes the z of a route's curve. Neighbours with the same inputs are decoded together."""

    def __init__(self, decoder: KeptDecoder, route: Route) -> None:
        super().__init__(decoder.model, decoder.kept)
        self._decoder, self._route = decoder, route

    def keys(self, z: ManyZ) -> list[str]:
        """Return the key of the picture at each z [N, d] of the curve."""
        return [key for decoder, part in self._parts(z) for key in decoder.keys(part)]

    def decode_step(self, z: ManyZ, most_threads: int | None = None) -> Floats:
        """Decode z [N, d] of the curve in one step, each with the inputs of its place."""
        pictures = []
        for decoder, part in self._parts(z):
            pictures.append(decoder.decode_step(part, most_threads))
            self.model.picture_s = decoder.model.picture_s  # for the time that is told, and the next inputs
        return np.concatenate(pictures)

    def _parts(self, z: ManyZ) -> Iterator[tuple[KeptDecoder, CurveZ]]:
        assert isinstance(z, CurveZ), "found z without places on the curve"
        inputs = self.model.source.further_inputs
        at = [self._route.inputs_at(t, inputs) for t in z.t.tolist()]
        start = 0
        for values, same in groupby(at):
            end = start + len(list(same))
            yield _with_inputs(self._decoder, values), z.part(slice(start, end))
            start = end


def _with_inputs(decoder: KeptDecoder, inputs: InputValues) -> KeptDecoder:
    model = decoder.model.with_inputs(taken(decoder.model.source.further_inputs, inputs))
    return decoder if model is decoder.model else KeptDecoder(model, decoder.kept)
