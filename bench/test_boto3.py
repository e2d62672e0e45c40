"""What `modeldeploy test` does, as a plain boto3 script: the same calls, one account after the other."""

import json
import os
from pathlib import Path

import boto3
from build_boto3 import active_accounts


def test(account: str, role: str, endpoint: str, package: str, body: str) -> dict:
    assumed = boto3.client("sts").assume_role(
        RoleArn=f"arn:aws:iam::{account}:role/{role}", RoleSessionName="bench", DurationSeconds=3600
    )["Credentials"]
    session = boto3.Session(assumed["AccessKeyId"], assumed["SecretAccessKey"], assumed["SessionToken"])
    sagemaker, runtime = session.client("sagemaker"), session.client("sagemaker-runtime")
    live = sagemaker.describe_endpoint(EndpointName=endpoint)
    config = sagemaker.describe_endpoint_config(EndpointConfigName=live["EndpointConfigName"])
    model = sagemaker.describe_model(ModelName=config["ProductionVariants"][0]["ModelName"])
    answer = runtime.invoke_endpoint(EndpointName=endpoint, ContentType="text/csv", Body=body)["Body"].read().decode()
    containers = model.get("Containers") or [model["PrimaryContainer"]]
    return {
        "accountId": account,
        "endpointStatus": live["EndpointStatus"],
        "success": containers[0]["ModelPackageName"] == package and answer == "body",
    }


def main() -> None:
    exported = json.loads(Path(os.environ["BUILD_CONFIG"]).read_text())
    values = {entry["ParameterKey"]: entry["ParameterValue"] for entry in exported}
    endpoint = f"{values['SageMakerProjectName']}-{values['StageName']}"
    role, package = os.environ["SAGEMAKER_EXECUTION_ROLE_NAME"], values["ModelPackageName"]
    described = boto3.client("sagemaker").describe_model_package(ModelPackageName=package)
    assert described["ModelPackageStatus"] == "Completed"
    accounts = active_accounts(boto3.client("organizations"), os.environ["ORGANIZATIONAL_UNIT_ID"])
    results = [test(account, role, endpoint, package, "5.1,3.5,1.4,0.2") for account in accounts]
    success = all(result["success"] for result in results)
    report = {"success": success, "accounts": results}
    Path(os.environ["EXPORT_TEST_RESULTS"]).write_text(json.dumps(report, indent=2))
    raise SystemExit(0 if success else 3)


if __name__ == "__main__":
    main()
