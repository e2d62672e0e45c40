#!/usr/bin/env python3
"""Writes what this program knows of AWS's endpoints and answers, from the models in botocore: `make models`.

With --hosts, prints all hosts as this Python's botocore has them, for the test that compares.
"""
import argparse
import hashlib
import json
import pathlib
import re
from collections import Counter

import botocore
from botocore.endpoint_provider import EndpointProvider
from botocore.exceptions import EndpointProviderError
from botocore.session import Session

HERE = pathlib.Path(__file__).resolve().parent

# Called without a generated client: the folders of botocore's data.
CALLED = ["cloudformation", "codebuild", "codecommit", "codepipeline", "ecr", "events", "iam", "kms", "organizations",
          "sagemaker", "servicecatalog", "service-quotas"]
# Called with the SDK's own, which have rules of their own.
GENERATED = ["s3", "sagemaker", "sagemaker-runtime", "sts"]

# The operations that are called, and what each answer must hold besides what every answer must: the list that an operation
# gives in pages, or the only member that it has. No model says which of several optional members always come; these do,
# by what AWS's API references show and emulators answer (on AWS itself unverified). Nothing that is not read is asked for.
OPERATIONS = {
    "cloudformation": {
        "ActivateOrganizationsAccess": [],
        "CreateStackInstances": [],
        "CreateStackSet": [],
        "DescribeOrganizationsAccess": [],
        "DescribeStackSet": [],
        "DescribeStackSetOperation": ["StackSetOperation.Status"],
        "ListStackInstances": ["Summaries[].Account", "Summaries[].Status"],
        "ListStackSetOperationResults": ["Summaries[].Account", "Summaries[].Status"],
        "ListStackSetOperations": ["Summaries[].OperationId", "Summaries[].Status"],
        "UpdateStackSet": [],
    },
    "codebuild": {"BatchGetProjects": ["projects[]"]},
    "codecommit": {"GetBranch": [], "GetRepository": []},
    "codepipeline": {"GetPipeline": ["pipeline", "metadata.pipelineArn"], "GetPipelineState": ["stageStates[]"]},
    "ecr": {"DescribeImages": ["imageDetails[]"], "GetRepositoryPolicy": ["policyText"]},
    "events": {
        "DescribeRule": ["Name", "State"],
        "ListRuleNamesByTarget": [],
        "ListTargetsByRule": ["Targets[].Arn"],
    },
    "iam": {
        "GetPolicy": ["Policy.DefaultVersionId"],
        "GetPolicyVersion": ["PolicyVersion.Document"],
        "GetRole": ["Role.Arn", "Role.AssumeRolePolicyDocument"],
        "GetRolePolicy": ["PolicyDocument"],
        "ListAttachedRolePolicies": ["AttachedPolicies[].PolicyArn", "AttachedPolicies[].PolicyName"],
        "ListRolePolicies": [],
        "PutRolePolicy": [],
    },
    "kms": {"GetKeyPolicy": ["Policy"], "ListGrants": []},
    "organizations": {
        "DescribeOrganization": ["Organization.MasterAccountId"],
        "ListAccountsForParent": ["Accounts[].Id", "Accounts[].State|Status"],
        "ListDelegatedAdministrators": ["DelegatedAdministrators[].Id"],
        "ListOrganizationalUnitsForParent": ["OrganizationalUnits[].Id"],
        "RegisterDelegatedAdministrator": [],
    },
    "s3": {
        "AbortMultipartUpload": [],
        "CompleteMultipartUpload": ["ETag"],
        "CopyObject": ["ETag"],
        "CreateMultipartUpload": ["UploadId"],
        "GetBucketAcl": ["Owner.ID"],
        "GetBucketCors": [],
        "GetBucketPolicy": [],
        "GetObjectTagging": [],
        "ListObjectsV2": ["Name"],
        "PutBucketCors": [],
        "PutBucketPolicy": [],
        "PutObject": [],
        "PutObjectTagging": [],
        "UploadPart": [],
        "UploadPartCopy": ["ETag"],
    },
    "sagemaker": {
        "AddTags": [],
        "CreateModelPackageGroup": [],
        "DescribeDomain": ["DomainArn"],
        "DescribeEndpoint": ["EndpointArn", "EndpointStatus"],
        "DescribeEndpointConfig": ["ProductionVariants[].VariantName"],
        "DescribeInferenceComponent": ["InferenceComponentName"],
        "DescribeModel": ["ModelName"],
        "DescribeModelPackage": ["ModelPackageArn", "ModelPackageStatus", "CreationTime"],
        "DescribeModelPackageGroup": ["ModelPackageGroupArn"],
        "GetModelPackageGroupPolicy": [],
        "ListDomains": ["Domains[].DomainId", "Domains[].DomainArn"],
        "ListInferenceComponents": ["InferenceComponents[].InferenceComponentName"],
        "ListModelPackages": ["ModelPackageSummaryList[].ModelPackageArn", "ModelPackageSummaryList[].ModelPackageStatus",
                              "ModelPackageSummaryList[].CreationTime"],
        "ListTags": ["Tags[].Key"],
        "PutModelPackageGroupPolicy": [],
    },
    "servicecatalog": {
        "AssociatePrincipalWithPortfolio": [],
        "AssociateProductWithPortfolio": [],
        "CreateConstraint": ["ConstraintDetail.ConstraintId"],
        "CreatePortfolio": ["PortfolioDetail.Id"],
        "CreateProduct": ["ProductViewDetail.ProductViewSummary.ProductId"],
        "CreateProvisioningArtifact": ["ProvisioningArtifactDetail.Id"],
        "DescribeConstraint": ["ConstraintParameters"],
        "DescribeProductAsAdmin": ["ProductViewDetail.ProductViewSummary.ProductId"],
        "DescribeProvisioningArtifact": ["Info", "Status"],
        "ListConstraintsForPortfolio": ["ConstraintDetails[].ConstraintId"],
        "ListPortfolios": ["PortfolioDetails[].Id"],
        "ListPortfoliosForProduct": ["PortfolioDetails[].Id"],
        "ListPrincipalsForPortfolio": ["Principals[].PrincipalARN"],
        "ListProvisioningArtifacts": ["ProvisioningArtifactDetails[].Id"],
        "SearchProductsAsAdmin": ["ProductViewDetails[].ProductViewSummary"],
        "UpdateConstraint": ["ConstraintDetail.ConstraintId"],
        "UpdateProduct": ["ProductViewDetail.ProductViewSummary.ProductId"],
    },
    "service-quotas": {"GetServiceQuota": [], "ListAWSDefaultServiceQuotas": []},
    "sts": {
        "AssumeRole": ["Credentials.AccessKeyId", "Credentials.SecretAccessKey", "Credentials.SessionToken"],
        "GetCallerIdentity": ["Account", "Arn"],
    },
}

# FIPS, then dual stack: the order of a host's names in the table.
VARIANTS = [(False, False), (False, True), (True, False), (True, True)]

loader = Session().get_component("data_loader")


def partitions():
    return loader.load_data("partitions")["partitions"]


def places(partition):
    """Its Regions, and one that does not exist yet."""
    real = next(name for name in partition["regions"] if re.match(partition["regionRegex"], name))
    return [*partition["regions"], re.sub(r"\w+-\d+$", "nowhere-9", real)]


class Rules:
    """The endpoint rules of a service."""

    def __init__(self, service):
        rules = loader.load_service_model(service, "endpoint-rule-set-1")
        self.provider = EndpointProvider(rules, loader.load_data("partitions"))

    def host(self, region, fips, dual_stack):
        """The host and the Region to sign for; None where the rules refuse."""
        try:
            endpoint = self.provider.resolve_endpoint(Region=region, UseFIPS=fips, UseDualStack=dual_stack)
        except EndpointProviderError:
            return None
        schemes = (endpoint.properties or {}).get("authSchemes", [])
        signed_for = next((scheme["signingRegion"] for scheme in schemes if "signingRegion" in scheme), region)
        return endpoint.url.removeprefix("https://"), signed_for


def all_hosts():
    """Service, Region, FIPS and dual stack, and what the rules say."""
    for service in sorted({*CALLED, *GENERATED}):
        rules, name = Rules(service), loader.load_service_model(service, "service-2")["metadata"]["serviceId"]
        for partition in partitions():
            for region in places(partition):
                for fips, dual_stack in VARIANTS:
                    answer = rules.host(region, fips, dual_stack)
                    yield {"service": name, "partition": partition["id"], "region": region, "fips": fips,
                           "dualStack": dual_stack, "host": answer and answer[0], "signedFor": answer and answer[1]}


def pattern(host, region, suffix):
    host = host.replace(region, "{region}")
    return host.removesuffix(suffix) + "{suffix}" if host.endswith("." + suffix) else host


class Hosts:
    """The hosts of a service as few rows: for everywhere, for a partition that differs, for a Region that differs."""

    def __init__(self, service):
        self.rules, self.rows = Rules(service), []
        generic = {partition["id"]: self.row(partition, places(partition)[-1]) for partition in partitions()}
        common = Counter(generic.values()).most_common(1)[0][0]
        self.rows.append(("*", common))
        self.rows += [(name, row) for name, row in generic.items() if row != common]
        for partition in partitions():
            for region in partition["regions"]:
                wanted = [self.rules.host(region, *variant) for variant in VARIANTS]
                if wanted != expand(generic[partition["id"]], region, partition):
                    self.rows.append((region, self.row(partition, region)))

    def row(self, partition, region):
        answers = [self.rules.host(region, *variant) for variant in VARIANTS]
        names = tuple(answer and pattern(answer[0], region, suffix_of(partition, variant[1]))
                      for answer, variant in zip(answers, VARIANTS))
        regions = {answer[1] for answer in answers if answer}
        assert len(regions) == 1, f"{region}: signed for {regions}"
        signed_for = regions.pop()
        return names, "{region}" if signed_for == region else signed_for


def expand(row, region, partition):
    names, signed_for = row
    fill = lambda text, variant: text.replace("{region}", region).replace("{suffix}", suffix_of(partition, variant[1]))
    return [name and (fill(name, variant), fill(signed_for, variant)) for name, variant in zip(names, VARIANTS)]


def suffix_of(partition, dual_stack):
    return partition["outputs"]["dualStackDnsSuffix" if dual_stack else "dnsSuffix"]


def prefixes(partition):
    """What Regions begin with, of an expression such as ^(us|eu)\\-\\w+\\-\\d+$; all of them are alike."""
    alike = re.fullmatch(r"\^(.*)\\-\\w\+\\-\\d\+\$", partition["regionRegex"])
    before, names, after = re.fullmatch(r"([^()]*)(?:\(([^()]*)\))?([^()]*)", alike[1]).groups()
    return [(before + name + after).replace("\\-", "-") for name in (names or "").split("|")]


def partition_table():
    yield "# id, suffix of hosts, of dual stack hosts, what Regions begin with, further names in Regions' stead"
    for one in partitions():
        others = [name for name in one["regions"] if not re.match(one["regionRegex"], name)]
        suffixes = [suffix_of(one, dual_stack) for dual_stack in (False, True)]
        yield " ".join([one["id"], *suffixes, ",".join(prefixes(one)), ",".join(others) or "-"])


def service_table():
    yield "# service: what its requests are signed for, its protocol and the operations' version or target, its id"
    yield "# host: where (a Region before a partition before *), the Region to sign for, and the host: plain,"
    yield "# dual stack, FIPS, FIPS and dual stack; - where the rules refuse"
    for service in CALLED:
        metadata = loader.load_service_model(service, "service-2")["metadata"]
        signed_for = metadata.get("signingName", metadata["endpointPrefix"])
        if "query" in metadata["protocols"]:
            protocol = ["query", metadata["apiVersion"]]
        else:
            assert "json" in metadata["protocols"] and metadata["jsonVersion"] == "1.1", service
            protocol = ["json", metadata["targetPrefix"]]
        yield " ".join(["service", signed_for, *protocol, metadata["serviceId"]])
        for place, (names, region) in Hosts(service).rows:
            yield " ".join(["host", place, region, *(name or "-" for name in names)])


class Answers:
    """What answers of a service hold, by its model."""

    def __init__(self, service):
        self.model = loader.load_service_model(service, "service-2")
        self.pages = loader.load_service_model(service, "paginators-1")["pagination"]
        self.protocol = next(one for one in self.model["metadata"]["protocols"] if one in ("json", "query", "rest-xml"))
        self.id = self.model["metadata"]["serviceId"]

    def line(self, operation, named):
        output = self.model["operations"][operation].get("output")
        shape = self.model["shapes"][output["shape"]] if output else {"members": {}}
        body = [name for name, member in shape["members"].items() if "location" not in member]
        payload = shape.get("payload")
        if payload and self.shape(shape, payload)["type"] == "string":
            return f"{operation} text"
        if payload:
            shape = self.shape(shape, payload)
            body = list(shape["members"])
        kind = self.kind(operation, output, body)
        must = [self.written(shape, path) for path in named]
        pages = self.pages.get(operation, {}).get("result_key")
        # A list without an element around it is not there when it is empty.
        own = [] if kind == "xml" and len(body) > 1 else [pages] if pages else body if len(body) == 1 else []
        for name in own:
            path = self.written(shape, name + "[]" if self.is_list(shape, name) else name)
            bare = path.removesuffix("[]").removesuffix("{}")
            if not any(one == path or one.startswith((bare + ".", bare + "[]")) for one in must):
                must.insert(0, path)
        assert must or not body or kind in ("empty", "none", "root"), f"{operation} has {body}: name what must be there"
        return " ".join([operation, kind, *must])

    def kind(self, operation, output, body):
        if self.protocol == "json":
            return "json" if output else "none"
        if self.protocol == "query":
            assert not output or output["resultWrapper"] == f"{operation}Result"
            return "query" if output else "root"
        return "xml" if body else "empty"

    def shape(self, shape, name):
        return self.model["shapes"][shape["members"][name]["shape"]]

    def is_list(self, shape, name):
        return self.shape(shape, name)["type"] == "list"

    def written(self, shape, path):
        """The path as answers spell it; fails where the model has no such member."""
        first, _, rest = path.partition(".")
        name, is_list = first.removesuffix("[]"), first.endswith("[]")
        spelt = []
        for one in name.split("|"):
            member, of = shape["members"][one], self.shape(shape, one)
            assert is_list == (of["type"] == "list"), f"{path}: {one} is a {of['type']}"
            # A list of REST XML may be spelt as its items are.
            item = of.get("member", {}) if of.get("flattened") or member.get("flattened") else {}
            spelt.append(item.get("locationName") or member.get("locationName", one))
        text = "|".join(spelt) + ("[]" if is_list else "")
        if not rest:
            return text + ("{}" if of["type"] in ("structure", "map") else "")
        inner = self.shape(shape, name)
        return text + "." + self.written(self.model["shapes"][inner["member"]["shape"]] if is_list else inner, rest)


def answer_table():
    yield "# service: its id; then a line for each operation: how its answer is written, and what is in it at least"
    yield "# json: an object; none: an object or nothing; query: XML with an XResponse and in it the XResult of an operation X;"
    yield "# root: the XResponse alone; xml: XML; text: a text; empty: nothing that matters"
    yield "# a: a text, a number or the like; a{}: members; a[]: a list; a.b: a member of a; a[].b: a member of each of its"
    yield "# items; a|b: one of them"
    for service, operations in OPERATIONS.items():
        answers = Answers(service)
        yield f"service {answers.id}"
        for operation, named in operations.items():
            yield answers.line(operation, named)


# What of SageMaker's answers says what serves: the members of these structures, and of all within them.
DESCRIBED = ["DescribeInferenceComponentOutput", "DescribeModelOutput", "ProductionVariant", "ProductionVariantSummary"]


def member_table():
    yield "# a line for each structure in SageMaker's answers: its name, and its members"
    yield "# a:S: a structure S, or a list of them; a{}: members whose names people choose; a: anything else"
    shapes = loader.load_service_model("sagemaker", "service-2")["shapes"]
    written, waiting = set(), list(DESCRIBED)
    lines = []
    while waiting:
        structure = waiting.pop()
        if structure in written:
            continue
        written.add(structure)
        members = []
        for name, member in shapes[structure]["members"].items():
            shape = member["shape"]
            while shapes[shape]["type"] == "list":
                shape = shapes[shape]["member"]["shape"]
            if shapes[shape]["type"] == "structure":
                waiting.append(shape)
                name += f":{shape}"
            members.append(name + "{}" if shapes[shape]["type"] == "map" else name)
        lines.append(" ".join([structure, *members]))
    yield from sorted(lines)


def write(name, lines):
    body = "".join(line + "\n" for line in lines)
    released = re.search(r"^# botocore (\S+) is of (\S+)\.$", (HERE / "requirements.txt").read_text(), re.M)
    assert released[1] == botocore.__version__, f"this is botocore {botocore.__version__}"
    head = (f"# Of botocore {released[1]}, {released[2]}. Written by \"make models\", not by hand.\n"
            f"# SHA-256 of what follows: {hashlib.sha256(body.encode()).hexdigest()}\n")
    (HERE / name).write_text(head + body)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hosts", action="store_true", help="print all hosts as JSON, and write nothing")
    if parser.parse_args().hosts:
        print(json.dumps(list(all_hosts())))
        return
    write("partitions.txt", partition_table())
    write("services.txt", service_table())
    write("answers.txt", answer_table())
    write("members.txt", member_table())


main()
