"""Takes the README's pictures on the tour, on the bundled corpus and with the default model where it is there.

python -m tests.benchmarks.picture [--size 150x42] [--out .github]
"""

import argparse
import asyncio
import re
import tempfile
from dataclasses import replace
from pathlib import Path

from tests.fakes.elastic import fake_elastic
from tests.tour import walk
from tests.ui.screen import reranked
from workbench.cli.wiring import open_session
from workbench.config.paths import bundled
from workbench.config.profile import Profile
from workbench.config.settings import Settings
from workbench.corpora.open import open_corpus
from workbench.domain.tuning import Tuning
from workbench.engines.elasticsearch.engines import ClusterEngines
from workbench.services.intake import Intake
from workbench.services.kept import Kept
from workbench.services.session import Session
from workbench.ui.app import WorkbenchApp

PICTURES = {
    "lines": "compare",
    "mix": "baseline",
    "presenter": "presenter",
    "inspect": "truncation",
    "verdict": "verdict",
    "themes": "themes",
}
"""Steps of the tour, and the picture that each is the place for."""


async def take(size: tuple[int, int], out: Path, kept: Path) -> None:
    """Walk the tour, and save a picture wherever there is one.

    Args:
        size: Columns and rows.
        out: The folder of the pictures.
        kept: Where the tour's votes and queries go, apart from the person's own.
    """
    settings = replace(Settings(), theme="workbench-dark")
    session = open_session(settings)
    session.kept = Kept(kept)
    app = WorkbenchApp(session, settings)
    app.animation_level = "none"
    async with app.run_test(size=size) as pilot:
        async for step in walk(pilot):
            if name := PICTURES.get(step.name):
                await pilot.pause(0.5)
                save(app.export_screenshot(title="workbench"), out / f"{name}.svg")


async def take_cluster(size: tuple[int, int], out: Path, kept: Path) -> None:
    """Search the bundled corpus on a cluster, reranked by the model of this machine, and show the request."""
    settings = replace(Settings(), theme="workbench-dark", corpus="prod:help-center")
    here = open_session(settings).engines
    documents = list(Intake(open_corpus(str(bundled("fixtures") / "help-center"))).documents())
    with fake_elastic(documents, index="help-center", version="9.2.0") as server:
        profile = Profile("prod", (server.url,), index="help-center", rerank="local", accent="#c2185b")
        cluster = ClusterEngines(profile, kept, here.model, here.rerankers)
        app = WorkbenchApp(Session(cluster, Tuning(), Kept(kept)), settings, "laptop gets hot while charging")
        app.animation_level = "none"
        async with app.run_test(size=size) as pilot:
            screen = await reranked(pilot)
            screen.panels.go_to("request")
            await pilot.pause(0.5)
            save(app.export_screenshot(title="workbench"), out / "cluster.svg")


def save(picture: str, path: Path) -> None:
    """Write a picture that loads no font from anywhere."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(re.sub(r"@font-face \{.*?\}", "", picture, flags=re.DOTALL), encoding="utf-8")
    print(path)


async def main() -> None:
    """Take them all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", default="150x42")
    parser.add_argument("--out", type=Path, default=Path(".github"))
    arguments = parser.parse_args()
    columns, rows = map(int, arguments.size.split("x"))
    with tempfile.TemporaryDirectory() as kept:
        await take((columns, rows), arguments.out, Path(kept))
        await take_cluster((columns, rows), arguments.out, Path(kept))


if __name__ == "__main__":
    asyncio.run(main())
