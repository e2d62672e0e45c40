"""Trains a classifier on iris, saves it with its signature, and serves it: python serve.py PORT FOLDER"""

import os
import sys
from pathlib import Path

import mlflow
import pandas as pd
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split

COLUMNS = ["sepal_length", "sepal_width", "petal_length", "petal_width"]
port, folder = sys.argv[1], Path(sys.argv[2])
iris = load_iris()
# What is held out is in test/holdout.csv.
rows, _, labels, _ = train_test_split(iris.data, iris.target, test_size=0.4, random_state=7, stratify=iris.target)
frame, names = pd.DataFrame(rows, columns=COLUMNS), iris.target_names[labels]
model = LogisticRegression(max_iter=1000).fit(frame, names)
signature = mlflow.models.infer_signature(frame, names)
mlflow.sklearn.save_model(model, folder / "model", signature=signature, serialization_format="cloudpickle")
# It starts uvicorn by that name.
os.environ["PATH"] = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
command = ["mlflow", "models", "serve", "--model-uri", str(folder / "model"), "--env-manager", "local", "--port", port]
os.execv(sys.executable, [sys.executable, "-m", *command])
