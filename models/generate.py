#!/usr/bin/env python3
"""Writes what this program knows of AWS's endpoints, from the rules in botocore: `make models`.

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


main()
