"""The page of `nightdesk proof`: what thinking ahead changed in one run, with pictures, on a page that loads nothing."""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from jinja2 import Environment, StrictUndefined

from bot.proof import ablation, report
from bot.proof.arms import TEST_ONLY
from bot.proof.figures import COUNTINGS, Counting, Figure, What
from bot.proof.results import Results

PICTURES = ("accuracy", "cost", "share")


@dataclass(frozen=True)
class Office:
    """A run of the ablation beside the accounting; `label` says whose answers they are."""

    run: ablation.Ablation
    label: str


def html(results: Results, pictures: Mapping[str, bytes], label: str, office: Office | None = None) -> str:
    """`pictures`: PNG by name, those of `PICTURES`, and with an `office` that of `ablation`; `label` says whether the answers
    are recorded or live, and whose."""
    tables = [
        ("Asleep against awake", "", report.beside(results)),
        ("Accuracy against test tokens", "accuracy", report.accuracy(results)),
        ("What sleep costs", "", report.sleep(results)),
        ("Time to an answer (median)", "", report.seconds(results)),
        *(
            (f"Cost per query. {report.cost_title(one)}", _PICTURED[one], report.cost(results, one))
            for one in COUNTINGS
        ),
        ("Right answers by kind of question", "", report.by_kind(results)),
        ("Right answers by difficulty", "", report.by_level(results)),
    ]
    style = base64.b64encode(hashlib.sha256(CSS.encode()).digest()).decode()
    page = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True).from_string(PAGE)
    return page.render(
        css=CSS,
        policy=f"default-src 'none'; img-src data:; style-src 'sha256-{style}'",
        label=label,
        verdict=verdict(results),
        head=report.head(results),
        office=office,
        office_head=ablation.head(office.run) if office else [],
        office_tables=_of_office(office.run) if office else [],
        tables=tables,
        notes=report.NOTES,
        pictures={name: base64.b64encode(png).decode() for name, png in pictures.items()},
    )


_PICTURED = {"completion": "cost", "all": "share"}


def _of_office(run: ablation.Ablation) -> list[tuple[str, str, ablation.Rows]]:
    return [
        ("Right answers and live tokens", "ablation", ablation.accuracy(run)),
        ("What the nights cost", "", ablation.costs(run)),
        ("Right answers by kind of question", "", ablation.by_kind(run)),
        ("How far the evidence came", "", ablation.stages(run)),
    ]


def verdict(results: Results) -> list[str]:
    """What a run shows in a sentence for each arm that slept, and what it does not show."""
    asleep = [arm for arm in results.run.arms if arm != TEST_ONLY.name]
    if not asleep or not results.figures or TEST_ONLY.name not in results.run.arms:
        return ["This run has nothing to compare."]
    return [_verdict(results, arm) for arm in asleep]


def _verdict(results: Results, arm: str) -> str:
    gain = _figure(results, "mean_gain", arm, None)
    if gain is None:
        return f"{arm}: the curves share no range of tokens, so nothing can be said."
    points = f"{100 * gain.value:+.1f} points of accuracy at equal test tokens"
    if gain.low is None or gain.high is None:
        sure = "one context, so how sure that is cannot be said"
    elif gain.low <= 0 <= gain.high:
        sure = (
            f"95 %: {100 * gain.low:+.1f} to {100 * gain.high:+.1f}, which includes 0, so this run does not show a gain"
        )
    else:
        sure = f"95 %: {100 * gain.low:+.1f} to {100 * gain.high:+.1f}"
    said = [f"{arm}: {points} ({sure})"]
    if (saving := _figure(results, "saving_at_best", arm, None)) is not None:
        said.append(f"{saving.value:.1f} times fewer test tokens at the best accuracy that all reach")
    if (cheaper := _figure(results, "cheaper_at_best", arm, max(results.run.sharing))) is not None:
        said.append(
            f"cost per query lower by {cheaper.value:.1f} times where {cheaper.sharing} questions share a context"
        )
    if (whole := _figure(results, "mean_gain", arm, None, "all")) is not None:
        said.append(f"counting also what is read, {100 * whole.value:+.1f} points")
    return "; ".join(said) + "."


def _figure(
    results: Results, what: What, arm: str, sharing: int | None, counting: Counting = "completion"
) -> Figure | None:
    """In the paper's counting, what the model writes, unless said otherwise."""
    wanted = (what, arm, counting, sharing)
    return next((one for one in results.figures if (one.what, one.arm, one.counting, one.sharing) == wanted), None)


PAGE = """\
{% macro table(title, picture, rows) %}
<h2>{{ title }}</h2>
{% if picture %}
<img alt="{{ title }}" src="data:image/png;base64,{{ pictures[picture] }}">
{% endif %}
<div class="wide"><table>
<thead><tr>{% for cell in rows[0] %}<th scope="col">{{ cell }}</th>{% endfor %}</tr></thead>
<tbody>
{% for row in rows[1:] %}
<tr>{% for cell in row %}<td>{{ cell }}</td>{% endfor %}</tr>
{% endfor %}
</tbody>
</table></div>
{% endmacro %}
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{{ policy }}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Does sleeping pay?</title>
<style>{{ css | safe }}</style>
</head>
<body>
<h1>Does sleeping pay?</h1>
{% if not office %}
<p class="label">{{ label }}</p>
{% endif %}
{% if office %}
<h2>In an office: the product awake and asleep</h2>
<p class="label">{{ office.label }}</p>
{% for line in office_head %}
<p>{{ line }}</p>
{% endfor %}
{% for title, picture, rows in office_tables %}
{{ table(title, picture, rows) }}
{% endfor %}
<h2>The paper's accounting</h2>
<p class="label">{{ label }}</p>
{% endif %}
<ul class="verdict">
{% for line in verdict %}
<li>{{ line }}</li>
{% endfor %}
</ul>
{% for line in head %}
<p>{{ line }}</p>
{% endfor %}
{% for title, picture, rows in tables %}
{{ table(title, picture, rows) }}
{% endfor %}
<h2>How to read it</h2>
<ul>
{% for note in notes %}
<li>{{ note }}</li>
{% endfor %}
</ul>
<p>Again with your own models: <code>nightdesk proof --live --out DIR</code> asks those that are set for the sleep and the live agent.</p>
</body>
</html>
"""

CSS = """\
:root { color-scheme: light; }
body { font: 15px/1.5 system-ui, sans-serif; color: #1d1c1d; background: #fff; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; margin: 0 0 .5rem; } h2 { font-size: 1.05rem; margin: 2.2rem 0 .6rem; }
.label { display: inline-block; background: #fdf3d8; border: 1px solid #e8d28f; border-radius: 4px; padding: .1rem .6rem; margin: 0 0 1rem; }
.verdict { padding-left: 1.2rem; font-weight: 600; }
img { max-width: 100%; height: auto; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: .85rem; } th, td { text-align: left; padding: .25rem .7rem .25rem 0; border-bottom: 1px solid #ddd; vertical-align: top; }
td:first-child { white-space: nowrap; } thead th { border-bottom-color: #888; }
code { background: #f4f4f4; padding: 0 .25rem; }
"""
