#!/usr/bin/env python3
"""Trains the sample model on scikit-learn's iris data and records what it answers.

Writes model.json, test/holdout.csv and, in world.json, `Invocations` and the holdout scores of the version that answers.
With the versions of requirements.txt the same bytes come out every time; --check exits 1 if they would not.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import numpy as np
import sklearn
import yaml
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import serve

HERE = Path(__file__).parent
CASES = HERE.parent.parent / "test"
FEATURES = ["sepal_length", "sepal_width", "petal_length", "petal_width"]
SEED = 7
HOLDOUT_SHARE = 0.4
# The last digits of a fit differ from one linear algebra library or processor to the next; these do not.
DECIMALS = 6
# The version of world.json that this model is: the newest one that may be deployed.
VERSION = 3


def train() -> tuple[dict, str]:
    """Returns the documents model.json and holdout.csv."""
    iris = load_iris()
    classes = [str(name) for name in iris.target_names]
    kept, held_out = train_test_split(
        np.arange(len(iris.target)), test_size=HOLDOUT_SHARE, random_state=SEED, stratify=iris.target
    )
    # Multinomial, as for any solver but liblinear. Newton steps converge far beyond DECIMALS.
    regression = LogisticRegression(solver="newton-cholesky", C=1.0, tol=1e-10, max_iter=100)
    pipeline = make_pipeline(StandardScaler(), regression).fit(iris.data[kept], iris.target[kept])
    scaler = pipeline[0]

    document = {
        "features": FEATURES,
        "classes": classes,
        "means": rounded(scaler.mean_),
        "scales": rounded(scaler.scale_),
        "coefficients": [rounded(row) for row in regression.coef_],
        "intercepts": rounded(regression.intercept_),
        "training": {
            "dataset": "iris, bundled with scikit-learn",
            "rows": len(kept),
            "seed": SEED,
            "estimator": "StandardScaler, LogisticRegression(C=1.0)",
            "scikit_learn": sklearn.__version__,
            "numpy": np.__version__,
        },
    }
    model = serve.Model(document)
    compare(model, pipeline, iris.data)

    predicted = [model.predict(list(row)).label for row in iris.data[held_out]]
    true = [classes[target] for target in iris.target[held_out]]
    document["holdout"] = {
        "rows": len(held_out),
        "accuracy": round(float(accuracy_score(true, predicted)), 4),
        "macro_f1": round(float(f1_score(true, predicted, average="macro")), 4),
    }
    lines = [",".join(FEATURES + ["species"])]
    lines += [",".join([*map(str, row), label]) for row, label in zip(iris.data[held_out].tolist(), true)]
    return document, "\n".join(lines) + "\n"


def rounded(values: np.ndarray) -> list[float]:
    return [round(float(value), DECIMALS) for value in values]


def compare(model: serve.Model, pipeline, rows: np.ndarray) -> None:
    """The server computes by itself what scikit-learn computes: stop if they differ."""
    ours = np.array([model.probabilities(list(row)) for row in rows])
    difference = float(np.abs(ours - pipeline.predict_proba(rows)).max())
    if difference > 1e-5:
        sys.exit(f"error: serve.py and scikit-learn differ by {difference}")


def requests(holdout: str) -> list[tuple[str, str, str]]:
    """Content type, Accept and body of every request that cases.yml makes, each once."""
    found = {}
    suite = yaml.safe_load((CASES / "cases.yml").read_text(encoding="utf-8"))
    defaults = {"content_type": serve.CSV, "accept": serve.JSON, **suite.get("defaults", {})}
    for case in suite["cases"]:
        settings = {**defaults, **case}
        for body in bodies(case, holdout):
            found[settings["content_type"], settings["accept"], body] = None
    return list(found)


def bodies(case: dict, holdout: str) -> list[str]:
    if "body" in case:
        return [case["body"]]
    if "body_json" in case:
        return [json.dumps(case["body_json"], separators=(",", ":"), ensure_ascii=False)]
    dataset = case.get("dataset")
    if dataset is None or Path(dataset["file"]).name != "holdout.csv":
        sys.exit(f"error: case {case['name']!r} has a payload that train.py cannot record")
    header, *lines = [line.split(",") for line in holdout.splitlines()]
    columns = [header.index(feature) for feature in dataset["features"]]
    rows = [",".join(line[column] for column in columns) for line in lines]
    size = dataset.get("batch_size", 1)
    return ["\n".join(rows[start : start + size]) for start in range(0, len(rows), size)]


def record(world: dict, document: dict, holdout: str) -> None:
    """Puts into the world what the model answers to every request, and how good it is."""
    model = serve.Model(document)
    packages = world["ModelPackageGroups"][0]["ModelPackages"]
    package = next(package for package in packages if package["ModelPackageVersion"] == VERSION)
    package["CustomerMetadataProperties"] = {
        "accuracy": f"{document['holdout']['accuracy']:.4f}",
        "macro_f1": f"{document['holdout']['macro_f1']:.4f}",
        "holdout_rows": str(document["holdout"]["rows"]),
    }
    world["Invocations"] = [
        invocation(model, package["ModelPackageArn"], *request) for request in requests(holdout)
    ]


def invocation(model: serve.Model, arn: str, content_type: str, accept: str, body: str) -> dict:
    reply = serve.answer(model, content_type, accept, body.encode())
    text = reply.body.decode()
    said = {"ModelPackageName": arn, "ContentType": content_type, "Accept": accept, "Body": body}
    if reply.status == 200:
        return {**said, "Response": {"ContentType": reply.content_type, "Body": text}}
    return {**said, "Error": {"OriginalStatusCode": reply.status, "OriginalMessage": text}}


def to_json(document: dict) -> str:
    return json.dumps(document, indent=2) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if a file would change")
    options = parser.parse_args()

    document, holdout = train()
    world = json.loads((HERE / "world.json").read_text(encoding="utf-8"))
    record(world, document, holdout)
    files = {
        HERE / "model.json": to_json(document),
        CASES / "holdout.csv": holdout,
        HERE / "world.json": to_json(world),
    }

    stale = [path for path, text in files.items() if read(path) != text.encode()]
    for path in stale:
        if options.check:
            print(f"{path.name} would change: run train.py with the versions of requirements.txt", file=sys.stderr)
        else:
            path.write_bytes(files[path].encode())
            print(f"wrote {path.name}")
    print(f"holdout: {document['holdout']}, {len(world['Invocations'])} invocations recorded", file=sys.stderr)
    return 1 if options.check and stale else 0


def read(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None


if __name__ == "__main__":
    sys.exit(main())
