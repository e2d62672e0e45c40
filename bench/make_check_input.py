"""Write a repository for `modeldeploy check` to time it on: a template of a given size and so many stages.

The template is valid, and a large one near CloudFormation's limits: many resources that refer to each other, parameters
with patterns, conditions that depend on the stage, mappings, endpoints with variants, scalable targets and alarms.
"""

import argparse
import itertools
import json
from pathlib import Path

PARAMETERS = 150
MAX_RESOURCES = 500
# Each endpoint is five resources; the rest of the template are topics with long policies.
ENDPOINTS = 40
# A template of so many bytes has as many of all of them as CloudFormation takes; a smaller one, in proportion.
NEAR_LIMITS = 400_000


def parameters(count: int) -> str:
    lines = ["Parameters:", "  StageName: {Type: String}", "  SageMakerProjectName: {Type: String}", "  ModelPackageName: {Type: String}"]
    for number in range(count):
        lines += [f"  P{number}:", "    Type: String", f"    Default: value-{number}", "    AllowedPattern: ^(?!aws)[a-z]+(-*[a-z0-9])*$"]
    return "\n".join(lines)


def endpoint(number: int) -> str:
    tags = "[{Key: sagemaker:project-name, Value: !Ref SageMakerProjectName}, {Key: sagemaker:project-id, Value: bench}]"
    return f"""
  Model{number}:
    Type: AWS::SageMaker::Model
    Properties:
      Containers: [{{ModelPackageName: !Ref ModelPackageName}}]
      ExecutionRoleArn: !Sub arn:${{AWS::Partition}}:iam::${{AWS::AccountId}}:role/${{P{number}}}
      Tags: {tags}
  Config{number}:
    Type: AWS::SageMaker::EndpointConfig
    Properties:
      ProductionVariants:
        - VariantName: all
          ModelName: !GetAtt Model{number}.ModelName
          InitialInstanceCount: !If [Stage{number % 20}, 2, 1]
          InstanceType: !FindInMap [Sizes, m, !Select [0, !Split ["-", "type-x"]]]
      Tags: {tags}
  Endpoint{number}:
    Type: AWS::SageMaker::Endpoint
    Properties:
      EndpointName: !Join ["-", [!Ref StageName, e{number}]]
      EndpointConfigName: !GetAtt Config{number}.EndpointConfigName
      RetainAllVariantProperties: true
      DeploymentConfig:
        BlueGreenUpdatePolicy:
          TrafficRoutingConfiguration: {{Type: ALL_AT_ONCE, WaitIntervalInSeconds: 60}}
        AutoRollbackConfiguration: {{Alarms: [{{AlarmName: !Ref Alarm{number}}}]}}
      Tags: {tags}
  Alarm{number}:
    Type: AWS::CloudWatch::Alarm
    Properties: {{ComparisonOperator: GreaterThanThreshold, EvaluationPeriods: 1, Threshold: 1, MetricName: Errors}}
  Target{number}:
    Type: AWS::ApplicationAutoScaling::ScalableTarget
    Properties:
      ServiceNamespace: sagemaker
      ScalableDimension: sagemaker:variant:DesiredInstanceCount
      ResourceId: !Sub endpoint/${{Endpoint{number}.EndpointName}}/variant/all
      MinCapacity: 1
      MaxCapacity: 4"""


def policy(number: int) -> str:
    depends = f"\n    DependsOn: Policy{number - 1}" if number else ""
    return f"\n  Policy{number}:\n    Type: AWS::SNS::TopicPolicy{depends}\n    Properties:\n      PolicyDocument:\n        Statement:"


def statement(of: int) -> str:
    return f"\n          - {{Sid: !Sub 'S${{P{of}}}', Effect: Allow, Resource: !If [Stage{of % 20}, !Ref P{of}, !Sub '*']}}"


def counts(size: int) -> tuple[int, int, int]:
    """Give how many parameters, endpoints and other resources a template of that size has: near the limits, all."""
    share = min(1, size / NEAR_LIMITS)
    endpoints = max(1, round(ENDPOINTS * share))
    # Conditions compare the first twenty.
    return max(20, round(PARAMETERS * share)), endpoints, round((MAX_RESOURCES - 5 * ENDPOINTS) * share) or 1


def template(size: int) -> str:
    all_parameters, endpoints, others = counts(size)
    sections = [
        parameters(all_parameters),
        "Mappings: {Sizes: {m: {type: ml.m5.large}}}",
        "Conditions:\n" + "\n".join(f"  Stage{n}: !Or [!Equals [!Ref StageName, s{n}], !Equals [!Ref P{n}, x]]" for n in range(20)),
        "Resources:" + "".join(endpoint(number) for number in range(endpoints)),
    ]
    begun = "\n".join(sections)
    policies = [policy(number) + statement(number % all_parameters) for number in range(others)]
    left = size - len(begun) - sum(map(len, policies)) - 1
    for turn in itertools.count(len(policies)):
        more = statement((turn % len(policies) + turn // len(policies)) % all_parameters)
        if len(more) > left:
            return begun + "".join(policies) + "\n"
        policies[turn % len(policies)] += more
        left -= len(more)


def write(folder: Path, size: int, stages: int) -> list[str]:
    """Write the repository, and give back the names of its stages."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "endpoint-config-template.yml").write_text(template(size))
    names = [f"s{number}" for number in range(stages)]
    for name in names:
        own = {f"P{number}": f"{name}-{number}" for number in range(counts(size)[0])}
        (folder / f"{name}-config.json").write_text(json.dumps({"Parameters": {"StageName": name} | own}, indent=2))
    return names


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--bytes", type=int, default=400_000)
    parser.add_argument("--stages", type=int, default=20)
    arguments = parser.parse_args()
    print(",".join(write(arguments.folder, arguments.bytes, arguments.stages)))


if __name__ == "__main__":
    main()
