"""Writes decoders of real size, with random weights, as ONNX files: for `real_size.py` and for manual tests.

    python tests/benchmarks/real_models.py FOLDER [NAME …]

The architectures of diffusers come from that library, if it is installed. The others are written here, with
the shapes of the published ones. Nothing is downloaded. Each file takes from some seconds to a minute.
"""

import itertools
import sys
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 (its usual name)

LEAKY = 0.2


class StyleSynthesis(nn.Module):
    """A generator like StyleGAN2: z [N, 512] → w by eight layers → 3 × side × side, weights modulated by w.

    z is divided by its length, as in the original, so z = 0 gives NaN.
    """

    def __init__(self, side: int) -> None:
        super().__init__()
        self.mapping = nn.Sequential(
            *[layer for _ in range(8) for layer in (nn.Linear(512, 512), nn.LeakyReLU(LEAKY))]
        )
        channels = {4: 512, 8: 512, 16: 512, 32: 512, 64: 512, 128: 256, 256: 128, 512: 64, 1024: 32}
        self.start = nn.Parameter(torch.randn(1, 512, 4, 4))
        self.styles, self.layers, self.to_rgb = nn.ModuleList(), nn.ModuleList(), nn.ModuleList()
        before, size = 512, 4
        while size <= side:
            self.styles.append(nn.Linear(512, before))
            self.layers.append(nn.Conv2d(before, channels[size], 3, padding=1))
            self.to_rgb.append(nn.Conv2d(channels[size], 3, 1))
            before, size = channels[size], 2 * size

    def forward(self, z: Tensor) -> Tensor:
        w = self.mapping(z / z.square().mean(1, keepdim=True).sqrt())
        x, picture = self.start.expand(z.shape[0], -1, -1, -1), None
        for index, (style, layer, rgb) in enumerate(zip(self.styles, self.layers, self.to_rgb, strict=True)):
            if index:
                x = F.interpolate(x, scale_factor=2.0, mode="nearest")
            x = x * (1 + style(w))[:, :, None, None]
            x = F.leaky_relu(layer(x), LEAKY)
            x = x * torch.rsqrt(x.square().mean((1, 2, 3), keepdim=True) + 1e-8)
            here = rgb(x)
            picture = (
                here if picture is None else here + F.interpolate(picture, scale_factor=2.0, mode="bilinear")
            )
        return picture


class BigGan(nn.Module):
    """BigGAN's shape at 128 × 128: noise [N, 128], one-hot class [N, 1000], truncation → [-1, 1]."""

    def __init__(self) -> None:
        super().__init__()
        widths = (1024, 1024, 512, 256, 128, 64)
        self.embed = nn.Linear(1000, 128, bias=False)
        self.first = nn.Linear(256, widths[0] * 16)
        self.gains = nn.ModuleList(nn.Linear(256, width) for width in widths[:-1])
        self.layers = nn.ModuleList(nn.Conv2d(a, b, 3, padding=1) for a, b in itertools.pairwise(widths))
        self.last = nn.Conv2d(widths[-1], 3, 3, padding=1)

    def forward(self, z: Tensor, class_label: Tensor, truncation: Tensor) -> Tensor:
        joined = torch.cat((z * truncation, self.embed(class_label)), 1)
        x = self.first(joined).reshape(z.shape[0], -1, 4, 4)
        for gain, layer in zip(self.gains, self.layers, strict=True):
            x = x * (1 + gain(joined))[:, :, None, None]
            x = F.relu(layer(F.interpolate(x, scale_factor=2.0)))
        return torch.tanh(self.last(x))


class DalleDecoder(nn.Module):
    """DALL·E's dVAE decoder: one-hot codes [N, 8192, 32, 32] → [N, 6, 256, 256], means and log-scales."""

    def __init__(self, hidden: int = 256, codes: int = 8192) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.Conv2d(codes, hidden // 2, 1)]
        before = hidden // 2
        for factor in (8, 4, 2, 1):
            layers += [nn.Conv2d(before, hidden * factor, 3, padding=1), nn.ReLU()]
            layers += [nn.Conv2d(hidden * factor, hidden * factor, 3, padding=1), nn.ReLU()]
            if factor > 1:
                layers.append(nn.Upsample(scale_factor=2, mode="nearest"))
            before = hidden * factor
        self.net = nn.Sequential(*layers, nn.Conv2d(before, 6, 1))

    def forward(self, z: Tensor) -> Tensor:
        return self.net(z)


class Heavy(nn.Module):
    """More than 2 GB of weights, which are in a file beside the ONNX file: z [N, 512] → 3 × 64 × 64."""

    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Sequential(
            nn.Linear(512, 16_384),
            nn.ReLU(),
            nn.Linear(16_384, 32_768),
            nn.ReLU(),
            nn.Linear(32_768, 3 * 64 * 64),
        )

    def forward(self, z: Tensor) -> Tensor:
        return torch.sigmoid(self.net(z)).reshape(-1, 3, 64, 64)


class Decode(nn.Module):
    """The decoder of a model of diffusers by itself."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, z: Tensor) -> Tensor:
        return self.model.decode(z, return_dict=False)[0]


def stable_diffusion() -> nn.Module:
    """The decoder of Stable Diffusion's AutoencoderKL: z [N, 4, 64, 64] → 3 × 512 × 512, 49 M parameters."""
    from diffusers import AutoencoderKL

    return Decode(
        AutoencoderKL(
            down_block_types=("DownEncoderBlock2D",) * 4,
            up_block_types=("UpDecoderBlock2D",) * 4,
            block_out_channels=(128, 256, 512, 512),
            layers_per_block=2,
            latent_channels=4,
            sample_size=512,
        )
    )


def tiny() -> nn.Module:
    """AutoencoderTiny, as TAESD: z [N, 4, 64, 64] → 3 × 512 × 512."""
    from diffusers import AutoencoderTiny

    return Decode(AutoencoderTiny())


def vector_quantised() -> nn.Module:
    """A VQ decoder, as latent diffusion's vq-f4: z [N, 3, 64, 64], quantised inside → 3 × 256 × 256."""
    from diffusers import VQModel

    return Decode(
        VQModel(
            down_block_types=("DownEncoderBlock2D",) * 3,
            up_block_types=("UpDecoderBlock2D",) * 3,
            block_out_channels=(128, 256, 512),
            layers_per_block=2,
            latent_channels=3,
            num_vq_embeddings=8192,
        )
    )


# Name → the function that makes it, and the shapes of its inputs for one picture.
MODELS: dict[str, tuple[Callable[[], nn.Module], dict[str, tuple[int, ...]]]] = {
    "stylegan256": (lambda: StyleSynthesis(256), {"z": (1, 512)}),
    "stylegan1024": (lambda: StyleSynthesis(1024), {"z": (1, 512)}),
    "biggan128": (BigGan, {"z": (1, 128), "class_label": (1, 1000), "truncation": ()}),
    "dalle": (DalleDecoder, {"z": (1, 8192, 32, 32)}),
    "taesd": (tiny, {"z": (1, 4, 64, 64)}),
    "vq": (vector_quantised, {"z": (1, 3, 64, 64)}),
    "sd": (stable_diffusion, {"z": (1, 4, 64, 64)}),
    "heavy": (Heavy, {"z": (1, 512)}),
}


def write(name: str, folder: Path) -> Path:
    """Make one of MODELS with seeded weights and a free batch. Weights of over 1 GB go to a second file."""
    make, shapes = MODELS[name]
    torch.manual_seed(0)
    model = make().eval()
    inputs = {
        key: torch.ones(shape) if key == "truncation" else torch.randn(shape) for key, shape in shapes.items()
    }
    size_bytes = sum(4 * parameter.numel() for parameter in model.parameters())
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.onnx"
    axes = {key: {0: "N"} for key, shape in shapes.items() if shape}
    program = torch.onnx.export(
        model,
        tuple(torch.cat([value, value]) if value.ndim else value for value in inputs.values()),
        input_names=list(shapes),
        output_names=["image"],
        dynamic_shapes=tuple({0: torch.export.Dim.DYNAMIC} if key in axes else None for key in shapes),
        dynamo=True,
        opset_version=20,
        verbose=False,
    )
    assert program is not None
    program.save(path, external_data=size_bytes > 1 << 30)
    written_bytes = sum(file.stat().st_size for file in folder.glob(f"{path.name}*"))
    print(f"{path}: {written_bytes / 4e6:.1f} M parameters", flush=True)
    return path


def main() -> None:
    """Make the named models, by default all."""
    folder, names = Path(sys.argv[1]), sys.argv[2:] or list(MODELS)
    for name in names:
        try:
            with torch.no_grad():
                write(name, folder)
        except ImportError as error:
            print(f"{name}: left out ({error}); pip install diffusers", flush=True)


if __name__ == "__main__":
    main()
