"""`workbench profile` and `doctor` from outside: adding, choosing and checking ways to reach a cluster."""

import json
import os
import ssl
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme

from tests.e2e.conftest import Workbench
from tests.fakes.elastic import Auth, Endpoint, FakeElastic, Fault, Index, fake_elastic
from tests.fakes.model_repository import VOCABULARY, write_package
from tests.fakes.noida import noida
from workbench.domain.documents import Document

KEY = "VnVhQ2ZHY0JDZGJrUXk6c2VjcmV0"
DOCUMENTS = [Document.of(str(number), f"Title {number}", "A laptop gets hot while charging.") for number in range(3)]


@pytest.fixture
def server() -> Iterator[FakeElastic]:
    with fake_elastic(DOCUMENTS, version="9.2.0", licence="enterprise", auth=Auth(api_key=KEY)) as server:
        yield server


@pytest.fixture
def profiles(tmp_path: Path) -> Path:
    return tmp_path / "home" / "config" / "profiles.toml"


def checked(workbench: Workbench, *words: str, **environment: str) -> tuple[int, dict[str, Any]]:
    """Exit code and checks by name of `workbench profile test`."""
    done = workbench("profile", "test", *words, "--format", "json", **environment)
    assert KEY not in done.stdout + done.stderr and "Traceback" not in done.stderr, done.stderr
    said = json.loads(done.stdout)
    assert said.keys() == {"profile", "ok", "checks"}
    assert said["ok"] == (done.returncode == 0) == all(check["ok"] for check in said["checks"])
    return done.returncode, {check["check"]: check for check in said["checks"]}


def nobody_knows(folder: Path, secret: str) -> bool:
    return not any(secret.encode() in path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_a_profile_is_added_listed_chosen_and_checked(
    workbench: Workbench, server: FakeElastic, profiles: Path, tmp_path: Path
) -> None:
    words = ("--index", "articles", "--fields", "title^2, body", "--api-key-env", "PROD_KEY", "--accent", "#c2185b")
    done = workbench("profile", "add", "prod", "--host", server.url, *words, "--endpoint", "my-reranker")
    assert done.returncode == 0, done.stderr
    assert "workbench profile test prod" in done.stdout
    assert os.name != "posix" or stat.S_IMODE(profiles.stat().st_mode) == 0o600

    done = workbench("profile", "list")
    here, prod = done.stdout.splitlines()
    assert here == "* -\tthis machine"
    assert prod == f"  prod\t{server.url}\tarticles\tAPI key from environment variable PROD_KEY"
    assert workbench("profile", "use", "prod").returncode == 0
    assert "\n* prod\t" in workbench("profile", "list").stdout

    code, checks = checked(workbench, PROD_KEY=KEY)
    assert code == 0, checks
    assert list(checks) == [
        *("address", "TLS", "product", "version", "build", "licence", "privileges", "index", "fields", "endpoint"),
    ]
    assert {check["verdict"] for check in checks.values()} == {"ok"}, checks
    assert checks["version"]["message"] == "9.2.0"
    assert checks["licence"]["message"] == "enterprise, active, until 2035-01-31; enough to rerank"
    assert checks["index"]["message"] == "articles: 3 documents"
    assert "title (text), body (text)" in checks["fields"]["message"]
    assert all(asked.method in ("GET", "POST", "HEAD") for asked in server.requests)

    done = workbench("profile", "test", PROD_KEY=KEY)
    assert done.returncode == 0 and "workbench --profile prod" in done.stdout
    assert workbench("profile", "use", "-").returncode == 0
    assert workbench("profile", "list").stdout.startswith("* -")
    assert nobody_knows(tmp_path, KEY)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("add", "a"), "--host"),
        (("add", "a:b", "--host", "es"), "a:b"),
        (("add", "a", "--host", "ftp://es"), "ftp://es"),
        (("add", "a", "--host", "es", "--cloud-id", "n:x"), "--cloud-id"),
        (("add", "a", "--host", "es", "--api-key-env", "A", "--bearer-env", "B"), "--bearer-env"),
        (("add", "a", "--host", "es", "--user", "me"), "no password"),
        (("add", "a", "--host", "es", "--user", "me", "--api-key-env", "A"), "API key and user"),
        (("add", "a", "--host", "es", "--accent", "reddish"), "reddish"),
        (("use", "a"), "“a”"),
        (("test", "a"), "“a”"),
        (("test",), "No profile is named"),
    ],
)
def test_wrong_usage_is_told_and_writes_nothing(
    workbench: Workbench, profiles: Path, words: tuple[str, ...], says: str
) -> None:
    done = workbench("profile", *words)
    assert done.returncode == 2, done.stderr
    assert says in done.stderr and "Traceback" not in done.stderr and done.stdout == ""
    assert not profiles.exists()


def test_a_password_on_the_command_line_is_not_taken_and_not_repeated(workbench: Workbench, tmp_path: Path) -> None:
    done = workbench("profile", "add", "a", "--host", f"https://me:{KEY}@es:9200")
    assert done.returncode == 2 and "--password-env" in done.stderr
    done = workbench("profile", "add", "a", "--host", "https://es:9200", "--api-key-env", KEY)
    assert done.returncode == 2 and "api_key_env" in done.stderr
    assert KEY not in done.stderr and nobody_knows(tmp_path, KEY)


def test_a_profile_is_replaced_only_when_told(workbench: Workbench, profiles: Path) -> None:
    for host, more, code in (("http://a:1", (), 0), ("http://b:2", (), 2), ("http://c:3", ("--replace",), 0)):
        done = workbench("profile", "add", "p", "--host", host, *more)
        assert done.returncode == code, done.stderr
    assert "c:3" in profiles.read_text() and "--replace" in workbench("profile", "add", "p", "--host", "x").stderr


def test_every_source_of_a_credential_reaches_the_cluster(
    workbench: Workbench, server: FakeElastic, profiles: Path, tmp_path: Path
) -> None:
    key = tmp_path / "key"
    key.write_text(f"{KEY}\n")
    for words in (("--api-key-env", "K"), ("--api-key-command", f"cat '{key}'")):
        assert workbench("profile", "add", "p", "--host", server.url, *words, "--replace").returncode == 0
        assert checked(workbench, "p", K=KEY)[1]["product"]["ok"]
    profiles.write_text(f"[p]\nhosts = ['{server.url}']\napi_key = '{KEY}'\n")
    profiles.chmod(0o644)
    done = workbench("profile", "test", "p")
    assert done.returncode == 2 and f"chmod 600 {profiles}" in done.stderr and KEY not in done.stderr
    profiles.chmod(0o600)
    done = workbench("profile", "test", "p", "--format", "json")
    assert "in clear" in done.stderr and json.loads(done.stdout)["checks"][2]["ok"]
    done = workbench("profile", "list")
    assert "from the profiles file (in clear)" in done.stdout and KEY not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("words", "environment", "says", "hint"),
    [
        (("--api-key-env", "ABSENT"), {}, "environment variable ABSENT", "export ABSENT"),
        (("--api-key-command", "false"), {}, "command false, which failed", "api_key_command"),
        (("--api-key-env", "K"), {"K": "d3Jvbmc6d3Jvbmc="}, "", ""),
    ],
)
def test_a_credential_that_is_missing_or_wrong_stops_the_walk(
    workbench: Workbench, server: FakeElastic, words: tuple[str, ...], environment: dict[str, str], says: str, hint: str
) -> None:
    workbench("profile", "add", "p", "--host", server.url, *words)
    code, checks = checked(workbench, "p", **environment)
    assert code == 1 and list(checks)[-1] == "credentials"
    assert says in checks["credentials"]["message"] and hint in checks["credentials"]["hint"]
    assert checks["credentials"]["hint"]


def test_nobody_there_is_told_apart_from_something_wrong(workbench: Workbench) -> None:
    for host in ("http://127.0.0.1:9", "https://nowhere.invalid:9200"):
        workbench("profile", "add", "p", "--host", host, "--replace")
        code, checks = checked(workbench, "p")
        assert code == 3 and list(checks) == ["address"] and checks["address"]["hint"]


@pytest.mark.parametrize(
    ("cluster", "words", "stops", "says", "hint"),
    [
        ({"version": "8.15.3"}, (), "version", "8.15.3 is older than 8.17", 'rerank = "local"'),
        ({"licence": "basic"}, (), "licence", "basic, active", "start_trial"),
        ({"licence_status": "expired"}, (), "licence", "expired", "Renew"),
        ({"forbidden": {"monitor_inference"}}, (), "privileges", "lacks monitor_inference", "Grant"),
        ({"forbidden": {"read"}}, (), "privileges", "read on articles", "Grant"),
        ({}, ("--index", "artikles"), "index", "artikles", "Did you mean articles?"),
        ({}, ("--fields", "titel,body"), "fields", "titel", "title"),
        ({}, ("--field", "bodi"), "fields", "bodi", "body"),
        ({}, ("--fields", "year"), "fields", "year is searched, but is long", "title"),
        ({}, ("--endpoint", "my-rerank"), "endpoint", "my-rerank", "my-reranker"),
    ],
)
def test_the_walk_stops_where_something_must_be_mended(
    workbench: Workbench, cluster: dict[str, Any], words: tuple[str, ...], stops: str, says: str, hint: str
) -> None:
    text = {"type": "text"}
    mapping = {"properties": {"title": text, "body": text, "year": {"type": "long"}}}
    index = Index("articles", {"1": {"title": "a", "body": "b", "year": 2024}}, mapping)
    with fake_elastic(indices=[index], **({"version": "9.2.0"} | cluster)) as server:
        given = dict(zip(words[::2], words[1::2], strict=True))
        given = {"--index": "articles", "--endpoint": "my-reranker", **given}
        flags = [word for pair in given.items() for word in pair]
        assert workbench("profile", "add", "p", "--host", server.url, *flags).returncode == 0
        code, checks = checked(workbench, "p")
    assert code == 1 and list(checks)[-1] == stops, checks
    assert says in checks[stops]["message"] and hint in checks[stops]["hint"], checks[stops]


@pytest.mark.parametrize(
    ("cluster", "check", "says"),
    [
        ({"version": "9.9.1"}, "version", "newer than"),
        ({"forbidden": {"monitor_ml"}}, "privileges", "lacks monitor_ml"),
        ({"faults": [Fault("/_license", status=410)]}, "licence", "cannot be read"),
        ({"faults": [Fault("/_has_privileges", status=400)]}, "privileges", "security may be off"),
    ],
)
def test_what_is_only_worth_knowing_stops_nothing(
    workbench: Workbench, cluster: dict[str, Any], check: str, says: str
) -> None:
    with fake_elastic(DOCUMENTS, **({"version": "9.2.0"} | cluster)) as server:
        workbench("profile", "add", "p", "--host", server.url, "--index", "articles", "--endpoint", "my-reranker")
        code, checks = checked(workbench, "p")
    assert code == 0 and list(checks)[-1] == "endpoint"
    assert checks[check]["verdict"] == "remark" and says in checks[check]["message"]


@pytest.mark.parametrize("body", [[3], {"license": 3}, {"license": []}], ids=str)
def test_an_answer_of_any_shape_is_no_surprise(workbench: Workbench, server: FakeElastic, body: object) -> None:
    server.fail("/_license", status=200, body=body)
    workbench("profile", "add", "p", "--host", server.url, "--api-key-env", "K")
    code, checks = checked(workbench, "p", K=KEY)
    assert code == 1 and "not one of Elasticsearch's" in checks["licence"]["message"]


@pytest.mark.parametrize("fault", [{"hang": True}, {"close": True}, {"status": 503}, {"status": 200, "body": "<html>"}])
def test_a_server_that_answers_badly_ends_the_walk_in_words(
    workbench: Workbench, profiles: Path, fault: dict[str, Any]
) -> None:
    with fake_elastic(DOCUMENTS, faults=[Fault("/", **fault)]) as server:
        profiles.parent.mkdir(parents=True)
        profiles.write_text(f"[p]\nhosts = ['{server.url}']\ntimeout = 1\n")
        code, checks = checked(workbench, "p")
    assert code in (1, 3) and list(checks)[-1] == "product" and checks["product"]["hint"]


def test_serverless_says_nothing_of_its_version(workbench: Workbench) -> None:
    with fake_elastic(DOCUMENTS, version="8.11.0", flavour="serverless") as server:
        workbench("profile", "add", "p", "--host", server.url, "--index", "articles", "--endpoint", "my-reranker")
        code, checks = checked(workbench, "p")
    assert code == 0 and "serverless" in checks["version"]["message"] and checks["build"]["message"] == "serverless"


@pytest.mark.parametrize("stage", ["downloading", "starting"])
def test_while_a_model_is_on_its_way_a_profile_cannot_be_used(workbench: Workbench, stage: str) -> None:
    with fake_elastic(DOCUMENTS, version="9.2.0", endpoints=[Endpoint("mine")], stage=stage) as server:
        workbench("profile", "add", "p", "--host", server.url, "--endpoint", "mine")
        code, checks = checked(workbench, "p")
        done = workbench("profile", "test", "p")
    assert code == 1 == done.returncode and "nothing can be reranked yet" in checks["endpoint"]["message"]
    assert "Wait" in checks["endpoint"]["hint"] and "can be used" not in done.stdout
    assert checks["index"]["verdict"] == "remark" and "articles" in checks["index"]["hint"]


def test_the_last_line_claims_no_more_than_was_seen(workbench: Workbench) -> None:
    with fake_elastic(DOCUMENTS, version="9.2.0") as server:
        workbench("profile", "add", "p", "--host", server.url, "--endpoint", "my-reranker")
        last = workbench("profile", "test", "p").stdout.splitlines()[-1]
        assert last == "Nothing keeps p from being used, but see the remark above: workbench --profile p"
        words = ("--endpoint", "my-reranker", "--index", "articles", "--replace")
        workbench("profile", "add", "p", "--host", server.url, *words)
        assert workbench("profile", "test", "p").stdout.splitlines()[-1] == "p can be used: workbench --profile p"


def test_the_template_of_a_profile_is_read(workbench: Workbench, server: FakeElastic, profiles: Path) -> None:
    profiles.parent.mkdir(parents=True)
    settings = "api_key_env = 'K'\nindex = 'articles'\nendpoint = 'my-reranker'\ntemplate = 'phrases'"
    profiles.write_text(f"[p]\nhosts = ['{server.url}']\n{settings}\n")
    code, checks = checked(workbench, "p", K=KEY)
    assert (
        code == 1 and list(checks)[-1] == "template" and "phrases.json cannot be read" in checks["template"]["message"]
    )
    template = profiles.parent / "templates" / "phrases.json"
    template.parent.mkdir()
    for text, says in (('{"query": {"match": {"body": "x"}}}', "has no {{query}}"), ("{", "is no JSON")):
        template.write_text(text)
        code, checks = checked(workbench, "p", K=KEY)
        assert code == 1 and says in checks["template"]["message"] and checks["template"]["hint"]
    template.write_text('{"query": {"match": {"body": "{{query}}"}}}')
    code, checks = checked(workbench, "p", K=KEY)
    assert code == 0 and checks["template"]["verdict"] == "ok" and list(checks)[-1] == "endpoint"


def test_one_profile_that_is_wrong_locks_nobody_out(workbench: Workbench, server: FakeElastic, profiles: Path) -> None:
    profiles.parent.mkdir(parents=True)
    profiles.write_text(f"[a]\nhots = 1\n[b]\nhosts = ['{server.url}']\napi_key_env = 'K'\n")
    done = workbench("profile", "list")
    assert done.returncode == 0 and "b\t" in done.stdout and f"{profiles}: profile a: unknown key 'hots'" in done.stderr
    assert checked(workbench, "b", K=KEY)[1]["product"]["ok"]
    done = workbench("profile", "test", "a")
    assert done.returncode == 2 and "unknown key 'hots'" in done.stderr and "hosts" in done.stderr


def test_tls_is_checked_by_itself(workbench: Workbench, tmp_path: Path) -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    ca = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(ca))
    with fake_elastic(DOCUMENTS, version="9.2.0", tls=context) as server:
        host = f"https://localhost:{server.url.rpartition(':')[2]}"
        found = {}
        for way, words in {"trusted": ("--ca-file", str(ca)), "unknown": (), "insecure": ("--insecure",)}.items():
            workbench("profile", "add", way, "--host", host, *words, "--endpoint", "my-reranker")
            found[way] = checked(workbench, way)
    code, checks = found["trusted"]
    assert code == 0 and checks["TLS"]["verdict"] == "ok" and "trusted" in checks["TLS"]["message"]
    code, checks = found["unknown"]
    assert code == 3 and list(checks) == ["address", "TLS"] and "ca_file" in checks["TLS"]["hint"]
    code, checks = found["insecure"]
    assert code == 0 and checks["TLS"]["verdict"] == "remark" and "NOT checked" in checks["TLS"]["message"]
    assert "TLS NOT VERIFIED" in workbench("profile", "list").stdout


def test_the_doctor_looks_at_the_profile_that_is_named_or_the_default(
    workbench: Workbench, server: FakeElastic, profiles: Path
) -> None:
    add = ("profile", "add", "p", "--host", server.url, "--api-key-env", "K")
    assert workbench(*add, "--index", "articles", "--endpoint", "gone").returncode == 0
    done = workbench("doctor", K=KEY)
    assert "profiles" in done.stdout and "licence" not in done.stdout, "the default is this machine"
    done = workbench("doctor", "--profile", "p", K=KEY)
    assert done.returncode == 1
    assert "ok  licence" in done.stdout and "!!  endpoint" in done.stdout and "my-reranker" in done.stdout
    workbench("profile", "use", "p")
    assert "!!  endpoint" in workbench("doctor", K=KEY).stdout
    profiles.write_text(f"[p]\napi_key = '{KEY}'\nnonsense = 1\n")
    for words, code in (((), 0), (("--profile", "p"), 1)):
        done = workbench("doctor", *words)
        assert done.returncode == code, "what is wrong with a profile that is not used is a remark"
        assert "unknown key 'nonsense'" in done.stdout and KEY not in done.stdout + done.stderr


def test_the_environment_alone_is_enough(workbench: Workbench, server: FakeElastic, profiles: Path) -> None:
    environment = {"ELASTICSEARCH_URL": server.url, "ELASTIC_API_KEY": KEY}
    done = workbench("profile", "list", **environment)
    assert f"env\t{server.url}\tno index\tAPI key from environment variable ELASTIC_API_KEY" in done.stdout
    code, checks = checked(workbench, **environment)
    assert code == 0 and checks["product"]["ok"] and not profiles.exists()


def test_against_an_independent_server(workbench: Workbench, tmp_path: Path) -> None:
    with noida(tmp_path / "peer") as peer:
        properties = {"title": {"type": "text"}, "body": {"type": "text"}}
        peer.put("/notes", json={"mappings": {"properties": properties}}).raise_for_status()
        peer.post("/notes/_doc/1?refresh=true", json={"title": "a", "body": "b"}).raise_for_status()
        add = ("profile", "add", "peer", "--host", str(peer.base_url), "--index", "notes", "--replace")
        workbench(*add)
        code, checks = checked(workbench, "peer")
        assert code == 1 and list(checks)[-1] == "version" and "8.15.3" in checks["version"]["message"]
        workbench(*add, "--rerank", "local")
        code, checks = checked(workbench, "peer")
        assert code == 0 and list(checks)[-1] == "endpoint"
        assert checks["index"]["message"] == "notes: 1 document" and "title (text)" in checks["fields"]["message"]


def test_a_profile_names_what_counts_its_tokens_and_the_doctor_opens_it(
    workbench: Workbench, profiles: Path, tmp_path: Path
) -> None:
    folder = write_package(tmp_path / "artifacts")
    words = ("profile", "add", "p", "--host", "http://127.0.0.1:9", "--replace", "--tokenizer")
    assert workbench(*words, str(folder)).returncode == 0
    said = workbench("doctor", "--profile", "p").stdout
    assert "ok  tokenizer   none is named; tokens of a cluster's model are estimated" in said
    assert f"ok  tokenizer   p: {folder} counts; 512 tokens, balanced" in said
    (folder / VOCABULARY).write_text("[]")
    said = workbench("doctor", "--profile", "p").stdout
    assert f"!!  tokenizer   p: {folder / VOCABULARY}: it is not one JSON object" in said
    assert workbench(*words, ".rerank-v1").returncode == 0
    assert "p: .rerank-v1 counts; it is fetched when it is first needed" in workbench("doctor", "--profile", "p").stdout
    assert workbench(*words, "x.vocab.json").returncode == 0
    assert str(Path.cwd() / "x.vocab.json") in profiles.read_text(), "a path is of the folder it was typed in"
