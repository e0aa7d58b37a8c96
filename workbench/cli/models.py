"""`workbench models`: list, download and remove local models."""

import asyncio
import sys
from argparse import Namespace

from workbench.cli.formats import json_text
from workbench.cli.progress import ModelProgress
from workbench.cli.wiring import model_store
from workbench.config.paths import user_paths
from workbench.domain.deployment import ModelState, ModelStatus, PreparedModel
from workbench.services.models import ensure_model


def list_all(arguments: Namespace) -> int:
    """Print the catalog."""
    store = model_store(user_paths())
    for card in store.cards():
        state = store.status(card.id).state
        sys.stdout.write(f"{card.id}\t{card.kind}\t{card.window} tokens\t{card.licence}\t{state}\t{card.summary}\n")
    return 0


def status(arguments: Namespace) -> int:
    """Print the state of every model; 1 when one has failed."""
    store = model_store(user_paths())
    found = [store.status(card.id) for card in store.cards()]
    if arguments.format == "json":
        rows = [
            {
                "id": one.id,
                "where": one.where,
                "state": one.state,
                "progress": one.progress
                and {"done": one.progress.done, "total": one.progress.total, "unit": one.progress.unit},
                "reason": one.reason,
                "next": one.next,
            }
            for one in found
        ]
        sys.stdout.write(json_text({"models": rows}))
    else:
        for one in found:
            sys.stdout.write(f"{one.id}\t{one.state}\t{one.reason or ''}\t{one.next or ''}".rstrip() + "\n")
    return 1 if any(one.state is ModelState.FAILED for one in found) else 0


def download(arguments: Namespace) -> int:
    """Fetch, verify and prepare a model."""
    store = model_store(user_paths())
    store.card(arguments.model)

    async def fetch() -> PreparedModel:
        with ModelProgress() as progress:
            async for item in ensure_model(store, arguments.model):
                if isinstance(item, ModelStatus):
                    progress.show(item)
                else:
                    prepared = item
        return prepared

    prepared = asyncio.run(fetch())
    sys.stdout.write(f"{arguments.model} is ready in {prepared.onnx.parent}\n")
    return 0


def remove(arguments: Namespace) -> int:
    """Delete a model from the cache."""
    freed = model_store(user_paths()).remove(arguments.model)
    sys.stdout.write(f"{arguments.model} removed, {freed / 1e6:.1f} MB freed\n")
    return 0
