#!/usr/bin/env bash
# cfn-lint matches a Default against AllowedPattern as Python does; CloudFormation matches the whole value, in Java's syntax
# (User Guide, "Regular expressions for CloudFormation templates" and "Parameters"). So the intersection of Java is refused
# with E2015 though the default keeps it, and "ab1" passes for "[a-z]+", which CloudFormation refuses.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check cfn-lint==1.58.0 2>/dev/null
cat >"$work/template.yml" <<'YAML'
Parameters:
  Intersection:
    Type: String
    AllowedPattern: '[a-z&&[^b]]+'
    Default: ac
  Whole:
    Type: String
    AllowedPattern: '[a-z]+'
    Default: ab1
Resources:
  Queue:
    Type: AWS::SQS::Queue
    Properties:
      Tags: [{Key: a, Value: !Ref Intersection}, {Key: b, Value: !Ref Whole}]
YAML
"$work/venv/bin/cfn-lint" --version
"$work/venv/bin/cfn-lint" --format parseable "$work/template.yml" | tee "$work/said" || true
[ "$(grep -c E2015 "$work/said")" = 1 ] && grep -q ':5:.*E2015' "$work/said"
