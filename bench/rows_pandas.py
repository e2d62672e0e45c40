"""What `modeldeploy test` does with a dataset, as it is usually written: rows_pandas.py URL FILE BATCH; prints the accuracy."""

import sys

import pandas
import requests

url, file, batch = sys.argv[1], sys.argv[2], int(sys.argv[3])
headers = {"Content-Type": "text/csv", "Accept": "application/json"}
frame = pandas.read_csv(file)
features = frame.drop(columns="label")
predicted = []
with requests.Session() as session:
    for start in range(0, len(frame), batch):
        body = features.iloc[start : start + batch].to_csv(index=False, header=False)
        answer = session.post(f"{url}/invocations", data=body, headers=headers)
        answer.raise_for_status()
        predicted += [prediction["label"] for prediction in answer.json()["predictions"]]
print((frame["label"] == predicted).mean())
