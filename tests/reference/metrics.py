#!/usr/bin/env python3
"""Writes metrics.json: small random problems with scikit-learn's figures for them, which src/domain/metrics.rs must hit.

With the versions of tests/requirements.txt the same bytes come out every time; --check exits 1 if they would not.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import warnings
from pathlib import Path

import numpy as np
from sklearn import metrics

TARGET = Path(__file__).with_suffix(".json")
SEED = 20240229
# The last digits of a sum differ from one processor to the next; these do not, and the test looks at nine.
DIGITS = 12
AVERAGES = ("macro", "micro", "weighted")
# Numbers that texts would put into another order, and classes that differ in case only.
CLASSES = [[0, 1], [2, 10, 9], [-1, 30, 100, 5], ["no", "yes"], ["setosa", "versicolor", "virginica"],
           ["b", "B", "a", "c", "\u00e9"]]


def figure(value: float) -> float:
    return float(f"{float(value):.{DIGITS}g}")


def classification(chance: random.Random, classes: list, rows: int, skill: float) -> dict:
    truth = [chance.choice(classes) for _ in range(rows)]
    predicted = [value if chance.random() < skill else chance.choice(classes) for value in truth]
    positive = chance.choice(truth)
    figures = {"accuracy": metrics.accuracy_score(truth, predicted)}
    correct = metrics.accuracy_score(truth, predicted, normalize=False)
    figures |= {"correct": correct, "wrong": rows - correct}
    functions = {"precision": metrics.precision_score, "recall": metrics.recall_score, "f1": metrics.f1_score}
    for name, function in functions.items():
        for average in AVERAGES:
            figures[f"{name}_{average}"] = function(truth, predicted, average=average, zero_division=0)
        figures[name] = function(truth, predicted, labels=[positive], average="macro", zero_division=0)
        if len(set(truth) | set(predicted)) == 2:
            binary = function(truth, predicted, pos_label=positive, average="binary", zero_division=0)
            assert binary == figures[name], (name, binary, figures[name])
    labels = sorted(set(truth) | set(predicted))
    return {
        "truth": truth,
        "predicted": predicted,
        "positive": positive,
        "metrics": {name: figure(value) for name, value in figures.items()},
        "labels": labels,
        "confusion": metrics.confusion_matrix(truth, predicted, labels=labels).tolist(),
    }


def ranking(chance: random.Random, rows: int, decimals: int) -> dict:
    # Both kinds at least once; few decimals make many ties.
    truth = ["yes", "no"] + [chance.choice(["yes", "no"]) for _ in range(rows - 2)]
    scores = [round(chance.gauss(0.6 if value == "yes" else 0.4, 0.3), decimals) for value in truth]
    threshold = 0.5
    predicted = ["yes" if score >= threshold else "no" for score in scores]
    actual = [value == "yes" for value in truth]
    figures = {
        "roc_auc": metrics.roc_auc_score(actual, scores),
        "f1": metrics.f1_score(truth, predicted, pos_label="yes", zero_division=0),
    }
    return {
        "truth": truth,
        "scores": scores,
        "threshold": threshold,
        "metrics": {name: figure(value) for name, value in figures.items()},
    }


def regression(truth: list[float], predicted: list[float]) -> dict:
    residuals = np.array(predicted) - np.array(truth)
    figures = {
        "mae": metrics.mean_absolute_error(truth, predicted),
        "mse": metrics.mean_squared_error(truth, predicted),
        "rmse": metrics.root_mean_squared_error(truth, predicted),
    }
    if len(truth) > 1:
        figures["r2"] = metrics.r2_score(truth, predicted)
    summary = {
        "min": residuals.min(),
        "p5": np.percentile(residuals, 5),
        "median": np.median(residuals),
        "mean": residuals.mean(),
        "p95": np.percentile(residuals, 95),
        "max": residuals.max(),
    }
    return {
        "truth": truth,
        "predicted": predicted,
        "metrics": {name: figure(value) for name, value in figures.items()},
        "residuals": {name: figure(value) for name, value in summary.items()},
    }


def regressions(chance: random.Random) -> list[dict]:
    problems = []
    for rows, scale, noise in [(2, 1, 0.5), (7, 1, 0.1), (20, 1000, 50), (33, 1e-6, 1e-6), (50, 1, 3), (1, 5, 1)]:
        truth = [round(chance.uniform(-scale, scale), 9) for _ in range(rows)]
        predicted = [round(value + chance.gauss(0, noise), 9) for value in truth]
        problems.append(regression(truth, predicted))
    # Truth without spread, missed and hit; and predictions without any error.
    problems.append(regression([3.5] * 4, [3.5, 3.5, 3.25, 4.0]))
    problems.append(regression([3.5] * 4, [3.5] * 4))
    problems.append(regression([1.0, 2.0, 4.0], [1.0, 2.0, 4.0]))
    return problems


def document() -> str:
    chance = random.Random(SEED)
    # One class alone is meant here, as it can come in a small dataset.
    warnings.filterwarnings("ignore", message="A single label was found")
    problems = {
        "classification": [
            classification(chance, classes, rows, skill)
            for classes in CLASSES
            for rows, skill in [(1, 0.5), (4, 0.0), (12, 0.7), (40, 0.9)]
        ],
        "ranking": [ranking(chance, rows, decimals) for rows, decimals in [(2, 1), (10, 0), (30, 1), (40, 1), (40, 6)]],
        "regression": regressions(chance),
    }
    # One problem a line, so that a change shows where it is.
    kinds = [
        f"{json.dumps(kind)}: [\n" + ",\n".join(json.dumps(problem) for problem in of_kind) + "\n]"
        for kind, of_kind in problems.items()
    ]
    return "{\n" + ",\n".join(kinds) + "\n}\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing, exit 1 if the file would change")
    arguments = parser.parse_args()
    text = document()
    if arguments.check:
        if TARGET.exists() and TARGET.read_text(encoding="utf-8") == text:
            return 0
        print(f"error: {TARGET.name} is not what scikit-learn says\nhint: run {Path(__file__).name}", file=sys.stderr)
        return 1
    TARGET.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
