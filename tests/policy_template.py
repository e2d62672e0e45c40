"""The policy templates of templates/policies, rendered with made-up values, for the lints."""

from pathlib import Path

import jinja2
import yaml

EXAMPLE = {
    "partition": "aws",
    "account": "111122223333",
    "accounts": ["222222222222", "333333333333"],
    "bucket": "sagemaker-us-east-1-111122223333",
    "key_arn": "arn:aws:kms:us-east-1:111122223333:key/00000000-0000-0000-0000-000000000000",
    "seed_bucket": "seeds",
    "seed_prefix": "modeldeploy/",
}


def rendered(file: str | Path) -> dict:
    """The policy document. The delimiters are those of src/domain/platform/template.rs."""
    syntax = jinja2.Environment(
        block_start_string="<%", block_end_string="%>", variable_start_string="<%=", variable_end_string="%>",
        comment_start_string="<%#", comment_end_string="%>", trim_blocks=True, lstrip_blocks=True,
        keep_trailing_newline=True, undefined=jinja2.StrictUndefined,
    )
    return yaml.safe_load(syntax.from_string(Path(file).read_text()).render(EXAMPLE))
