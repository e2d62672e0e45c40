"""What is set, as data. {port} is that of the recorder, {proxy} that of its proxy, {tls} that of its TLS; paths begin in
the home folder. `differs` says why the two do not do the same, as docs/credentials.md tells; without it they have to."""

KEYS = {"AWS_ACCESS_KEY_ID": "ENV", "AWS_SECRET_ACCESS_KEY": "s"}
REGION = {"AWS_REGION": "us-east-1"}
HERE = {**REGION, "AWS_ENDPOINT_URL": "http://localhost:{port}"}
BASE = "[profile base]\naws_access_key_id = BASE\naws_secret_access_key = s\n"
ROLE = "role_arn = arn:aws:iam::111111111111:role/one\n"
MFA = "mfa_serial = arn:aws:iam::111111111111:mfa/u\n"
STATIC = "aws_access_key_id = FILE\naws_secret_access_key = s\n"
CONTAINER = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:{port}/creds"}
INSTANCE = {"AWS_EC2_METADATA_DISABLED": "false", "AWS_EC2_METADATA_SERVICE_ENDPOINT": "http://127.0.0.1:{port}"}
WEB = {"AWS_WEB_IDENTITY_TOKEN_FILE": "{home}/token", "AWS_ROLE_ARN": "arn:aws:iam::111111111111:role/web"}
PROCESS = "credential_process = cat {home}/process.json\n"
ANSWER = '{"Version": 1, "AccessKeyId": "PROCESS", "SecretAccessKey": "s", "SessionToken": "t"}'
SSO = "sso_account_id = 111111111111\nsso_role_name = r\n"
PLACE = "sso_region = us-east-1\nsso_start_url = https://sso.example/start\n"
TOKEN = '{"accessToken": "bearer", "expiresAt": "2039-01-01T00:00:00Z", "region": "us-east-1", "startUrl": "https://sso.example/start"}'


def credentials(name, variables=(), config="", shared="", terminal=None, files=(), differs=None):
    variables = {**HERE, **dict(variables)}
    files = {".aws/config": config, ".aws/credentials": shared, **dict(files)}
    return {"name": name, "variables": variables, "files": files, "service": "sagemaker", "terminal": terminal,
            "differs": differs, "status": 200}


def endpoint(name, variables=(), config="", service="sagemaker", differs=None, region="us-east-1", status=200):
    # What goes to AWS's own hosts ends at the proxy.
    variables = {**KEYS, "AWS_REGION": region, "HTTPS_PROXY": "http://127.0.0.1:{proxy}", **dict(variables)}
    return {"name": name, "variables": {key: value for key, value in variables.items() if value is not None},
            "files": {".aws/config": config}, "service": service, "terminal": None, "differs": differs, "status": status}


def services(**urls):
    lines = "".join(f"{name} =\n  endpoint_url = {url}\n" for name, url in urls.items())
    return f"[default]\nservices = local\n[services local]\n{lines}"


CREDENTIALS = [
    credentials("variables", KEYS),
    credentials("variables before a profile", KEYS, config=f"[default]\n{STATIC}"),
    credentials("half a pair of variables", {"AWS_ACCESS_KEY_ID": "ENV"}, config=f"[default]\n{STATIC}"),
    credentials("a secret alone", {"AWS_SECRET_ACCESS_KEY": "s"}, config=f"[default]\n{STATIC}"),
    credentials("half a pair in a profile", config="[default]\naws_access_key_id = FILE\n", variables=CONTAINER),
    credentials("the file of credentials", shared=f"[default]\n{STATIC}"),
    credentials("the file of credentials before the config", config="[default]\naws_access_key_id = CONFIG\n"
                "aws_secret_access_key = s\n", shared=f"[default]\n{STATIC}"),
    credentials("AWS_PROFILE", {"AWS_PROFILE": "base"}, config=f"[default]\n{STATIC}{BASE}"),
    credentials("AWS_DEFAULT_PROFILE", {"AWS_DEFAULT_PROFILE": "base"}, config=f"[default]\n{STATIC}{BASE}"),
    credentials("both name a profile", {"AWS_PROFILE": "base", "AWS_DEFAULT_PROFILE": "default"},
                config=f"[default]\n{STATIC}{BASE}", differs="AWS_PROFILE wins, as in the AWS CLI"),
    credentials("a profile that is not there", {"AWS_PROFILE": "none", **KEYS}, config=f"[default]\n{STATIC}"),
    credentials("a role with a source profile", config=f"[default]\n{ROLE}source_profile = base\n{BASE}"),
    credentials("a role with all that it takes", config=f"[default]\n{ROLE}source_profile = base\nexternal_id = ex\n"
                f"duration_seconds = 900\nrole_session_name = named\n{BASE}"),
    credentials("a role by way of a role", config=f"[default]\n{ROLE}source_profile = mid\n[profile mid]\n"
                f"role_arn = arn:aws:iam::111111111111:role/mid\nsource_profile = base\n{BASE}"),
    credentials("a role with its own keys", config=f"[default]\n{ROLE}source_profile = default\n{STATIC}"),
    credentials("a role in a circle", config=f"[default]\n{ROLE}source_profile = other\n[profile other]\n{ROLE}"
                "source_profile = default\n"),
    credentials("a role without a source", config=f"[default]\n{ROLE}"),
    credentials("a role with the container's credentials", CONTAINER, config=f"[default]\n{ROLE}credential_source = EcsContainer\n"),
    credentials("a role with the variables", {"AWS_PROFILE": "p", "AWS_ACCESS_KEY_ID": "ENV", "AWS_SECRET_ACCESS_KEY": "s"},
                config=f"[profile p]\n{ROLE}credential_source = Environment\n"),
    credentials("a duration that is not a number", config=f"[default]\n{ROLE}source_profile = base\nduration_seconds = long\n{BASE}",
                differs="botocore leaves it out; here it is an error"),
    credentials("MFA without a terminal", config=f"[default]\n{ROLE}source_profile = base\n{MFA}{BASE}"),
    credentials("MFA on a terminal", config=f"[default]\n{ROLE}source_profile = base\n{MFA}{BASE}", terminal="123456\n"),
    credentials("a web identity", WEB, files={"token": "a.jwt"}),
    credentials("a web identity before keys of a profile", WEB, config=f"[default]\n{STATIC}", files={"token": "a.jwt"}),
    credentials("a web identity of a profile", config=f"[default]\n{ROLE}web_identity_token_file = {{home}}/token\n",
                files={"token": "a.jwt"}),
    credentials("a command", config=f"[default]\n{PROCESS}", files={"process.json": ANSWER}),
    credentials("keys of a file before a command", config=f"[default]\n{PROCESS}", shared=f"[default]\n{STATIC}",
                files={"process.json": ANSWER}),
    credentials("a command before keys of the config", config=f"[default]\n{PROCESS}{STATIC}", files={"process.json": ANSWER}),
    credentials("a command for a role", config=f"[default]\n{ROLE}source_profile = p\n[profile p]\n{PROCESS}",
                files={"process.json": ANSWER}),
    credentials("the container", CONTAINER),
    credentials("the container with a token", {**CONTAINER, "AWS_CONTAINER_AUTHORIZATION_TOKEN": "secret"}),
    credentials("the container with a token's file", {**CONTAINER, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "{home}/token"},
                files={"token": "secret"}),
    credentials("the container past a proxy", {**CONTAINER, "HTTP_PROXY": "http://127.0.0.1:{proxy}", "NO_PROXY": "localhost"}),
    credentials("the container after a profile", CONTAINER, config=f"[default]\n{STATIC}"),
    credentials("the container at another host", {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://192.0.2.1:{port}/creds"}),
    credentials("the instance", INSTANCE),
    credentials("the instance past a proxy", {**INSTANCE, "HTTP_PROXY": "http://127.0.0.1:{proxy}", "NO_PROXY": "localhost"},
                differs="botocore asks a proxy for them; here none is"),
    credentials("an instance at no URL", {**KEYS, "AWS_EC2_METADATA_SERVICE_ENDPOINT": "a b"}),
    credentials("an instance by IPv5", {**KEYS, "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE": "IPv5"}),
    credentials("an instance for some seconds", {**KEYS, "AWS_METADATA_SERVICE_TIMEOUT": "some"}),
    credentials("an instance asked often", config=f"[default]\n{STATIC}metadata_service_num_attempts = often\n"),
    credentials("an instance where nothing is set", {**KEYS, "AWS_EC2_METADATA_SERVICE_ENDPOINT": "",
                                                     "AWS_METADATA_SERVICE_TIMEOUT": ""},
                differs="botocore refuses an empty number; here it counts as not set"),
    credentials("Identity Center in no Region", {"AWS_ENDPOINT_URL_SSO": "http://localhost:{port}"},
                config=f"[default]\n{SSO}{PLACE}".replace("us-east-1", "us_east.1"),
                files={".aws/sso/cache/{sha1:https://sso.example/start}.json": TOKEN}),
    credentials("Identity Center", {"AWS_ENDPOINT_URL_SSO": "http://localhost:{port}"}, config=f"[default]\n{SSO}{PLACE}",
                files={".aws/sso/cache/{sha1:https://sso.example/start}.json": TOKEN}),
    credentials("Identity Center with a session", {"AWS_ENDPOINT_URL_SSO": "http://localhost:{port}"},
                config=f"[default]\n{SSO}sso_session = corp\n[sso-session corp]\n{PLACE}",
                files={".aws/sso/cache/{sha1:corp}.json": TOKEN}),
    credentials("aws login", config="[default]\nlogin_session = arn:aws:iam::111111111111:user/u\n"),
    credentials("a config that is broken", KEYS, config="[default]\nthis is not a setting\n"),
    credentials("a file of credentials that is broken", KEYS, shared="[default]\nthis is not a setting\n"),
    credentials("a config with colons", config="[default]\naws_access_key_id: FILE\naws_secret_access_key: s\n"),
    credentials("a section twice", config=f"[default]\nregion = us-east-1\n[default]\n{STATIC}",
                differs="botocore refuses it; here the two are one"),
    credentials("nothing at all"),
]

ONE, TWO = "http://localhost:{port}/one", "http://127.0.0.1:{port}"
ENDPOINTS = [
    endpoint("AWS's own host"),
    endpoint("AWS's own host of S3", service="s3", region="eu-west-1"),
    endpoint("AWS's own host of S3 in us-east-1", service="s3", differs="botocore calls it without its Region"),
    endpoint("AWS's own host of the runtime", {"AWS_ENDPOINT_URL_STS": TWO, "AWS_ENDPOINT_URL_SAGEMAKER": TWO},
             service="sagemaker-runtime"),
    endpoint("IAM in its one Region", region="eu-west-1", service="iam"),
    endpoint("IAM in China", region="cn-northwest-1", service="iam"),
    endpoint("Organizations in GovCloud with FIPS", {"AWS_USE_FIPS_ENDPOINT": "true"}, region="us-gov-east-1",
             service="organizations"),
    endpoint("FIPS", {"AWS_USE_FIPS_ENDPOINT": "true"}, service="servicecatalog"),
    endpoint("dual stack", {"AWS_USE_DUALSTACK_ENDPOINT": "true"}, service="servicecatalog"),
    endpoint("dual stack of S3", {"AWS_USE_DUALSTACK_ENDPOINT": "true"}, service="s3"),
    endpoint("dual stack of a profile", config="[default]\nuse_dualstack_endpoint = true\n", service="s3"),
    endpoint("FIPS and a variable for all", {"AWS_USE_FIPS_ENDPOINT": "true", "AWS_ENDPOINT_URL": TWO}),
    endpoint("dual stack and a variable for all, S3", {"AWS_USE_DUALSTACK_ENDPOINT": "true", "AWS_ENDPOINT_URL": TWO}, service="s3"),
    endpoint("FIPS and a variable for all, the runtime", {"AWS_USE_FIPS_ENDPOINT": "true", "AWS_ENDPOINT_URL": TWO},
             service="sagemaker-runtime"),
    endpoint("FIPS and a profile for IAM", {"AWS_USE_FIPS_ENDPOINT": "true"}, config=services(iam=ONE), service="iam"),
    endpoint("FIPS of a profile", config="[default]\nuse_fips_endpoint = true\n"),
    endpoint("FIPS that is neither yes nor no", {"AWS_USE_FIPS_ENDPOINT": "1"},
             differs="botocore takes what it does not know for no; here it is an error"),
    endpoint("the Region of a profile", {"AWS_REGION": None}, config="[default]\nregion = eu-west-1\n"),
    endpoint("AWS_DEFAULT_REGION", {"AWS_REGION": None, "AWS_DEFAULT_REGION": "eu-west-1"}),
    endpoint("an empty AWS_REGION", {"AWS_REGION": "", "AWS_DEFAULT_REGION": "eu-west-1"}),
    endpoint("no Region", {"AWS_REGION": None}),
    endpoint("a Region that is none", region="x@elsewhere.example/"),
    endpoint("a variable for all", {"AWS_ENDPOINT_URL": ONE}),
    endpoint("a variable for all, S3", {"AWS_ENDPOINT_URL": ONE}, service="s3"),
    endpoint("a variable for all, with a slash, S3", {"AWS_ENDPOINT_URL": ONE + "/"}, service="s3"),
    endpoint("a variable for all, without a path, S3", {"AWS_ENDPOINT_URL": TWO}, service="s3"),
    endpoint("a variable for all, the runtime", {"AWS_ENDPOINT_URL": ONE}, service="sagemaker-runtime"),
    endpoint("a variable for one", {"AWS_ENDPOINT_URL": ONE, "AWS_ENDPOINT_URL_SAGEMAKER": TWO}),
    endpoint("a variable for one of two words", {"AWS_ENDPOINT_URL": TWO, "AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME": ONE},
             service="sagemaker-runtime"),
    endpoint("a variable for Service Catalog", {"AWS_ENDPOINT_URL_SERVICE_CATALOG": ONE}, service="servicecatalog"),
    endpoint("a profile for all", config=f"[default]\nendpoint_url = {ONE}\n"),
    endpoint("a profile for all, S3", config=f"[default]\nendpoint_url = {ONE}\n", service="s3"),
    endpoint("a profile for one", config=services(sagemaker=ONE)),
    endpoint("a profile for one of two words", config=services(sagemaker_runtime=ONE, sts=TWO, sagemaker=TWO), service="sagemaker-runtime"),
    endpoint("a profile for Service Catalog", config=services(service_catalog=ONE), service="servicecatalog"),
    endpoint("a profile for S3", config=services(s3=ONE), service="s3"),
    endpoint("a profile for IAM", config=services(iam=ONE), service="iam"),
    endpoint("a variable for all before a profile for one", {"AWS_ENDPOINT_URL": TWO}, config=services(sagemaker=ONE)),
    endpoint("a profile for one before a profile for all", config=services(sagemaker=ONE).replace(
        "services = local\n", f"services = local\nendpoint_url = {TWO}\n")),
    endpoint("services that are not there", config="[default]\nservices = local\n"),
    endpoint("none of them", {"AWS_ENDPOINT_URL": ONE, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"}),
    endpoint("none of them, by a profile", config=f"[default]\nendpoint_url = {ONE}\nignore_configured_endpoint_urls = true\n"),
    endpoint("an empty variable", {"AWS_ENDPOINT_URL": ""}, config=f"[default]\nendpoint_url = {ONE}\n"),
    endpoint("an empty variable for one", {"AWS_ENDPOINT_URL_SAGEMAKER": "", "AWS_ENDPOINT_URL": ONE}),
    endpoint("a URL without a scheme", {"AWS_ENDPOINT_URL": "localhost:{port}"}),
    endpoint("through a proxy", {"AWS_ENDPOINT_URL": TWO, "HTTP_PROXY": "http://127.0.0.1:{proxy}"}),
    endpoint("through a proxy of small letters", {"AWS_ENDPOINT_URL": TWO, "http_proxy": "http://127.0.0.1:{proxy}",
                                                  "HTTP_PROXY": "http://192.0.2.1:1"}),
    endpoint("through a proxy without a scheme", {"AWS_ENDPOINT_URL": TWO, "HTTP_PROXY": "127.0.0.1:{proxy}"}),
    *[endpoint(f"NO_PROXY={value}", {"AWS_ENDPOINT_URL": url, "HTTP_PROXY": "http://127.0.0.1:{proxy}", "NO_PROXY": value},
               differs=differs)
      for value, url, differs in [
          ("127.0.0.1", TWO, None), ("localhost", ONE, None), (".localhost", ONE, None), ("host", ONE, None), ("*", TWO, None),
          ("a.example, localhost", ONE, None), ("localhost:{port}", ONE, None), ("localhost:1", ONE, None),
          ("127.0.0.0/8", TWO, "botocore knows no ranges of addresses"),
      ]],
    endpoint("ALL_PROXY", {"AWS_ENDPOINT_URL": TWO, "ALL_PROXY": "http://127.0.0.1:{proxy}", "HTTPS_PROXY": None},
             differs="botocore does not know it"),
    endpoint("an own CA", {"AWS_ENDPOINT_URL": "https://localhost:{tls}", "HTTPS_PROXY": None, "AWS_CA_BUNDLE": "{ca}"}),
    endpoint("an own CA of a profile", {"AWS_ENDPOINT_URL": "https://localhost:{tls}", "HTTPS_PROXY": None},
             config="[default]\nca_bundle = {ca}\n"),
    endpoint("an own CA of requests", {"AWS_ENDPOINT_URL": "https://localhost:{tls}", "HTTPS_PROXY": None,
                                       "REQUESTS_CA_BUNDLE": "{ca}"}),
    endpoint("an own CA that is not there", {"AWS_ENDPOINT_URL": "https://localhost:{tls}", "HTTPS_PROXY": None,
                                             "AWS_CA_BUNDLE": "{home}/none.pem", "REQUESTS_CA_BUNDLE": "{ca}"}),
    endpoint("legacy retries", {"AWS_ENDPOINT_URL": TWO, "AWS_RETRY_MODE": "legacy", "AWS_MAX_ATTEMPTS": "2"}, status=500),
    endpoint("attempts of a profile", {"AWS_ENDPOINT_URL": TWO, "AWS_MAX_ATTEMPTS": None},
             config="[default]\nmax_attempts = 3\nretry_mode = standard\n", status=500),
    endpoint("an unknown mode of retries", {"AWS_ENDPOINT_URL": TWO, "AWS_RETRY_MODE": "often"}),
    endpoint("attempts that are no number", {"AWS_ENDPOINT_URL": TWO, "AWS_MAX_ATTEMPTS": "many"}),
]
