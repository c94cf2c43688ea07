"""How much of a loss on other digits is where their ink lies, how large, slanted and broad it is."""

from collections.abc import Iterator, Mapping
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from robustmnist.generalisation.matching import MATCHES, TOGETHER, Readings, match, read, there_and_back
from robustmnist.generalisation.progress import Steps
from robustmnist.generalisation.scores import right_answers
from robustmnist.generalisation.sets import TestSet, test_set
from robustmnist.generalisation.store import Store
from robustmnist.generalisation.tables import Logits
from robustmnist.statistics.clusters import mean_interval
from robustmnist.system.installation import __version__

if TYPE_CHECKING:
    from robustmnist.models.checkpoints.checkpoint import Checkpoint

__all__ = ["MATCHED", "explained_rows", "measured"]

MATCHED = 2_000  # digits of a set that are measured and matched, a stratified sample


def measured(each: TestSet) -> tuple[TestSet, Readings]:
    """Return the sample of a set that is measured and matched, and its readings."""
    data = each.data.sample(MATCHED) if each.is_digits else each.data.head(MATCHED)
    return test_set(each.name, data), read(data.images)


def explained_rows(
    checkpoints: "Mapping[str, Checkpoint]",
    sets: Mapping[str, TestSet],
    homes: Mapping[str, str],
    read_off: Mapping[str, tuple[TestSet, Readings]],
    logits: Logits,
    store: Store,
    steps: Steps,
    seed: int,
    resamples: int,
) -> Iterator[dict[str, Any]]:
    """Yield for each checkpoint, set and measure the accuracy before and after the digits were matched to home's.

    ``price`` is what home's own digits lose that are taken there and back: what the changing costs.
    """
    for name, each in sets.items():
        part, _ = read_off[name]
        rows = torch.isin(each.data.ids, part.data.ids).cpu().numpy()

        @cache
        def matched(home: str, what: str, part: TestSet = part) -> torch.Tensor:
            return match(part.data.images, read_off[home][1], what)

        @cache
        def returned(home: str, what: str, name: str = name) -> torch.Tensor:
            own, readings = read_off[home]
            return there_and_back(own.data.images, readings, read_off[name][1], what)

        for what in (*MATCHES, TOGETHER):
            for checkpoint, classifier in checkpoints.items():
                home = homes[checkpoint]
                if not each.is_digits:
                    steps.done(0)
                    continue
                before = right_answers(logits[checkpoint, name][rows], part.labels)
                away = right_answers(logits[checkpoint, home], sets[home].labels)

                said = f"{what} as {home} {sets[home].data.provenance.as_dict()} by robustmnist {__version__}"
                after = right_answers(
                    store.logits(classifier, part.data, said, partial(matched, home, what)), part.labels
                )
                steps.done(len(part.data))
                back = after.astype(np.float64) - before
                low, high = mean_interval(back, part.groups, resamples, seed)
                price, price_low, price_high = 0.0, 0.0, 0.0
                if home != name:
                    own, _ = read_off[home]
                    there = (
                        f"to {what} of {name} {each.data.provenance.as_dict()} and back by robustmnist {__version__}"
                    )
                    come = right_answers(
                        store.logits(classifier, own.data, there, partial(returned, home, what)), own.labels
                    )
                    stayed = away[torch.isin(sets[home].data.ids, own.data.ids).cpu().numpy()]
                    lost = stayed.astype(np.float64) - come
                    price = float(lost.mean())
                    price_low, price_high = mean_interval(lost, own.groups, resamples, seed)
                yield {
                    "checkpoint": checkpoint,
                    "home": home,
                    "set": name,
                    "matched": what,
                    "n": len(before),
                    "before": float(before.mean()),
                    "after": float(after.mean()),
                    "back": float(back.mean()),
                    "back_low": low,
                    "back_high": high,
                    "price": price,
                    "price_low": price_low,
                    "price_high": price_high,
                    "loss": float(away.mean() - before.mean()) if home != name else 0.0,
                }
