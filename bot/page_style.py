"""Template and style of `digest.html`: a direct message in Slack, on one page that loads nothing."""

PAGE = """\
{% macro cards(sections) %}
{% for key, caption, items in sections %}
<section class="group {{ key }}">
<h2>{{ caption }}</h2>
{% for item in items %}
<article>
<p class="fact" dir="auto">{{ item.text }}</p>
{% if item.next_step %}
<p class="step" dir="auto"><span aria-hidden="true">→</span> {{ item.next_step }}</p>
{% endif %}
{% if item.places or item.due or item.age %}
<p class="about">
{% for label, hrefs in item.places %}
<span>{% for href in hrefs %}{% if not loop.first %}, {% endif %}{% set shown = label if loop.first else loop.index %}{% if href %}<a href="{{ href }}" rel="noopener noreferrer">{{ shown }}</a>{% else %}{{ shown }}{% endif %}{% endfor %}</span>

{% endfor %}
{% if item.due %}<b class="{{ 'due late' if item.is_late else 'due' }}">{{ item.due }}</b>{% endif %}

{% if item.age %}<span>{{ item.age }}</span>{% endif %}

</p>
{% endif %}
<p class="buttons">
{% for label in item.buttons %}<span class="button{{ ' first' if loop.first and item.kind == 'draft' }}" aria-hidden="true" title="Works in Slack">{{ label }}</span>{% endfor %}
{% if item.open %}<a class="button" href="{{ item.open }}" rel="noopener noreferrer">Open</a>{% endif %}

<span class="button dots" aria-hidden="true">⋯</span>
</p>
</article>
{% endfor %}
</section>
{% endfor %}
{% endmacro %}
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{{ policy }}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="color-scheme" content="light dark">
<title>{{ headline }}</title>
<style>{{ css | safe }}</style>
</head>
<body>
<header class="bar"><span class="moon small" aria-hidden="true"></span><b>Nightdesk</b><span class="for" dir="auto">for {{ name }}</span></header>
<main>
<p class="day"><span>{{ day }}</span></p>
<div class="message">
<span class="moon" aria-hidden="true"></span>
<div class="body">
<p class="from"><b>Nightdesk</b> <span class="app">APP</span></p>
<h1 dir="auto">{{ headline }}</h1>
{{ cards(sections) }}
{% if more_count %}
<p class="count">+ {{ more_count }} more in the thread</p>
{% endif %}
{% if failed or footer %}
<footer>
{% for line in failed %}
<p class="failed" dir="auto">{{ line }}</p>
{% endfor %}
{% for line in footer %}
<p dir="auto">{{ line }}</p>
{% endfor %}
</footer>
{% endif %}
</div>
</div>
{% if more_count %}
<div class="thread">
<p class="replies">{{ more_count }} more, in the thread</p>
{{ cards(more) }}
</div>
{% endif %}
</main>
</body>
</html>
"""

PALETTE = """
:root {
  --page: #f4f3f5; --paper: #fff; --ink: #1d1c1d; --soft: #5c5a5f; --line: #e3e1e5; --link: #1264a3; --late: #c01343;
  --go: #007a5a; --bar: #3f0e40; --tag: #eceaee; --warn: #8a5a00; --hover: #f8f8f8;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #131416; --paper: #1a1d21; --ink: #e3e2e4; --soft: #a3a2a6; --line: #34373c; --link: #4fb0ea; --late: #ff7a93;
    --go: #148567; --bar: #270c29; --tag: #33363b; --warn: #e6b455; --hover: #222529;
  }
}
"""
"""Colours by light and dark."""

MOON = """
.moon { flex: none; position: relative; width: 38px; height: 38px; border-radius: 8px; overflow: hidden; background: #2b2350; }
.moon::before {
  content: ""; position: absolute; inset: 22%; border-radius: 50%; box-shadow: inset -5px -3px 0 0 #ffd97a; transform: rotate(-20deg);
}
.moon.small { width: 24px; height: 24px; border-radius: 6px; }
.moon.small::before { box-shadow: inset -3px -2px 0 0 #ffd97a; }
"""
"""The sign of Nightdesk."""

CSS = (
    PALETTE
    + """* { box-sizing: border-box; margin: 0; }
body {
  background: var(--page); color: var(--ink); overflow-wrap: anywhere; -webkit-text-size-adjust: 100%;
  font: 15px/1.4667 Lato, "Slack-Lato", -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Liberation Sans", Arial, sans-serif;
}
.bar { display: flex; align-items: center; gap: 10px; padding: 10px 20px; background: var(--bar); color: #fff; }
.bar b { font-weight: 800; }
.bar .for { opacity: .75; font-size: 13px; }
main {
  max-width: 760px; margin: 24px auto; padding: 20px 24px 24px; background: var(--paper);
  border: 1px solid var(--line); border-radius: 10px;
}
.day { display: flex; align-items: center; gap: 12px; margin-bottom: 16px; font-size: 13px; font-weight: 700; }
.day::before, .day::after { content: ""; flex: 1; border-top: 1px solid var(--line); }
.day span { padding: 3px 14px; border: 1px solid var(--line); border-radius: 20px; }
.message { display: flex; gap: 12px; }
.body { flex: 1; min-width: 0; }
"""
    + MOON
    + """.from { line-height: 1.2; }
.from b { font-weight: 800; }
.app { padding: 1px 4px; border-radius: 3px; background: var(--tag); color: var(--soft); font-size: 10px; font-weight: 700; vertical-align: 1px; }
h1 { margin: 4px 0 2px; font-size: 20px; line-height: 1.3; font-weight: 800; letter-spacing: -.01em; text-wrap: balance; }
h2 { margin: 20px 0 0; font-size: 15px; font-weight: 800; }
article { padding: 9px 0 12px; border-bottom: 1px solid var(--line); break-inside: avoid; }
section article:last-child { border-bottom: 0; padding-bottom: 4px; }
.fact { max-width: 66ch; }
.step { max-width: 66ch; margin-top: 2px; color: var(--soft); }
.about { display: flex; flex-wrap: wrap; margin-top: 4px; color: var(--soft); font-size: 13px; }
.about > * + *::before { content: "·"; display: inline-block; width: 18px; text-align: center; color: var(--soft); font-weight: 400; }
.about .due { font-weight: 700; }
.about .due.late { color: var(--late); }
a { color: var(--link); text-decoration: none; }
a:hover { text-decoration: underline; }
a:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; border-radius: 4px; }
.buttons { display: flex; flex-wrap: wrap; gap: 8px; margin-top: 8px; }
.button {
  display: inline-block; padding: 3px 11px; border: 1px solid var(--line); border-radius: 8px; background: var(--paper);
  color: var(--ink); font-size: 13px; font-weight: 700; line-height: 1.5;
}
a.button:hover { background: var(--hover); text-decoration: none; }
.button.first { background: var(--go); border-color: var(--go); color: #fff; }
.button.dots { color: var(--soft); }
.count { margin-top: 16px; color: var(--link); font-weight: 700; font-size: 13px; }
footer { margin-top: 18px; padding-top: 12px; border-top: 1px solid var(--line); color: var(--soft); font-size: 13px; }
footer p + p { margin-top: 2px; }
footer .failed { color: var(--warn); }
footer .failed::before { content: "⚠ "; }
.thread { margin: 22px 0 0 50px; padding-left: 18px; border-left: 3px solid var(--line); }
.replies { color: var(--soft); font-size: 13px; }
.thread h2 { margin-top: 14px; }
@media (max-width: 560px) {
  main { margin: 0; border: 0; border-radius: 0; padding: 16px; }
  .thread { margin-left: 0; }
}
@media print {
  :root { --page: #fff; --paper: #fff; --ink: #000; --soft: #444; --line: #ccc; --link: #000; --late: #000; --warn: #000; }
  body { font-size: 10.5pt; }
  .bar, .buttons, .moon { display: none; }
  main { max-width: none; margin: 0; padding: 0; border: 0; }
  .thread { margin-left: 0; }
  h2 { break-after: avoid; }
}
"""
)
