"""The plan of an export: a job for every setting, with its folder and its manifest."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from robustmnist.data import Dataset
from robustmnist.data.manifest import INK, Manifest, runs_of
from robustmnist.suites import Suite, Sweep, Variant
from robustmnist.system.installation import __version__, versions

__all__ = ["Job", "jobs_of"]


@dataclass(frozen=True)
class Job:
    """A data set to be written.

    It holds the sweep and the variant themselves where a `Setting` holds names: it perturbs the digits with them. The
    strength stands in the manifest.

    Attributes:
        sweep: The sweep that it belongs to.
        variant: Which of the sweep's variants.
        folder: Where it is to lie.
        manifest: What it is to be; without the files' hashes.
    """

    sweep: Sweep
    variant: Variant
    folder: Path
    manifest: Manifest

    @property
    def group(self) -> tuple[str, str, str]:
        """What is the same for all values of a variant."""
        return self.manifest.suite, self.sweep.name, self.variant.label


def jobs_of(
    dataset: Dataset, suites: Sequence[Suite], out: Path, format: str, seed: int | None, device: torch.device
) -> list[Job]:
    """Return the jobs in the order of suites, sweeps, variants and values; arguments as in `write_datasets`."""
    tensors = hashlib.sha256()
    for part in dataset.parts():
        tensors.update(part.cpu().contiguous().numpy().data)
    tensors.update(dataset.labels.cpu().numpy().astype("<i8").data)
    origin = {**dataset.provenance.as_dict(), "tensors_sha256": tensors.hexdigest()}
    shared: dict[str, Any] = {
        "content": format,
        "ink": INK,
        "n": len(dataset),
        "ids": runs_of(dataset.ids),
        "dataset": origin,
        "device": device.type,
        "versions": {"robustmnist": __version__, **versions("torch", "numpy")},
        "files": {},
    }
    jobs = []
    for suite in suites:
        for sweep in suite.sweeps:
            for variant in sweep.variants:
                for value in sweep.values:
                    arguments = sweep.arguments(value, variant)
                    del arguments[sweep.parameter]
                    manifest = Manifest(
                        **shared,
                        suite=suite.name,
                        suite_sha256=suite.sha256,
                        sweep=sweep.name,
                        perturbation=sweep.perturbation,
                        code_sha256=sweep.code_sha256,
                        parameter=sweep.parameter,
                        value=value,
                        unit=sweep.unit,
                        neutral=sweep.neutral,
                        arguments=arguments,
                        draw=variant.draw,
                        seed=suite.seed if seed is None else seed,
                    )
                    folder = out / suite.name / sweep.name / _plain(value) / _variant_folder(sweep, variant)
                    jobs.append(Job(sweep, variant, folder, manifest))
    return jobs


def _plain(value: float) -> str:
    """Return a number in its shortest exact form: ``3``, ``-7.5``, ``0.125``."""
    return repr(float(value) + 0.0).removesuffix(".0")  # -0.0 + 0.0 is 0.0


def _variant_folder(sweep: Sweep, variant: Variant) -> str:
    """Return what distinguishes a variant from the sweep's others: ``direction=up``, ``dy=-3``, ``draw=2``."""
    words = [(key, variant.fixed[key]) for key in sweep.over]
    named = [f"{key}={word if isinstance(word, str) else _plain(word)}" for key, word in words]
    return ",".join([*named, *([f"draw={variant.draw}"] if sweep.draws > 1 else [])])
