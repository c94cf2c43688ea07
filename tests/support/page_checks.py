"""Pages in headless Chromium, without a network: messages, what sticks out sideways, what axe-core finds.

axe-core is used where npm has it (``npm install -g axe-core``, or without -g in the checkout).
"""

import re
import shutil
import subprocess
from pathlib import Path

__all__ = ["AXE", "CHROMIUM", "DARK_RULE", "POLICY", "browse", "messages", "sticking_out", "violations"]

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DARK_RULE = "@media screen and (prefers-color-scheme:dark)"
POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy"[^>]*>')


def browse(page: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Open `page` without a network and return what the browser printed."""
    quiet = [
        *("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--disable-background-networking"),
        *("--disable-sync", "--disable-component-update", "--disable-extensions", "--no-first-run"),
        "--enable-logging=stderr",
    ]
    rules = "--host-resolver-rules=MAP * ~NOTFOUND"
    profile = f"--user-data-dir={page.parent / 'profile'}"
    command = [str(CHROMIUM), *quiet, rules, profile, *options, page.as_uri()]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def messages(done: subprocess.CompletedProcess[str]) -> list[str]:
    return [line for line in done.stderr.splitlines() if "CONSOLE" in line]


def axe() -> Path | None:
    """Return axe-core as npm installed it in the checkout or for all, or None."""
    npm = shutil.which("npm")
    roots = [Path(__file__).parents[2] / "node_modules"]
    if npm:
        done = subprocess.run([npm, "root", "-g"], capture_output=True, text=True, check=False)
        roots.append(Path(done.stdout.strip()))
    return next((path for root in roots if (path := root / "axe-core" / "axe.min.js").is_file()), None)


AXE = axe()


def sticking_out(html: str, width: int, folder: Path) -> str:
    """Return the elements that reach beyond a page of `width` px, by name and class; empty where none does."""
    # Scripts are forbidden on the page itself, so a copy without the policy measures it from inside. A browser's window
    # has a least width, so the page is made narrow instead; what may scroll by itself is passed over.
    measure = f"""<script>
    document.documentElement.style.width = '{width}px';
    const wide = [...document.body.querySelectorAll('*')].filter(one =>
        !one.closest('.scroll, nav a, details, .unseen, svg *')
        && one.getBoundingClientRect().right > {width} + 1);
    document.title = 'wide: ' + wide.map(one => one.tagName + '.' + one.className).join(' ');
    </script></body>"""
    page = folder / "report.html"
    page.write_text(POLICY.sub("", html).replace("</body>", measure), encoding="utf-8")
    done = browse(page, f"--window-size={max(width, 500)},900", "--dump-dom")
    title = re.search(r"<title>wide: (.*?)</title>", done.stdout)
    assert title is not None, done.stderr
    return title[1]


def violations(html: str, scheme: str, folder: Path) -> str:
    """Return what axe-core finds on a page in the scheme ``light`` or ``dark``; empty where nothing is."""
    assert AXE is not None
    # On a copy without the policy, with everything unfolded, so that what is folded is checked as well.
    copy = POLICY.sub("", html).replace("<details", "<details open")
    if scheme == "dark":
        copy = copy.replace(DARK_RULE, "@media screen")
    script = AXE.read_text(encoding="utf-8").replace("</script", "<\\/script")
    report = """axe.run().then(result => {
        const lines = result.violations.map(one => one.id + ': ' + one.nodes.map(node => node.html).slice(0, 3));
        document.body.textContent = 'VIOLATIONS[' + lines.join(' | ') + ']';
    })"""
    page = folder / "report.html"
    both = f"<script>{script}</script><script>{report}</script></body>"
    page.write_text(copy.replace("</body>", both), encoding="utf-8")
    done = browse(page, "--virtual-time-budget=60000", "--dump-dom")
    said = re.search(r"VIOLATIONS\[(.*?)\]</body>", done.stdout, re.DOTALL)
    assert said is not None, done.stderr[-2000:]
    return said[1]
