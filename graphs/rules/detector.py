"""How much a sentence sounds like a request, by a small trained logistic regression over word n-grams.

One feature among others: its training labels (Enron mail, English) also count announcements of meetings as positive,
so the rules of `speech.py` decide and ask this score only where they see no clear form.
"""

import gzip
import json
import math
import re
from functools import lru_cache
from importlib import resources

WEIGHTS = "requests.json.gz"
"""Beside this file; written by `infra/train_requests.py`: {"bias": float, "weights": {n-gram: float}}."""

_TOKEN = re.compile(r"\d+(?:[:.,/-]\d+)*|[^\W\d_]+(?:'[^\W\d_]+)?|[?!:;,.]")
_LONGEST = 60  # tokens; a request shows itself by then


def features(sentence: str) -> frozenset[str]:
    """Word n-grams of one to three, the first marked `^`, numbers as `#`, and a few marks of shape."""
    tokens = ["#" if t[0].isdigit() else t for t in _TOKEN.findall(sentence.casefold().replace("’", "'"))[:_LONGEST]]
    marked = ["^", *tokens]
    found = {" ".join(marked[i : i + n]) for n in (1, 2, 3) for i in range(len(marked) - n + 1)}
    found.discard("^")
    found.add(f"length:{min(int(math.log2(len(tokens) + 1)), 6)}")
    if sentence.rstrip().endswith("?"):
        found.add("asks")
    if "http" in sentence or "$LINK" in sentence or "www." in sentence:
        found.add("link")
    return frozenset(found)


@lru_cache(maxsize=1)
def _weights() -> tuple[float, dict[str, float]]:
    packed = resources.files(__package__).joinpath(WEIGHTS).read_bytes()
    stored = json.loads(gzip.decompress(packed))
    return float(stored["bias"]), {str(name): float(weight) for name, weight in stored["weights"].items()}


@lru_cache(maxsize=8192)
def request_score(sentence: str) -> float:
    """Probability, 0 to 1, that an English `sentence` asks for something; 0.5 is the best cut on its training data."""
    bias, weights = _weights()
    known = [weights[name] for name in features(sentence) if name in weights]
    logit = bias + sum(known) / math.sqrt(len(known) or 1)
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, logit))))
