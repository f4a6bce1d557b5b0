"""Where the platform keeps what is ours: data, web answers and the config file."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

CONFIG_VARIABLE = "SLEEVEWALK_CONFIG"  # names another config file
LIBRARY_VARIABLE = "SLEEVEWALK_LIBRARY"  # names another folder of the library


def data_folder() -> Path:
    """Holds the libraries that have no folder of the person's choice."""
    return platformdirs.user_data_path("sleevewalk", appauthor=False)


def default_library() -> Path:
    """The library's folder where a person names none."""
    return data_folder() / "library"


def demo_library() -> Path:
    """The demo library's folder where a person names none."""
    return data_folder() / "demo"


def cache_folder() -> Path:
    """Holds what can be made again."""
    return platformdirs.user_cache_path("sleevewalk", appauthor=False)


def web_cache_folder() -> Path:
    """Holds answers of web sources, for all libraries."""
    return cache_folder() / "web"


def config_file() -> Path:
    """The config file; it need not be there."""
    named = os.environ.get(CONFIG_VARIABLE)
    return Path(named) if named else platformdirs.user_config_path("sleevewalk", appauthor=False) / "config.toml"
