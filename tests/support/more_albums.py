"""More made-up albums in a library that `bench make-library` made."""

from __future__ import annotations

from pipelines.demo.synthetic import Words, fill, latents_like
from pipelines.progress import Progress
from store.database.library import Library
from vae.info import SHIPPED, read_info


def add_to_library(library: Library, count: int, seed: int) -> None:
    """`count` more albums, with latents like those that the library has."""
    info = read_info(SHIPPED)
    draw = latents_like(library, info.model_id, info.config.latent_dim, seed)
    fill(library, Words(seed), count, draw, Progress(), f"more {seed}")
