"""Trains a classifier on iris and serves it with LitServe, under SageMaker's paths: python serve.py PORT FOLDER"""

import sys

import litserve
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split


class Iris(litserve.LitAPI):
    def setup(self, device):
        iris = load_iris()
        # What is held out is in test/holdout.csv.
        rows, _, labels, _ = train_test_split(
            iris.data, iris.target, test_size=0.4, random_state=7, stratify=iris.target
        )
        self.model = LogisticRegression(max_iter=1000).fit(rows, iris.target_names[labels])

    def decode_request(self, request):
        return request["instances"]

    def predict(self, rows):
        return self.model.predict(rows).tolist()

    def encode_response(self, labels):
        return {"predictions": labels}


if __name__ == "__main__":
    server = litserve.LitServer(Iris(api_path="/invocations"), accelerator="cpu", healthcheck_path="/ping")
    server.run(host="127.0.0.1", port=int(sys.argv[1]), generate_client_file=False)
