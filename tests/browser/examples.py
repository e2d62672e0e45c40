"""Results files as `modeldeploy test` writes them, made up but always the same: what the pages are tested with."""

import json
import math
import random
from pathlib import Path

GROUP = "arn:aws:sagemaker:eu-central-1:111122223333:model-package/churn-classifier"
IMAGE = "111122223333.dkr.ecr.eu-central-1.amazonaws.com/churn@sha256:" + "9f86d081884c7d65" * 4
LABELS = ["stays", "leaves", "undecided"]
HOSTILE = "<script>document.title = 'taken over'</script>"


def summary(latencies: list[float]) -> dict:
    ordered = sorted(latencies)

    def at(quantile: float) -> float:
        return round(ordered[max(0, math.ceil(quantile * len(ordered)) - 1)], 3)

    mean = round(sum(ordered) / len(ordered), 3)
    return {"min": at(0), "mean": mean, "p50": at(0.5), "p90": at(0.9), "p95": at(0.95), "p99": at(0.99), "max": at(1)}


def buckets(latencies: list[float]) -> list[dict]:
    """Each a quarter wider than the one before; empty ones left out."""
    up_to, found = min(latencies), []
    rest = sorted(latencies)
    while rest:
        count = next((at for at, value in enumerate(rest) if value > up_to), len(rest))
        if count:
            found.append({"upTo": round(up_to, 3), "count": count})
        rest, up_to = rest[count:], up_to * 1.25
    return found


def draw(dice: random.Random, count: int, middle: float, tail: float = 0.02) -> list[float]:
    slow = (lambda: dice.uniform(4, 12) if dice.random() < tail else 1)
    return [round(middle * dice.lognormvariate(0, 0.25) * slow(), 3) for _ in range(count)]


def case(name: str, latencies: list[float], kind: str = "invoke", failures: tuple = (), errors: int = 0, **more) -> dict:
    return {
        "name": name,
        "kind": kind,
        "success": not failures,
        "invocations": len(latencies) + errors,
        "errors": errors,
        "latencyMs": summary(latencies) if latencies else None,
        "latencyBuckets": buckets(latencies) if latencies else [],
        "failures": list(failures),
        **more,
    }


def failure(kind: str, message: str, body: str | None = None, content_type: str = "application/json") -> dict:
    found = {"kind": kind, "message": message}
    if body is not None:
        kept = {"contentType": content_type, "bytes": len(body.encode()), "truncated": False, "text": body}
        found["response"] = kept
    return found


def dataset(counts: list[list[int]], labels: list[str] = LABELS) -> dict:
    rows = sum(map(sum, counts))
    right = sum(counts[at][at] for at in range(len(labels)))
    metrics = {
        "accuracy": right / rows,
        "f1_macro": right / rows * 0.985,
        "precision_macro": right / rows * 0.99,
        "recall_macro": right / rows * 0.98,
        "roc_auc": min(1.0, right / rows * 1.03),
    }
    return {"rows": rows, "metrics": metrics, "confusion": {"labels": labels, "counts": counts}}


def account(at: int, version: int, cases: list[dict], errors: tuple = (), live: int | None = None, **more) -> dict:
    live = version if live is None else live
    arn = f"{GROUP}/{live}"
    return {
        "accountId": str(222200000000 + at * 1117),
        "region": "eu-central-1",
        "endpointName": "churn-classifier-staging",
        "endpointStatus": "InService",
        "success": not errors and all(one["success"] for one in cases),
        "dataCapture": {
            "enabled": True,
            "status": "Started",
            "samplingPercentage": 100,
            "destination": f"s3://datacapture-{222200000000 + at * 1117}/churn",
        },
        "liveModelPackageArns": [arn],
        "liveModelMatches": live == version,
        "variants": [
            {
                "name": "AllTraffic",
                "role": "production",
                "modelNames": [f"Model-{at:04x}kQ2vTz"],
                "modelPackageArns": [arn],
                "images": [IMAGE],
            }
        ],
        "cases": cases,
        "errors": list(errors),
        **more,
    }


def report(version: int, accounts: list[dict], left_out: tuple = (), errors: tuple = (), **more) -> dict:
    return {
        "schemaVersion": 1,
        "project": "churn-classifier",
        "stage": "staging",
        "modelPackageArn": f"{GROUP}/{version}",
        "success": not errors and bool(accounts) and all(one["success"] for one in accounts),
        "startedAt": "2026-08-02T09:30:12.518Z",
        "finishedAt": "2026-08-02T09:34:24.031Z",
        "accounts": accounts,
        "leftOut": list(left_out),
        "errors": list(errors),
        **more,
    }


def small_cases(dice: random.Random) -> list[dict]:
    names = ["a customer who stays", "a customer who leaves", "two rows at once", "JSON in, JSON out"]
    cases = [case(name, draw(dice, 1, 14)) for name in names]
    return [*cases, case("a malformed row is refused", draw(dice, 1, 4))]


def passing() -> dict:
    """One account, and nothing to complain of."""
    dice = random.Random(1)
    counts = [[480, 12, 8], [9, 287, 4], [6, 11, 183]]
    cases = small_cases(dice)
    cases += [
        case("steady load", draw(dice, 1500, 13), "load", load=load(50, 49.97, 30, 7)),
        case("holdout accuracy", draw(dice, 20, 60), "dataset", dataset=dataset(counts)),
    ]
    return report(42, [account(1, 42, cases)])


def load(target: float, achieved: float, seconds: float, most: int) -> dict:
    return {
        "targetRate": target,
        "achievedRate": achieved,
        "durationSeconds": seconds,
        "maxInFlight": 64,
        "mostInFlight": most,
    }


def failing() -> dict:
    """Three accounts in which everything fails that can, and names that try to break out of the page."""
    dice = random.Random(2)
    wrong = json.dumps({"predictions": [{"label": "stays", "score": 0.31}], "note": "</pre>" + HOSTILE}, indent=1)
    good = [
        *small_cases(dice),
        case("steady load", draw(dice, 1500, 15), "load", load=load(50, 49.9, 30, 9)),
        case("holdout accuracy", draw(dice, 20, 60), "dataset", dataset=dataset([[470, 20, 10], [9, 287, 4], [6, 11, 183]])),
        case("monthly revenue", draw(dice, 12, 80), "dataset", dataset=regression(41.2)),
        case("tokens", draw(dice, 30, 900), "stream", firstByteMs=summary(draw(dice, 30, 120))),
        case(HOSTILE, draw(dice, 1, 11)),
    ]
    slow = draw(dice, 1100, 95, tail=0.08)
    bad = [
        case(
            "a customer who stays",
            draw(dice, 1, 14),
            failures=(
                failure("wrong_json", "$.predictions[0].label: expected \"leaves\", got \"stays\" (at byte 27)", wrong),
                failure("wrong_content_type", "expected application/json, got text/html; charset=utf-8"),
            ),
        ),
        case(
            "a customer who leaves",
            [],
            errors=1,
            failures=(failure("model_error", "the model container answered 500: KeyError: 'tenure'", "<html><body>\0 </pre><h1>500</h1>" + "x" * 400, "text/html"),),
        ),
        case("two rows at once", draw(dice, 1, 14)),
        case("JSON in, JSON out", draw(dice, 1, 14)),
        case("a malformed row is refused", draw(dice, 1, 14), failures=(failure("not_refused", "expected the model to refuse the row with 400, it answered 200", '{"predictions":[]}'),)),
        case(
            "steady load",
            slow,
            "load",
            errors=37,
            load=load(50, 37.9, 30, 64),
            failures=(
                failure("slo", f"p95 is {summary(slow)['p95']} ms, at most 300 ms are allowed"),
                failure("slo", "error rate is 3.3%, at most 0% is allowed"),
                failure("load", "37.9 of 50 requests a second were reached, at least 95% are asked for"),
            ),
        ),
        case(
            "holdout accuracy",
            draw(dice, 20, 60),
            "dataset",
            dataset=dataset([[301, 140, 59], [88, 190, 22], [31, 60, 109]]),
            failures=(failure("gate", "accuracy is 0.6000, at least 0.95 is asked for"),),
        ),
        case("monthly revenue", draw(dice, 12, 80), "dataset", dataset=regression(97.5)),
        case("tokens", draw(dice, 28, 2100), "stream", errors=2, firstByteMs=summary(draw(dice, 28, 700)), failures=(failure("stream", "the stream broke off after 412 bytes: ModelStreamError, internal failure"),)),
        case(HOSTILE, draw(dice, 1, 11), failures=(failure("wrong_body", f"expected to contain {HOSTILE}", "]]>" + HOSTILE, "text/plain"),)),
    ]
    binary = {"contentType": "application/x-npy", "bytes": 70_000, "truncated": True, "base64": "k05VTVBZAQB2AHsn" * 24}
    bad[2]["failures"] = [{**failure("wrong_body", "expected sha256 " + "ab" * 32), "response": binary}]
    bad[2]["success"] = False
    mismatch = failure(
        "live_model_mismatch",
        f"variant AllTraffic serves {GROUP}/41 (model Model-0003kQ2vTz), expected {GROUP}/42",
    )
    denied = failure(
        "assume_role",
        "cannot take on arn:aws:iam::222200003351:role/modeldeploy-test: sts:AssumeRole AccessDenied: User: "
        "arn:aws:sts::111122223333:assumed-role/CodeBuild/AWSCodeBuild-1f2e is not authorized (request 1f2e-77)",
    )
    accounts = [
        account(1, 42, good),
        account(2, 42, bad, errors=(mismatch,), live=41),
        {
            "accountId": "222200003351",
            "region": "eu-central-1",
            "endpointName": "churn-classifier-staging",
            "endpointStatus": None,
            "success": False,
            "dataCapture": None,
            "liveModelPackageArns": [],
            "liveModelMatches": None,
            "cases": [],
            "errors": [denied],
        },
    ]
    shadow = {
        "name": "Shadow",
        "role": "shadow",
        "modelNames": ["Model-shadow"],
        "modelPackageArns": [f"{GROUP}/41"],
        "images": [IMAGE.replace("9f86", "1b4f")],
    }
    accounts[1]["variants"].append(shadow)
    left_out = (
        {"accountId": "222200009999", "reason": "SUSPENDED since 2026-07-01"},
        {"accountId": "111122223333", "reason": "the management account, to which stack sets deploy nothing"},
    )
    return report(42, accounts, left_out, (failure("interrupted", "the run was ended by SIGTERM"),))


def regression(scale: float) -> dict:
    return {
        "rows": 1200,
        "metrics": {"mae": scale * 0.7, "rmse": scale, "r2": 1 - scale / 400},
        "residuals": {"min": -scale * 6, "p5": -scale * 1.7, "median": 0.4, "mean": -1.02, "p95": scale * 1.6, "max": scale * 9},
    }


def many(accounts: int = 60, cases: int = 5) -> dict:
    """Many accounts, of which some are slow and some wrong."""
    dice = random.Random(3)
    found = []
    for at in range(accounts):
        middle = dice.uniform(11, 17) * (6 if at % 19 == 7 else 1)
        of_account = [case(f"case {number} with a name of some length", draw(dice, 1, middle)) for number in range(cases)]
        latencies = draw(dice, 300, middle)
        failures = ()
        if summary(latencies)["p95"] > 100:
            failures = (failure("slo", f"p95 is {summary(latencies)['p95']} ms, at most 100 ms are allowed"),)
        of_account.append(case("steady load", latencies, "load", failures, load=load(10, dice.uniform(9.9, 10), 30, 4)))
        if at % 23 == 11:
            wrong = (failure("wrong_json", "$.label: expected \"leaves\", got \"stays\"", '{"label": "stays"}'),)
            of_account[1] = case(of_account[1]["name"], draw(dice, 1, middle), failures=wrong)
        one = account(at, 42, of_account, live=41 if at % 37 == 30 else 42)
        if not one["liveModelMatches"]:
            arn = f"{GROUP}/41"
            one["errors"] = [failure("live_model_mismatch", f"variant AllTraffic serves {arn}, expected {GROUP}/42")]
            one["success"] = False
        found.append(one)
    return report(42, found)


def former() -> dict:
    """The run before `passing`: another package, faster and a little worse."""
    dice = random.Random(4)
    cases = small_cases(dice)[1:]
    cases += [
        case("steady load", draw(dice, 1500, 9.5), "load", load=load(50, 50, 30, 5)),
        case("holdout accuracy", draw(dice, 20, 62), "dataset", dataset=dataset([[472, 18, 10], [15, 279, 6], [9, 17, 174]])),
    ]
    times = {"startedAt": "2026-07-28T14:02:51.020Z", "finishedAt": "2026-07-28T14:06:40.200Z"}
    return report(41, [account(1, 41, cases)], **times)


PAGES = {
    "passing": [passing],
    "failing": [failing],
    "many": [many],
    "hundreds": [lambda: many(200, 12)],
    "compared": [former, passing],
    "staged": [passing, many, failing],
    "untested": [lambda: report(42, [], errors=(failure("unit", "cannot list the accounts of unit ou-ab12-stg00001: AccessDenied"),))],
    "nothing-sent": [lambda: report(42, [account(1, 42, [])])],
}


def write(folder: Path) -> dict[str, list[Path]]:
    """Every page's results files, by the name of the page."""
    pages = {}
    for name, reports in PAGES.items():
        pages[name] = [folder / f"{name}-{at}.json" for at in range(1, len(reports) + 1)]
        for path, make in zip(pages[name], reports):
            path.write_text(json.dumps(make(), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return pages
