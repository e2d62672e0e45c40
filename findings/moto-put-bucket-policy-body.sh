#!/usr/bin/env bash
# moto answers PutBucketPolicy with HTTP 200 and the body "True"; S3's API says HTTP 200 with an empty body (API reference,
# PutBucketPolicy, "Response Syntax"), and its model in botocore has no output. Who holds answers to the model is surprised.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check 'moto[server]==5.2.1' boto3==1.43.11 botocore==1.43.127 2>/dev/null
"$work/venv/bin/python" - <<'PYTHON'
import importlib.metadata
import json

import boto3
from botocore.session import Session
from moto import mock_aws

operation = Session().get_service_model("s3").operation_model("PutBucketPolicy")
print("moto", importlib.metadata.version("moto"), "- the model's output:", operation.output_shape)
with mock_aws():
    s3 = boto3.client("s3", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
    s3.create_bucket(Bucket="models")
    seen = {}
    s3.meta.events.register("before-parse.s3.PutBucketPolicy", lambda response_dict, **_: seen.update(response_dict))
    statement = {"Effect": "Deny", "Principal": "*", "Action": "s3:DeleteBucket", "Resource": "arn:aws:s3:::models"}
    s3.put_bucket_policy(Bucket="models", Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    print("HTTP", seen["status_code"], "with the body", seen["body"])
    raise SystemExit(0 if operation.output_shape is None and seen["body"] == b"True" else 1)
PYTHON
