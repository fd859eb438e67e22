"""Trains the request detector and writes its weights into the package: python infra/train_requests.py DATA_FOLDER.

Needs numpy and scikit-learn, which the project itself does not: run it in an environment of its own, from the root of
the project. Prints F1 by ten folds of intent_charlie9 and on the test part of intent_parakweet.
"""

import gzip
import json
import sys
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.model_selection import StratifiedKFold

sys.path.insert(0, str(Path(__file__).parents[1]))

from graphs.rules.detector import WEIGHTS, features

KEPT = 3_000
RARE = 2  # an n-gram of fewer sentences teaches nothing
SEED = 7


def read(path: Path) -> list[tuple[str, int]]:
    with path.open(encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return [(row["text"], int(row["label"])) for row in rows]


def vocabulary(texts: list[frozenset[str]]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for text in texts:
        for name in text:
            counts[name] = counts.get(name, 0) + 1
    return {name: at for at, name in enumerate(sorted(name for name, n in counts.items() if n >= RARE))}


def matrix(texts: list[frozenset[str]], columns: dict[str, int]) -> csr_matrix:
    """One row a text: 1/sqrt(known features) in the column of each, as `request_score` weighs them."""
    known = [sorted(columns[name] for name in text if name in columns) for text in texts]
    values = [1 / np.sqrt(len(row) or 1) for row in known for _ in row]
    starts = np.cumsum([0, *(len(row) for row in known)])
    return csr_matrix((values, [at for row in known for at in row], starts), shape=(len(texts), len(columns)))


def fit(texts: list[frozenset[str]], labels: list[int]) -> tuple[LogisticRegression, dict[str, int]]:
    """Two rounds: all n-grams, then only the heaviest, refitted."""
    columns = vocabulary(texts)
    first = LogisticRegression(C=4, max_iter=2000, class_weight="balanced").fit(matrix(texts, columns), labels)
    names = sorted(columns, key=lambda name: -abs(first.coef_[0][columns[name]]))[:KEPT]
    kept = {name: at for at, name in enumerate(sorted(names))}
    return LogisticRegression(C=4, max_iter=2000, class_weight="balanced").fit(matrix(texts, kept), labels), kept


def folds(rows: list[tuple[str, int]], extra: list[tuple[str, int]]) -> float:
    """Mean F1 of ten folds; `extra` rows join the training part only."""
    texts, labels = [features(text) for text, _ in rows], [label for _, label in rows]
    more, more_labels = [features(text) for text, _ in extra], [label for _, label in extra]
    scores = []
    for train, test in StratifiedKFold(10, shuffle=True, random_state=SEED).split(texts, labels):
        model, columns = fit([texts[i] for i in train] + more, [labels[i] for i in train] + more_labels)
        scores.append(f1_score([labels[i] for i in test], model.predict(matrix([texts[i] for i in test], columns))))
    return float(np.mean(scores))


def f1_on(train: list[tuple[str, int]], test: list[tuple[str, int]]) -> float:
    model, columns = fit([features(text) for text, _ in train], [label for _, label in train])
    found = model.predict(matrix([features(text) for text, _ in test], columns))
    return float(f1_score([label for _, label in test], found))


def save(rows: list[tuple[str, int]]) -> Path:
    model, columns = fit([features(text) for text, _ in rows], [label for _, label in rows])
    weights = {name: round(float(model.coef_[0][at]), 3) for name, at in columns.items()}
    path = Path(__file__).parents[1] / "graphs" / "rules" / WEIGHTS
    stored = json.dumps({"bias": round(float(model.intercept_[0]), 3), "weights": weights}, sort_keys=True)
    path.write_bytes(gzip.compress(stored.encode(), mtime=0))  # no time inside: the same data, the same bytes
    return path


def main(folder: Path) -> None:
    charlie = read(folder / "intent_charlie9.jsonl")
    parakweet = read(folder / "intent_parakweet_train.jsonl")
    test = read(folder / "intent_parakweet_test.jsonl")
    held = {text for text, _ in test}
    known = {text for text, _ in charlie}
    extra = [row for row in parakweet if row[0] not in known]
    print(f"charlie9, ten folds, alone: F1 {folds(charlie, []):.3f}; with parakweet train: {folds(charlie, extra):.3f}")
    print(f"parakweet test, its train alone: F1 {f1_on([r for r in parakweet if r[0] not in held], test):.3f}")
    both = [row for row in charlie + extra if row[0] not in held]
    print(f"parakweet test, both: F1 {f1_on(both, test):.3f}")
    path = save(charlie + extra)
    print(f"{path.name}: {path.stat().st_size:,} bytes, {KEPT} weights")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
