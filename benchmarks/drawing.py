"""How long the page takes to answer a point of the pen, beside its models' bare forward pass; how small it is."""

import base64
import json
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import torch

from benchmarks.timing import hardware, print_table
from robustmnist.data import load_dataset
from robustmnist.models.checkpoints.checkpoint import load_checkpoint
from robustmnist.sketchpad.packing import Block, packed_chains
from robustmnist.sketchpad.page import render_page
from robustmnist.sketchpad.scripts import COMPUTING, script
from robustmnist.sketchpad.translate import chain_of

__all__ = ["run"]

SETS = (("fc",), ("cnn",), ("fc", "cnn"))
POINTS = 120
# In node, whose engine is Chromium's, as the worker does it: two forms of the picture, each read by every model, and
# the measures; then only the models, once each.
BODY = """
const block = await unpackBlock(given.block), chains = readChains(given.chains, block);
const inks = given.digits.map((digit) => Float64Array.from(digit, (level) => level / 255));
const point = (ink) => {
  const picture = new Float64Array(78400);
  for (let at = 0; at < picture.length; at++) picture[at] = ink[28 * Math.floor(at / 2800) + Math.floor(at % 280 / 10)];
  const started = performance.now(), forms = [averaged(picture, 280), toMnist(picture, 280, 280)];
  for (const form of forms) { for (const chain of chains) answer(chain, form); measured(form); }
  return performance.now() - started;
};
const bare = (ink) => {
  const started = performance.now();
  for (const chain of chains) answer(chain, ink);
  return performance.now() - started;
};
for (const ink of inks) { point(ink); bare(ink); }
return inks.map((ink) => [point(ink), bare(ink)]);
"""


def run(n: int, device: torch.device, data_dir: Path | None) -> None:
    """Print a row for each set of models; `device` is not used, and nothing is printed where there is no node."""
    node = shutil.which("node")
    if node is None:
        print("\nThe page's answers: not measured, there is no node on this machine.")
        return
    digits = load_dataset("auto", data_dir=data_dir).sample(min(n, POINTS))
    rows = []
    for names in SETS:
        models = {name: load_checkpoint(name) for name in names}
        block = Block()
        chains = packed_chains([chain_of(model, digits.images) for model in models.values()], block, "int8")
        levels = digits.images.mul(255).round().to(torch.int64).flatten(1).tolist()
        given = {"chains": chains, "block": base64.b64encode(block.gzipped()).decode(), "digits": levels}
        times = torch.tensor(_in_node(node, given), dtype=torch.float64)
        point, bare = times.median(0).values.tolist()
        slow = float(times[:, 0].quantile(0.95))
        size = len(render_page(models, digits).encode())
        ratio = float((times[:, 0] / times[:, 1]).median())
        rows.append(
            [" + ".join(names), f"{bare:.2f}", f"{point:.2f}", f"{slow:.2f}", f"{ratio:.1f}", f"{size / 1000:,.0f}"]
        )
    print_table(
        f"The page of robustmnist draw: a point of the pen, {len(digits)} digits",
        ["models", "bare forward, ms", "a point, ms", "95 % within, ms", "× bare forward", "page, kB"],
        rows,
        f"A point: the picture as drawn and in MNIST's form, each read by every model and measured. {hardware(device)}",
    )


def _in_node(node: str, given: dict[str, Any]) -> list[list[float]]:
    with tempfile.TemporaryDirectory() as folder:
        program, data = Path(folder) / "program.js", Path(folder) / "given.json"
        data.write_text(json.dumps(given), encoding="utf-8")
        reading = f'const given = JSON.parse(require("fs").readFileSync({json.dumps(str(data))}, "utf8"));'
        ending = f"(async () => {{ {BODY} }})().then((times) => process.stdout.write(JSON.stringify(times)));"
        program.write_text("\n".join([script(*COMPUTING), reading, ending]), encoding="utf-8")
        found = subprocess.run([node, str(program)], capture_output=True, text=True, check=True)
    times: list[list[float]] = json.loads(found.stdout)
    return times
