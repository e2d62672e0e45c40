"""What the toolkit calls; everything else, reading requests and writing answers, is its own."""

from pathlib import Path

import joblib


def model_fn(model_dir):
    return joblib.load(Path(model_dir) / "model.joblib")


def predict_fn(rows, model):
    return model.predict(rows.reshape(-1, 10))
