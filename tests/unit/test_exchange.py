"""A request as a person would send it themselves: from a shell, and from Kibana's console."""

import json
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from workbench.domain.exchange import Exchange, console, curl, printable_json
from workbench.domain.text import sanitize

NASTY = """it's "quoted" $HOME `id` $(id) \\ \\n ! {{x}} * ~ # ; & | < > é 漢 [a-z]\ttab
and a second line"""
BODY = json.dumps({"query": {"match": {"body": NASTY}}}, ensure_ascii=False, indent=1)


class Server(HTTPServer):
    """Keeps what it was sent."""

    got: tuple[str, str, dict[str, str], str] = ("", "", {}, "")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Keeper(BaseHTTPRequestHandler):
    def _keep(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        assert isinstance(self.server, Server)
        self.server.got = (self.command, self.path, dict(self.headers), body)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = _keep  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:
        return None


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(("127.0.0.1", 0), Keeper) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def run(command: str, **variables: str) -> None:
    if not (shutil.which("bash") and shutil.which("curl")):
        pytest.skip("needs bash and curl")
    environment = {"PATH": os.environ["PATH"], "NO_PROXY": "*", **variables}
    done = subprocess.run(["bash", "-c", command], env=environment, capture_output=True, text=True, timeout=20)
    assert done.returncode == 0, done.stderr


def test_a_body_comes_through_a_real_shell_as_it_was_sent(server: Server) -> None:
    sent = Exchange("first stage", "POST", "/logs-{a,b}*,it's/_search?size=3&q=[x]", BODY, auth="api_key")
    run(curl(sent, server.url), ES_API_KEY="test key")
    method, path, headers, body = server.got
    assert (method, path, body) == ("POST", sent.path, sent.body)
    assert headers["Content-Type"] == "application/json"
    assert headers["Authorization"] == "ApiKey test key"


def test_without_a_host_the_shell_has_it(server: Server) -> None:
    run(curl(Exchange("x", "GET", "/_cat/indices", "")), ES_URL=server.url)
    assert server.got[:2] == ("GET", "/_cat/indices")
    assert "Content-Type" not in server.got[2]


def test_a_head_request_does_not_wait_for_a_body(server: Server) -> None:
    run(curl(Exchange("x", "HEAD", "/articles", ""), server.url))
    assert server.got[:2] == ("HEAD", "/articles")


def test_a_body_that_begins_like_the_name_of_a_file_is_sent(server: Server) -> None:
    run(curl(Exchange("x", "POST", "/x", "@/etc/hostname"), server.url))
    assert server.got[3] == "@/etc/hostname"


def test_values_by_line_stay_so(server: Server) -> None:
    lines = '{"index": "a"}\n{"query": {"match_all": {}}}\n'
    several = Exchange("both", "POST", "/_msearch?pretty", lines)
    run(curl(several, server.url))
    assert server.got[3] == lines and server.got[2]["Content-Type"] == "application/x-ndjson"
    assert console(several) == f"POST /_msearch?pretty\n{lines.rstrip()}"


def test_no_secret_is_written_but_where_it_comes_from() -> None:
    text = curl(Exchange("x", "GET", "/", "", auth="api_key"))
    assert '"Authorization: ApiKey $ES_API_KEY"' in text and '"$ES_URL"' in text


@pytest.mark.parametrize(
    ("auth", "shown"),
    [
        ("", None),
        ("api_key", "ApiKey test key"),
        ("basic", "Basic bWUgJDE6cCJ3"),
        ("bearer", "Bearer test token"),
    ],
)
def test_a_command_shows_the_kind_of_credential_that_was_shown(server: Server, auth: str, shown: str | None) -> None:
    variables = {"ES_API_KEY": "test key", "ES_USER": "me $1", "ES_PASSWORD": 'p"w', "ES_TOKEN": "test token"}
    run(curl(Exchange("x", "GET", "/", "", auth=auth), server.url), **variables)
    assert server.got[2].get("Authorization") == shown


def test_the_console_gets_the_same_value_laid_out() -> None:
    text = console(Exchange("x", "POST", "/articles/_search", BODY))
    first, _, body = text.partition("\n")
    assert first == "POST /articles/_search"
    assert json.loads(body) == json.loads(BODY)
    assert body.splitlines()[1] == '  "query": {'
    assert console(Exchange("x", "GET", "/", "")) == "GET /"
    assert console(Exchange("x", "POST", "/x", "no json")) == "POST /x\nno json"


def test_what_is_not_safe_to_print_stays_escaped() -> None:
    body = json.dumps({"query": "\u202e\x9b31m é"})
    laid = console(Exchange("x", "POST", "/x", body))
    assert laid.isascii() or not set(laid) & {"\u202e", "\x9b"}
    assert json.loads(laid.partition("\n")[2]) == json.loads(body)


def test_a_search_in_a_point_in_time_is_copied_so_that_it_can_be_repeated_when_that_is_gone() -> None:
    body = '{"query": {"match_all": {}}, "pit": {"id": "x", "keep_alive": "2m"}}'
    exchange = Exchange("first stage", "POST", "/_search", body, index="articles")
    assert console(exchange).startswith("POST /_search\n") and '"pit"' in console(exchange), "what was sent is shown"
    assert exchange.lasting.path == "/articles/_search"
    assert json.loads(exchange.lasting.body) == {"query": {"match_all": {}}}
    assert "pit" not in curl(exchange) and "/articles/_search" in curl(exchange)
    assert exchange.lasting.lasting == exchange.lasting
    masked = Exchange("first stage", "POST", "/_search", '{"size": •••, "pit": {}}', index="articles")
    assert masked.lasting == masked and "•••" in curl(masked)
    other = Exchange("rerank", "POST", "/_inference/rerank/e", '{"pit": 1}')
    assert other.lasting is other


@pytest.mark.parametrize("query", ["two\u2028lines", "two\x85lines", "soft\u00adhyphen", "\u202e"], ids=ascii)
def test_a_query_that_is_not_safe_to_print_comes_through_a_real_shell(server: Server, query: str) -> None:
    body = printable_json({"query": query, "pit": {"id": "x"}})
    run(curl(Exchange("first stage", "POST", "/_search", body, index="articles"), server.url))
    assert sanitize(body) == body and sanitize(server.got[3]) == server.got[3]
    assert json.loads(server.got[3]) == {"query": query}
