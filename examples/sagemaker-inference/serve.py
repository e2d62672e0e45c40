"""Trains a regression on diabetes and serves it with the SageMaker inference toolkit: python serve.py PORT FOLDER"""

import os
import shutil
import sys
from pathlib import Path

import joblib
from sklearn.datasets import load_diabetes
from sklearn.linear_model import LinearRegression

port, folder = sys.argv[1], Path(sys.argv[2])
code = folder / "model" / "code"
code.mkdir(parents=True)
shutil.copy(Path(__file__).with_name("inference.py"), code)
joblib.dump(LinearRegression().fit(*load_diabetes(return_X_y=True)), folder / "model" / "model.joblib")
# As in a container, but for the folder, which is /opt/ml there.
os.environ |= {
    "SAGEMAKER_BASE_DIR": str(folder),
    "SAGEMAKER_BIND_TO_PORT": port,
    "SAGEMAKER_MODEL_SERVER_WORKERS": "1",
    "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
}

from sagemaker_inference import model_server  # noqa: E402, it reads the variables

model_server.MMS_CONFIG_FILE = str(folder / "mms.properties")  # else /etc/sagemaker-mms.properties
os.chdir(folder)
model_server.start_model_server()
