#!/usr/bin/env python3
"""Writes metrics.json: small random problems with scikit-learn's figures for them, which src/domain/suite/dataset must hit.

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
from sklearn.exceptions import UndefinedMetricWarning

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
    figures["balanced_accuracy"] = metrics.balanced_accuracy_score(truth, predicted)
    figures["mcc"] = metrics.matthews_corrcoef(truth, predicted)
    kappa = metrics.cohen_kappa_score(truth, predicted)
    if not np.isnan(kappa):
        figures["kappa"] = kappa
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


def probabilities(chance: random.Random, classes: list, rows: int, decimals: int, k: int | None, certain: bool) -> dict:
    """Few decimals make many ties; who is certain says 1 of a class, which is wrong at times."""
    truth = [chance.choice(classes) for _ in range(rows)]
    table = []
    for value in truth:
        weights = [chance.random() + (1 if value == other else 0) for other in classes]
        if certain:
            weights = [1.0 if weight == max(weights) and chance.random() < 0.8 else 0.0 for weight in weights]
            weights = weights if sum(weights) else [1.0] + [0.0] * (len(classes) - 1)
        total = sum(weights)
        row = [round(weight / total, decimals) for weight in weights]
        # Exactly 1 in all: scikit-learn wants that of the area, and warns of the loss without it.
        row[-1] = max(0.0, round(1 - sum(row[:-1]), decimals))
        table.append(row)
    y = np.array(table)
    figures = {"log_loss": metrics.log_loss(truth, y, labels=classes)}
    predicted = [classes[int(np.argmax(row))] for row in table]
    figures["accuracy"] = metrics.accuracy_score(truth, predicted)
    if k is not None:
        figures["top_k_accuracy"] = metrics.top_k_accuracy_score(truth, y, k=k, labels=classes)
    # The area as it is defined, each class against the rest, which scikit-learn gives for more than two of them too.
    if set(truth) == set(classes) and len(truth) > len(classes):
        areas = [metrics.roc_auc_score([value == one for value in truth], y[:, at]) for at, one in enumerate(classes)]
        figures["roc_auc_ovr"] = float(np.mean(areas))
        if len(classes) > 2:
            scores = y / y.sum(axis=1, keepdims=True)
            whole = metrics.roc_auc_score(truth, scores, multi_class="ovr", average="macro", labels=classes)
            assert abs(whole - figures["roc_auc_ovr"]) < 1e-9, (whole, figures["roc_auc_ovr"])
    return {
        "truth": truth,
        "classes": classes,
        "probabilities": table,
        **({} if k is None else {"k": k}),
        "metrics": {name: figure(value) for name, value in figures.items()},
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


def queries(chance: random.Random, sizes: list[int], decimals: int, k: int | None, most: int) -> dict:
    """Few decimals make many ties; `most` is the greatest relevance, and 0 makes queries without anything relevant."""
    rows, gains, hits = [], [], []
    for number, size in enumerate(sizes):
        relevance = [chance.randint(0, most) for _ in range(size)]
        scores = [round(chance.gauss(value, 1.5), decimals) for value in relevance]
        rows += [(f"q{number}", value, score) for value, score in zip(relevance, scores)]
        gains.append(metrics.ndcg_score([relevance], [scores], k=k))
        # Of equal scores the last comes first, as top_k_accuracy_score has it.
        first = np.argsort(scores, kind="mergesort")[::-1][:k]
        hits.append(any(relevance[at] > 0 for at in first))
        if k is not None and k < size > 2 and sum(value > 0 for value in relevance) == 1:
            at = next(at for at, value in enumerate(relevance) if value > 0)
            assert hits[-1] == metrics.top_k_accuracy_score([at], [scores], k=k, labels=range(size)), (relevance, scores)
    # The rows of a query need not stand together; their order within it is kept.
    order = sorted(range(len(rows)), key=lambda at: (at * 7919) % 13)
    rows = [rows[at] for at in order] if most > 1 and decimals > 1 else rows
    figures = {"ndcg": np.mean(gains)}
    if k is not None:
        figures["hit_rate"] = np.mean(hits)
    return {
        "queries": [row[0] for row in rows],
        "truth": [row[1] for row in rows],
        "scores": [row[2] for row in rows],
        **({} if k is None else {"k": k}),
        "metrics": {name: figure(value) for name, value in figures.items()},
    }


def recommendations(chance: random.Random, rows: int, items: int, length: int, k: int) -> dict:
    """What a model ranks itself: scikit-learn is given the places as scores, for lists of at least k items."""
    truth, ranked, gains, hits = [], [], [], []
    for _ in range(rows):
        relevant = chance.sample(range(items), chance.randint(1, 3))
        order = chance.sample(range(items), length)
        places = {item: -at for at, item in enumerate(order)}
        scores = [places.get(item, -items) for item in range(items)]
        gains.append(metrics.ndcg_score([[item in relevant for item in range(items)]], [scores], k=k))
        hits.append(any(item in relevant for item in order[:k]))
        truth.append([f"item {item}" for item in relevant])
        ranked.append([f"item {item}" for item in order])
    figures = {"ndcg": np.mean(gains), "hit_rate": np.mean(hits)}
    return {"truth": truth, "ranked": ranked, "k": k,
            "metrics": {name: figure(value) for name, value in figures.items()}}


def ranked_classes(chance: random.Random, classes: list, rows: int, k: int) -> dict:
    truth = [chance.choice(classes) for _ in range(rows)]
    table = [[chance.random() + (value == other) for other in classes] for value in truth]
    ranked = [[classes[at] for at in np.argsort(row)[::-1]] for row in table]
    figures = {"top_k_accuracy": metrics.top_k_accuracy_score(truth, table, k=k, labels=classes),
               "accuracy": metrics.accuracy_score(truth, [row[0] for row in ranked])}
    return {"truth": truth, "ranked": ranked, "k": k,
            "metrics": {name: figure(value) for name, value in figures.items()}}


def figures_of(truth: list, predicted: list, quantile: float) -> dict:
    """The figures of a regression, of one number a row or of several."""
    figures = {
        "mae": metrics.mean_absolute_error(truth, predicted),
        "mse": metrics.mean_squared_error(truth, predicted),
        "rmse": metrics.root_mean_squared_error(truth, predicted),
        "mape": metrics.mean_absolute_percentage_error(truth, predicted),
        "pinball_loss": metrics.mean_pinball_loss(truth, predicted, alpha=quantile),
    }
    if len(truth) > 1:
        figures["r2"] = metrics.r2_score(truth, predicted)
    return figures


def outputs(chance: random.Random, rows: int, width: int, quantile: float) -> dict:
    truth = [[round(chance.uniform(-5, 5) * (at + 1), 6) for at in range(width)] for _ in range(rows)]
    predicted = [[round(value + chance.gauss(0, 1), 6) for value in row] for row in truth]
    figures = figures_of(truth, predicted, quantile)
    return {"truth": truth, "predicted": predicted, "quantile": quantile,
            "metrics": {name: figure(value) for name, value in figures.items()}}


def regression(truth: list[float], predicted: list[float], quantile: float = 0.9) -> dict:
    residuals = np.array(predicted) - np.array(truth)
    figures = figures_of(truth, predicted, quantile)
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
        "quantile": quantile,
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
    # Truth of 0, which no error is a share of; and quantiles at their ends.
    problems.append(regression([0.0, 2.0, -4.0], [1.0, 0.0, -5.0], 0.0))
    problems.append(regression([0.0, 0.0], [0.0, 0.0], 1.0))
    return problems


def document() -> str:
    chance = random.Random(SEED)
    other = random.Random(SEED)
    third = random.Random(SEED)
    # One class alone is meant here, as it can come in a small dataset.
    warnings.filterwarnings("ignore", message="A single label was found")
    warnings.filterwarnings("ignore", message="y_pred contains classes not in y_true")
    warnings.filterwarnings("ignore", category=UndefinedMetricWarning)
    problems = {
        "classification": [
            classification(chance, classes, rows, skill)
            for classes in CLASSES
            for rows, skill in [(1, 0.5), (4, 0.0), (12, 0.7), (40, 0.9)]
        ],
        "probabilities": [
            probabilities(other, classes, rows, decimals, k if len(classes) > 2 else None, certain)
            for classes in ([0, 1], ["no", "yes"], [0, 1, 2], ["a", "b", "c", "d", "e"])
            for rows, decimals, k, certain in [(1, 2, 1, False), (12, 1, 2, False), (30, 1, 1, True), (40, 6, 3, False)]
        ],
        "ranking": [ranking(chance, rows, decimals) for rows, decimals in [(2, 1), (10, 0), (30, 1), (40, 1), (40, 6)]],
        "regression": regressions(chance),
        "queries": [
            queries(third, sizes, decimals, k, most)
            for sizes, decimals, k, most in [
                ([2], 1, None, 1), ([5, 5, 5], 0, 2, 3), ([2, 9, 4], 0, 3, 1), ([7] * 6, 6, 1, 4), ([12, 3], 1, 20, 2),
                ([4, 4], 1, 2, 0), ([6, 6, 6], -2, 2, 3), ([2] * 8, 0, 1, 1), ([30], 1, None, 4),
            ]
        ],
        "recommendations": [
            recommendations(third, rows, items, length, k)
            for rows, items, length, k in [(1, 5, 5, 1), (10, 20, 8, 5), (12, 10, 10, 10), (6, 50, 3, 2)]
        ],
        "ranked_classes": [
            ranked_classes(third, classes, rows, k)
            for classes, rows, k in [([0, 1, 2], 12, 2), (["a", "b", "c", "d"], 20, 3), (["a", "b", "c", "d"], 20, 1)]
        ],
        "outputs": [outputs(third, rows, width, quantile) for rows, width, quantile in [(1, 2, 0.5), (9, 3, 0.9), (20, 2, 0.1)]],
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
