#!/usr/bin/env bash
# With AWS_PROFILE and AWS_DEFAULT_PROFILE both set, which a shell that moved from the one to the other has, AWS's own tools
# act in two accounts: botocore (boto3, AWS CLI v1) takes AWS_DEFAULT_PROFILE, the SDK for JavaScript AWS_PROFILE. A
# pipeline that looks with one of them and deploys with the other one deploys elsewhere.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check botocore==1.44.8
npm install --silent --no-fund --no-audit --prefix . @smithy/shared-ini-file-loader@4.7.2
printf '[profile staging]\nregion = eu-west-1\n[profile prod]\nregion = us-east-1\n' > config
export AWS_CONFIG_FILE="$work/config" AWS_PROFILE=staging AWS_DEFAULT_PROFILE=prod
unset AWS_REGION AWS_DEFAULT_REGION
botocore=$(venv/bin/python -c 'from botocore.session import Session; s = Session(); print(s.profile, s.get_config_variable("region"))')
javascript=$(node -e '
const {getProfileName, loadSharedConfigFiles} = require("@smithy/shared-ini-file-loader");
loadSharedConfigFiles().then(({configFile}) => console.log(getProfileName({}), configFile[getProfileName({})].region));')
echo "botocore 1.44.8: $botocore"
echo "@smithy/shared-ini-file-loader 4.7.2: $javascript"
[ "$botocore" = "prod us-east-1" ] && [ "$javascript" = "staging eu-west-1" ]
