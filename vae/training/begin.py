"""Start a model from the weights of a trained one, which may have fewer blocks and no numbers for meaning."""

from __future__ import annotations

import torch
from torch import Tensor

from vae.model import Encoder, ResBlock, SleeveVAE


@torch.no_grad()
def start_from_model(model: SleeveVAE, trained: SleeveVAE) -> None:
    """Set `model` so that it does what `trained` does but for the numbers that it gives to meaning.

    Those are the ones that move the trained model's picture least; the others keep their order, and the decoder
    learns from nothing what the new ones imply. Blocks that are new in the encoder change nothing at first.
    """
    d, lost = model.config.latent_dim, model.config.meaning
    if trained.config.latent_dim != d or trained.config.meaning not in (0, lost):
        theirs = f"{trained.config.latent_dim} numbers, {trained.config.meaning} for meaning"
        raise ValueError(f"a model of {theirs}, cannot begin one of {d}, {lost} for meaning")
    order = torch.arange(d)
    if lost and not trained.config.meaning:
        strength = trained.decoder.linear.weight.norm(dim=0)
        kept = strength.argsort(descending=True)[: d - lost].sort().values
        order = torch.cat([kept, torch.tensor(sorted(set(range(d)) - set(kept.tolist())))])
    values: dict[str, Tensor] = {}
    for name, value in trained.state_dict().items():
        if name in ("search", "latent_mean"):
            continue
        if name.startswith(("encoder.linear.", "encoder.mean.", "encoder.log_variance.")):
            value = value[order][: d - lost] if len(value) == d else value
        if name in ("decoder.linear.weight", "decoder.condition.0.weight", "decoder.latent_map.weight"):
            value = value[:, order].clone()
            if not trained.config.meaning:
                value[:, d - lost :] = 0
        values[name] = value
    levels = _grown(model.encoder, trained.encoder)
    values = {k: v for k, v in values.items() if not k.startswith("encoder.levels.")} | levels
    model.load_state_dict(model.state_dict() | values)


def _grown(encoder: Encoder, trained: Encoder) -> dict[str, Tensor]:
    """The trained levels by the names that they have in a deeper encoder; the second convolution of new blocks is 0."""
    old = list(trained.levels)
    values: dict[str, Tensor] = {}
    for i, layer in enumerate(encoder.levels):
        new = isinstance(layer, ResBlock) and not isinstance(old[0], ResBlock)
        if new and isinstance(layer, ResBlock):
            nothing = {f"conv2.{name}": torch.zeros_like(v) for name, v in layer.conv2.state_dict().items()}
            state = layer.state_dict() | nothing
        else:
            state = old.pop(0).state_dict()
        values |= {f"encoder.levels.{i}.{name}": value for name, value in state.items()}
    return values
