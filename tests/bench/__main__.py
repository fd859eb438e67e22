"""Every bench, one after the other, with the same arguments: `make bench ARGS="--data DIR --out DIR"`.

With a name first, that one alone: `python -m tests.bench sleeptime --model NAME`, which needs a model and is not in the row,
or `python -m tests.bench ablation`.
"""

import sys
from importlib import import_module

IN_ROW = ("help", "office", "night", "import", "imap", "memory", "slack_shapes")
FOLDERS = {name: f"tests.bench.{name}.__main__" for name in ("memory", "peers", "sleeptime", "ablation")}
NAMED = {name: f"tests.bench.bench_{name}" for name in IN_ROW} | FOLDERS

alone = sys.argv.pop(1) if sys.argv[1:] and sys.argv[1] in NAMED else None
for name in [alone] if alone else IN_ROW:
    import_module(NAMED[name]).main()
