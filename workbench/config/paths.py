"""Where files live: the user's folders, and the folders that come with the package."""

import os
from dataclasses import dataclass
from pathlib import Path

HOME_VARIABLE = "WORKBENCH_HOME"


@dataclass(frozen=True)
class Paths:
    """The user's folders; none is created before something is written to it."""

    config: Path
    """Settings and themes that a person made."""
    data: Path
    """Indexes and what else cannot be fetched again."""
    cache: Path
    """Models and vectors; safe to delete."""
    logs: Path

    @property
    def settings(self) -> Path:
        """The settings file."""
        return self.config / "config.toml"

    @property
    def profiles(self) -> Path:
        """How to reach clusters."""
        return self.config / "profiles.toml"

    @property
    def themes(self) -> Path:
        """The user's own themes."""
        return self.config / "themes"

    @property
    def templates(self) -> Path:
        """One JSON file per query template."""
        return self.config / "templates"

    @property
    def corpora(self) -> Path:
        """One folder per index."""
        return self.data / "corpora"

    @property
    def remembered(self) -> Path:
        """What the app itself remembers."""
        return self.data / "remembered.json"

    @property
    def models(self) -> Path:
        """One folder per model."""
        return self.cache / "models"

    @property
    def tokenizers(self) -> Path:
        """One folder per tokenizer that was fetched."""
        return self.cache / "tokenizers"

    @property
    def vectors(self) -> Path:
        """One file per model, of vectors by content."""
        return self.cache / "vectors"


def user_paths() -> Paths:
    """Find the user's folders: below `WORKBENCH_HOME` if set, else where the platform keeps such things."""
    home = os.environ.get(HOME_VARIABLE)
    if home:
        root = Path(home).expanduser().absolute()
        return Paths(root / "config", root / "data", root / "cache", root / "logs")
    from platformdirs import PlatformDirs

    dirs = PlatformDirs("workbench", appauthor=False)
    return Paths(dirs.user_config_path, dirs.user_data_path, dirs.user_cache_path, dirs.user_log_path)


def bundled(kind: str) -> Path:
    """Find a folder that ships with the package.

    Args:
        kind: `themes` or `fixtures`.

    Returns:
        The folder, in an installed wheel as well as in a source tree.
    """
    root = Path(__file__).parents[1]
    packaged = root / "_data" / kind
    return packaged if packaged.is_dir() else root.parent / kind
