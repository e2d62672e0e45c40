"""What `modeldeploy build` does, as a plain boto3 script: the same calls, the same exported files."""

import argparse
import json
import os
import shutil
from pathlib import Path

import boto3
from botocore.exceptions import ClientError

STAGES = ("staging", "prod")
SID = "bench-boto3"


def latest_approved(sagemaker, group: str) -> str:
    request = {
        "ModelPackageGroupName": group,
        "ModelApprovalStatus": "Approved",
        "SortBy": "CreationTime",
        "SortOrder": "Descending",
        "MaxResults": 1,
    }
    while True:
        page = sagemaker.list_model_packages(**request)
        if page["ModelPackageSummaryList"]:
            return page["ModelPackageSummaryList"][0]["ModelPackageArn"]
        if "NextToken" not in page:
            raise SystemExit(f"no approved model package in {group}")
        request["NextToken"] = page["NextToken"]


def active_accounts(organizations, unit: str) -> list[str]:
    accounts = []
    for page in organizations.get_paginator("list_accounts_for_parent").paginate(ParentId=unit):
        accounts += [account["Id"] for account in page["Accounts"] if account["Status"] == "ACTIVE"]
    for page in organizations.get_paginator("list_organizational_units_for_parent").paginate(ParentId=unit):
        for child in page["OrganizationalUnits"]:
            accounts += active_accounts(organizations, child["Id"])
    return accounts


def grant(sagemaker, group: str, group_arn: str, accounts: list[str]) -> None:
    try:
        answer = sagemaker.get_model_package_group_policy(ModelPackageGroupName=group)
        policy = json.loads(answer["ResourcePolicy"])
    except ClientError as error:
        if error.response["Error"]["Code"] != "ValidationException":
            raise
        policy = {"Version": "2012-10-17", "Statement": []}
    principals = {"AWS": [f"arn:aws:iam::{account}:root" for account in sorted(accounts)]}
    package_arns = group_arn.replace(":model-package-group/", ":model-package/") + "/*"
    package_actions = ["DescribeModelPackage", "ListModelPackages", "CreateModel"]
    ours = [
        {
            "Sid": f"{SID}-group",
            "Effect": "Allow",
            "Principal": principals,
            "Action": ["sagemaker:DescribeModelPackageGroup"],
            "Resource": group_arn,
        },
        {
            "Sid": f"{SID}-packages",
            "Effect": "Allow",
            "Principal": principals,
            "Action": [f"sagemaker:{action}" for action in package_actions],
            "Resource": package_arns,
        },
    ]
    merged = [statement for statement in policy["Statement"] if not statement.get("Sid", "").startswith(SID)] + ours
    if merged != policy["Statement"]:
        policy["Statement"] = merged
        sagemaker.put_model_package_group_policy(ModelPackageGroupName=group, ResourcePolicy=json.dumps(policy))


def read_access(container: dict) -> None:
    """Read what decides who can read the model data and pull the image; what it says is not judged here."""
    s3, ecr = boto3.client("s3"), boto3.client("ecr")
    bucket, key = container["ModelDataUrl"].removeprefix("s3://").split("/", 1)
    json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])
    s3.get_bucket_acl(Bucket=bucket)
    s3.list_objects_v2(Bucket=bucket, Prefix=key, FetchOwner=True)
    s3.head_object(Bucket=bucket, Key=key)
    repository, _, digest = container["Image"].partition("/")[2].partition("@")
    try:
        ecr.describe_images(repositoryName=repository, imageIds=[{"imageDigest": digest}])
    except ClientError as error:
        if error.response["Error"]["Code"] != "ImageNotFoundException":
            raise
    json.loads(ecr.get_repository_policy(repositoryName=repository)["policyText"])


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--input-dir", type=Path, required=True)
    parser.add_argument("--output-dir", type=Path, required=True)
    arguments = parser.parse_args()
    arguments.output_dir.mkdir(parents=True, exist_ok=True)

    group = os.environ["SOURCE_MODEL_PACKAGE_GROUP_NAME"]
    sagemaker, organizations = boto3.client("sagemaker"), boto3.client("organizations")
    group_arn = sagemaker.describe_model_package_group(ModelPackageGroupName=group)["ModelPackageGroupArn"]
    package = latest_approved(sagemaker, group)
    description = sagemaker.describe_model_package(ModelPackageName=package)
    assert description["ModelPackageStatus"] == "Completed"
    for container in description["InferenceSpecification"]["Containers"]:
        read_access(container)
    accounts = set()
    for stage in STAGES:
        accounts.update(active_accounts(organizations, os.environ[f"ORGANIZATIONAL_UNIT_{stage.upper()}_ID"]))
    grant(sagemaker, group, group_arn, sorted(accounts))

    shutil.copy(arguments.input_dir / "endpoint-config-template.yml", arguments.output_dir / "template-export.yml")
    for stage in STAGES:
        config = json.loads((arguments.input_dir / f"{stage}-config.json").read_text())
        if isinstance(config, list):
            values = {entry["ParameterKey"]: str(entry["ParameterValue"]) for entry in config}
        else:
            values = {key: str(value) for key, value in config["Parameters"].items()}
        values |= {
            "SageMakerProjectName": os.environ["SAGEMAKER_PROJECT_NAME"],
            "SageMakerProjectId": os.environ["SAGEMAKER_PROJECT_ID"],
            "ModelPackageName": package,
            "RoleName": os.environ[f"SAGEMAKER_EXECUTION_ROLE_{stage.upper()}_NAME"],
        }
        exported = [{"ParameterKey": key, "ParameterValue": value} for key, value in values.items()]
        (arguments.output_dir / f"{stage}-config-export.json").write_text(json.dumps(exported, indent=2) + "\n")


if __name__ == "__main__":
    main()
