"""The end of a gate as files that continuous integration shows: JUnit XML and Markdown."""

import os
from pathlib import Path
from typing import TYPE_CHECKING
from xml.sax.saxutils import quoteattr

from robustmnist.system.files import write_atomic
from robustmnist.terminal.gate import HEAD, cells, miss_line, pair_text, refusal
from robustmnist.wording.characters import printable

if TYPE_CHECKING:
    from robustmnist.results.gate.outcome import Outcome

__all__ = ["junit_xml", "markdown_table", "write_gate_files"]


def write_gate_files(outcome: "Outcome", *, junit: Path | None, markdown: Path | None) -> None:
    """Write the files that were asked for, and append the Markdown to the summary of a job on GitHub."""
    if junit is not None:
        write_atomic(junit, junit_xml(outcome))
    if markdown is not None:
        write_atomic(markdown, markdown_table(outcome))
    if summary := os.environ.get("GITHUB_STEP_SUMMARY"):
        with Path(summary).open("a", encoding="utf-8") as file:
            file.write(markdown_table(outcome))


def junit_xml(outcome: "Outcome") -> str:
    """Return JUnit XML, as Jenkins, GitLab and GitHub's actions read it: a test for each condition, one for the data.

    The same outcome gives the same bytes: no times, no host.
    """
    cases = [_case("data", str(outcome.data), refusal(outcome) if outcome.refused else "")]
    for check in outcome.checks:
        name, what, wanted, value, margin, _ = cells(check)
        cases.append(_case(name, f"{what} {wanted}", "" if check.passed else miss_line(check), f"{value}, {margin}"))
    failures = len(outcome.missed) + outcome.refused
    counts = f'tests="{len(cases)}" failures="{failures}" errors="0" skipped="0" time="0"'
    suite = [f'<testsuite name="robustmnist gate" {counts}>', *cases, "</testsuite>"]
    return "\n".join(['<?xml version="1.0" encoding="UTF-8"?>', f"<testsuites {counts}>", *suite, "</testsuites>", ""])


def markdown_table(outcome: "Outcome") -> str:
    """Return the data, the pairs and all conditions as Markdown, what is missed in bold and first."""
    verdict = "passed" if outcome.passed else f"{len(outcome.missed) + outcome.refused} missed"
    lines = [f"### robustmnist gate: {verdict}", "", _plain(f"{outcome.data}")]
    lines += ["", f"**{_plain(refusal(outcome))}**"] if outcome.refused else []
    if outcome.pairs:
        pairs = "; ".join(pair_text(name, old) for name, old in outcome.pairs.items())
        lines += ["", f"Compared with the baseline: {_plain(pairs)}"]
    lines += ["", f"| {' | '.join(HEAD)} |", "|---|---|---|---|---|---|"]
    for check in sorted(outcome.checks, key=lambda check: check.passed):
        *texts, ended = map(_plain, cells(check))
        lines.append(f"| {' | '.join(texts)} | {ended if check.passed else f'**{ended}**'} |")
    return "\n".join([*lines, "", ""])


def _case(group: str, name: str, failure: str, output: str = "") -> str:
    head = f'<testcase classname={_attribute(group)} name={_attribute(name)} time="0"'
    if failure:
        return f'{head}><failure type="missed" message={_attribute(failure)}/></testcase>'
    return f"{head}><system-out>{_attribute(output)[1:-1]}</system-out></testcase>" if output else f"{head}/>"


def _attribute(text: str) -> str:
    return quoteattr(printable(text))


def _plain(text: str) -> str:
    """Return text that Markdown shows as it is, within a cell of a table, too."""
    return "".join(f"\\{character}" if character in "\\`*_[]<>|#~" else character for character in printable(text))
