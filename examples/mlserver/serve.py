"""Trains a classifier on iris and serves it with MLServer's scikit-learn runtime: python serve.py PORT FOLDER"""

import json
import os
import sys
from pathlib import Path

import joblib
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split

port, folder = int(sys.argv[1]), Path(sys.argv[2])
iris = load_iris()
# What is held out is in test/holdout.csv.
rows, _, labels, _ = train_test_split(iris.data, iris.target, test_size=0.4, random_state=7, stratify=iris.target)
joblib.dump(LogisticRegression(max_iter=1000).fit(rows, iris.target_names[labels]), folder / "model.joblib")
model = {"name": "iris", "implementation": "mlserver_sklearn.SKLearnModel", "parameters": {"uri": "./model.joblib"}}
(folder / "model-settings.json").write_text(json.dumps(model))
# The other two ports are not asked here.
ports = {"host": "127.0.0.1", "http_port": port, "grpc_port": port + 1, "metrics_port": port + 2}
(folder / "settings.json").write_text(json.dumps(ports | {"parallel_workers": 0}))
os.execv(sys.executable, [sys.executable, str(Path(sys.executable).with_name("mlserver")), "start", str(folder)])
