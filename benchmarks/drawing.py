"""How long the page takes to answer a point of the pen, beside its models' bare forward pass; how small it is.

In node, whose engine is Chromium's: the work alone, in CPU time. In Chromium: from a pointer event to the bars.
"""

import base64
import json
import math
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import torch

from benchmarks.timing import hardware, print_table
from reports.browser import CHROMIUM, opened
from robustmnist.data import load_dataset
from robustmnist.models.checkpoints.checkpoint import load_checkpoint
from robustmnist.sketchpad.packing import Block, packed_chains
from robustmnist.sketchpad.page import render_page
from robustmnist.sketchpad.scripts import COMPUTING, script
from robustmnist.sketchpad.translate import chain_of

__all__ = ["run"]

SETS = (("fc",), ("cnn",), ("fc", "cnn"))
POINTS = 120
# As the worker does it: two forms of the picture, each read by every model, and
# the measures; then only the models, once each.
BODY = """
const block = await unpackBlock(given.block), chains = readChains(given.chains, block);
const inks = given.digits.map((digit) => Float64Array.from(digit, (level) => level / 255));
const cpu = () => { const { user, system } = process.cpuUsage(); return (user + system) / 1000; };
const point = (ink) => {
  const picture = new Float64Array(78400);
  for (let at = 0; at < picture.length; at++) picture[at] = ink[28 * Math.floor(at / 2800) + Math.floor(at % 280 / 10)];
  const started = cpu(), forms = [averaged(picture, 280), toMnist(picture, 280, 280)];
  for (const form of forms) { for (const chain of chains) answer(chain, form); measured(form); }
  return cpu() - started;
};
const bare = (ink) => {
  const started = cpu();
  for (const chain of chains) answer(chain, ink);
  return cpu() - started;
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
        ["models", "bare forward, CPU ms", "a point, CPU ms", "95 % within", "× bare forward", "page, kB"],
        rows,
        f"A point: the picture as drawn and in MNIST's form, each read by every model and measured. {hardware(device)}",
    )
    if CHROMIUM is None:
        print("\nIn Chromium: not measured, there is none on this machine.")
        return
    html = render_page({name: load_checkpoint(name) for name in SETS[-1]}, digits)
    ready, points = _in_chromium(html)
    times = torch.tensor(points, dtype=torch.float64)
    figures = [ready, float(times.median()), float(times.quantile(0.95))]
    print_table(
        f"The page in headless Chromium, {' + '.join(SETS[-1])}: {len(points)} points of the pen",
        ["ready after, ms", "a point shown, ms", "95 % within, ms"],
        [[f"{figure:.1f}" for figure in figures]],
        f"From the pointer event to the changed bars, two answers of each model. {hardware(device)}",
    )


def _in_chromium(html: str) -> tuple[float, list[float]]:
    """Return after how many ms the models were ready, and the ms from each point of the pen to the bars."""
    with tempfile.TemporaryDirectory() as folder, opened(Path(folder)) as page:
        file = Path(folder) / "digit.html"
        file.write_text(html, encoding="utf-8")
        page.size(1280, 900)
        page.go(file.as_uri())
        page.until("document.body.dataset.ready === 'yes'")
        ready = page.run("state.readyAfter")
        left, top, width = page.run("(({left, top, width}) => [left, top, width])(byId('pad').getBoundingClientRect())")
        times = []
        for k in range(2 * POINTS):
            x, y = (0.5 + 0.3 * math.cos(0.1 * k), 0.5 + 0.35 * math.sin(0.07 * k))
            kind = "mouseMoved" if k else "mousePressed"
            where = {"x": left + x * width, "y": top + y * width}
            page.call("Input.dispatchMouseEvent", type=kind, button="left", buttons=1, clickCount=1, **where)
            page.until("!waiting.ink && !waiting.changed")
            times.append(float(page.run("state.ms")))
            if k == POINTS:
                page.run("byId('clear').click()")
    return float(ready), times[20:]  # the first are compiled


def _in_node(node: str, given: dict[str, Any]) -> list[list[float]]:
    with tempfile.TemporaryDirectory() as folder:
        program, data = Path(folder) / "program.js", Path(folder) / "given.json"
        data.write_text(json.dumps(given), encoding="utf-8")
        reading = f'const given = JSON.parse(require("fs").readFileSync({json.dumps(str(data))}, "utf8"));'
        ending = f"(async () => {{ {BODY} }})().then((times) => process.stdout.write(JSON.stringify(times)));"
        program.write_text("\n".join([script(*COMPUTING), reading, ending]), encoding="utf-8")
        process = subprocess.run([node, str(program)], capture_output=True, text=True, check=True)
    times: list[list[float]] = json.loads(process.stdout)
    return times
