"""One call by botocore, as this program makes it: python call.py SERVICE"""

import os
import sys

import botocore.session

CALLS = {
    "sagemaker": ("describe_model_package_group", {"ModelPackageGroupName": "churn"}),
    "s3": ("put_object", {"Bucket": "bucket-x", "Key": "a", "Body": b"b"}),
    "sagemaker-runtime": ("invoke_endpoint", {"EndpointName": "churn-staging", "Body": b"1"}),
    "organizations": ("list_accounts_for_parent", {"ParentId": "ou-ab12-stagings"}),
    "servicecatalog": ("search_products_as_admin", {}),
    "iam": ("get_role", {"RoleName": "r"}),
}

service = sys.argv[1]
operation, arguments = CALLS[service]
session = botocore.session.get_session()
# Of AWS's tools, botocore alone does not read AWS_REGION.
clients = {"region_name": os.environ.get("AWS_REGION") or None}
if service == "sagemaker-runtime":
    role = {"RoleArn": "arn:aws:iam::222222222222:role/r", "RoleSessionName": "session", "DurationSeconds": 3600}
    keys = session.create_client("sts", **clients).assume_role(**role)["Credentials"]
    clients["aws_access_key_id"] = keys["AccessKeyId"]
    clients["aws_secret_access_key"] = keys["SecretAccessKey"]
    clients["aws_session_token"] = keys["SessionToken"]
getattr(session.create_client(service, **clients), operation)(**arguments)
