"""The scripted Elasticsearch refuses what the real one refuses, and says what that says."""

import base64
import json
import math
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import trustme

from tests.engines.docstrings import docstrings
from tests.fakes.elastic import Auth, FakeElastic, Index, fake_elastic
from tests.fakes.elastic.model import logit
from tests.fakes.noida import noida, write_english

ARTICLES: dict[str, dict[str, Any]] = {
    "a": {"title": "Prune an apple tree", "body": "Winter pruning removes crossing branches of an apple tree."},
    "b": {"title": "Apple cake", "body": ["Bake the apples for an hour.", "Then rest."]},
    "c": {"title": "Apples without a text"},
    "d": {"title": "Pears", "body": "A pear tree wants sun."},
}
FIRST = {"standard": {"query": {"multi_match": {"query": "apple tree", "fields": ["title^2", "body"]}}}}


class Client:
    """Asks a fake; answers are status and JSON."""

    def __init__(self, server: FakeElastic) -> None:
        self.url = server.url
        self.headers: dict[str, str] = {}

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        answer = self.raw(method, path, json=body, headers={**self.headers, **headers})
        assert answer.headers["X-Elastic-Product"] == "Elasticsearch"
        return answer.status_code, answer.json()

    def raw(self, method: str, path: str, **more: Any) -> httpx.Response:
        return httpx.request(method, self.url + path, **more)

    def hits(self, retriever: Any, **more: Any) -> list[Any]:
        status, body = self("POST", "/articles/_search", {"retriever": retriever, **more})
        assert status == 200, body
        return list(body["hits"]["hits"])

    def refusal(self, body: Any, path: str = "/articles/_search") -> tuple[int, str, str]:
        status, said = self("POST", path, body)
        return status, said["error"]["type"], said["error"]["reason"]


@pytest.fixture
def server() -> Iterator[FakeElastic]:
    with fake_elastic(ARTICLES, version="9.2.0") as server:
        yield server


@pytest.fixture
def ask(server: FakeElastic) -> Client:
    return Client(server)


def reranker(**more: Any) -> dict[str, Any]:
    said = {"retriever": FIRST, "field": "body", "inference_id": "my-reranker", "inference_text": "apple tree"}
    return {"text_similarity_reranker": {**said, **more}}


def test_scores_and_explanations_are_those_of_an_independent_server(tmp_path: Path) -> None:
    documents = docstrings(200)
    query = {"multi_match": {"query": "return the file's path as a new string", "fields": ["title^2", "body"]}}
    body = {"query": query, "size": 200, "explain": True}
    with noida(tmp_path) as peer, fake_elastic(documents, index="d") as server:
        write_english(peer, "d", documents)
        urls = (str(peer.base_url), server.url)
        answers = [httpx.post(f"{url}/d/_search", json=body).json()["hits"] for url in urls]
    theirs, ours = ({hit["_id"]: hit["_score"] for hit in answer["hits"]} for answer in answers)
    assert len(ours) >= 20
    assert ours == pytest.approx(theirs, rel=1e-6)
    assert answers[0]["total"] == answers[1]["total"]
    for hit in answers[1]["hits"]:
        assert hit["_explanation"]["value"] == hit["_score"]


@pytest.mark.parametrize(
    ("version", "retriever", "kind", "reason"),
    [
        ("8.17.0", {"linear": {"retrievers": []}}, "parsing_exception", "unknown retriever [linear]"),
        ("9.2.0", reranker(snippets={}), "x_content_parse_exception", "unknown field [snippets]"),
        ("9.1.0", reranker(chunk_rescorer={"size": 1}), "x_content_parse_exception", "unknown field [chunk_rescorer]"),
        ("8.19.0", reranker(chunk_rescorer={"size": 1}), "x_content_parse_exception", "unknown field [chunk_rescorer]"),
        ("8.18.0", reranker(allow_rerank_failures=True), "x_content_parse_exception", "[allow_rerank_failures]"),
        ("9.2.0", reranker(chunk_rescorer={"size": 0}), "illegal_argument_exception", "must be greater than 0"),
        ("9.2.0", {"standard": {"query": {"matches": {}}}}, "parsing_exception", "unknown query [matches]"),
        ("9.2.0", {"standard": {"query": {"match_all": {"x": 1}}}}, "parsing_exception", "[x]"),
    ],
)
def test_what_a_version_does_not_know_it_refuses(version: str, retriever: Any, kind: str, reason: str) -> None:
    with fake_elastic(ARTICLES, version=version) as server:
        status, said, words = Client(server).refusal({"retriever": retriever})
    assert (status, said) == (400, kind)
    assert reason in words


def test_keys_of_a_body_and_parameters_of_a_path_are_checked(ask: Client) -> None:
    assert ask.refusal({"retrievr": {}}) == (400, "parsing_exception", "Unknown key for a START_OBJECT in [retrievr].")
    said = ask.refusal({}, "/articles/_search?depth=3&x=1")
    assert said == (
        400,
        "illegal_argument_exception",
        "request [/articles/_search] contains unrecognized parameters: [depth], [x]",
    )
    assert ask("GET", "/_nowhere") == (
        400,
        {"error": "no handler found for uri [/_nowhere] and method [GET]", "status": 400},
    )
    assert ask("DELETE", "/")[0] == 405


def test_the_reranker_of_8_17_wants_an_endpoint_and_later_ones_have_their_own() -> None:
    said = reranker()
    del said["text_similarity_reranker"]["inference_id"]
    for version, status in (("8.17.2", 400), ("8.18.0", 200)):
        with fake_elastic(ARTICLES, version=version) as server:
            assert Client(server)("POST", "/articles/_search", {"retriever": said})[0] == status
            there = Client(server)("GET", "/_inference/rerank/_all")[1]["endpoints"]
            assert ("." in there[0]["inference_id"]) == (version == "8.18.0")


def test_logits_are_mapped_in_hits_and_raw_in_the_rerank_api(ask: Client) -> None:
    texts = [ARTICLES["a"]["body"], ARTICLES["b"]["body"][0]]
    raw = [logit("apple tree", str(text)) for text in texts]
    hits = ask.hits(reranker())
    assert [hit["_id"] for hit in hits] == ["a", "d", "b"], "without c, that has no body"
    expected = {id: max(s, 0) + min(math.exp(s), 1) for id, s in zip("ab", raw, strict=True)}
    assert {hit["_id"]: hit["_score"] for hit in hits if hit["_id"] != "d"} == pytest.approx(expected, rel=1e-6)
    _, body = ask("POST", "/_inference/rerank/my-reranker", {"query": "apple tree", "input": texts})
    assert body["rerank"] == [
        {"index": at, "relevance_score": raw[at], "text": texts[at]} for at in sorted((0, 1), key=lambda at: -raw[at])
    ]
    assert min(raw) < 0 < max(raw)


def test_before_8_17_2_hits_show_logits() -> None:
    with fake_elastic(ARTICLES, version="8.17.1") as server:
        hits = Client(server).hits(reranker())
    assert {hit["_id"]: hit["_score"] for hit in hits}["b"] == pytest.approx(
        logit("apple tree", "Bake the apples for an hour.")
    )


def test_min_score_is_a_threshold_on_the_logit(ask: Client) -> None:
    assert all(hit["_score"] >= 1 for hit in ask.hits(reranker(min_score=0)))
    assert len(ask.hits(reranker(min_score=-100))) == 3
    assert ask.hits(reranker(min_score=100)) == []


def test_windows_must_fit(ask: Client) -> None:
    assert ask.refusal({"retriever": reranker(rank_window_size=10), "size": 20}) == (
        400,
        "action_request_validation_exception",
        "Validation Failed: 1: [text_similarity_reranker] requires [rank_window_size: 10] be greater than or equal to "
        "[size: 20];",
    )
    outer = {"rrf": {"retrievers": [FIRST, reranker(rank_window_size=20)], "rank_window_size": 30}}
    assert "sub retriever's inner [rank_window_size: 20]" in ask.refusal({"retriever": outer})[2]
    assert "cannot specify [retriever] and [query]" in ask.refusal({"retriever": FIRST, "query": {"match_all": {}}})[2]


def test_a_failed_rerank_tells_why_two_levels_down_unless_it_may_fail(ask: Client) -> None:
    status, body = ask("POST", "/articles/_search", {"retriever": reranker(inference_id="nope")})
    assert (status, body["error"]["type"]) == (404, "status_exception")
    cause = body["error"]["suppressed"][0]["caused_by"]
    assert cause == {"type": "resource_not_found_exception", "reason": "Inference endpoint not found [nope]"}
    first = ask.hits(FIRST)
    assert ask.hits(reranker(inference_id="nope", allow_rerank_failures=True)) == first


def test_hybrids_merge_lists(ask: Client) -> None:
    retrievers = [FIRST, {"standard": {"query": {"match": {"title": "pears"}}}}]
    hits = ask.hits({"rrf": {"retrievers": retrievers, "rank_constant": 1}}, explain=True)
    assert {hit["_id"] for hit in hits} == {"a", "b", "c", "d"}
    assert next(hit for hit in hits if hit["_id"] == "d")["_score"] > 0.5
    assert hits[0]["_explanation"]["description"] == "sum of:"
    weighted = [{"retriever": one, "weight": weight} for one, weight in zip(retrievers, (1, 9), strict=True)]
    assert ask.hits({"linear": {"retrievers": weighted}})[0]["_id"] == "d"
    assert ask.hits(reranker(retriever={"rrf": {"retrievers": retrievers}}))[0]["_id"] == "a"


def test_a_point_in_time_keeps_what_was_and_runs_out(server: FakeElastic, ask: Client) -> None:
    id = ask("POST", "/articles/_pit?keep_alive=1m")[1]["id"]
    server.index("articles").put("e", {"title": "apple", "body": "apple"})
    search = {"retriever": FIRST, "pit": {"id": id, "keep_alive": "1m"}}
    first = ask("POST", "/_search", search)[1]
    assert "e" not in [hit["_id"] for hit in first["hits"]["hits"]]
    assert first["pit_id"] != id, "each search may give it another name"
    for name in (id, first["pit_id"]):
        again = ask("POST", "/_search", {**search, "pit": {"id": name, "keep_alive": "1m"}})[1]
        assert again["hits"] == first["hits"]
    assert "e" in [hit["_id"] for hit in ask.hits(FIRST)]
    assert "Do not specify any index" in ask.refusal(search)[2]
    server.cluster.advance(61)
    status, body = ask("POST", "/_search", search)
    assert (status, body["error"]["root_cause"][0]["type"]) == (404, "search_context_missing_exception")


def test_a_hit_shows_what_was_asked_for(ask: Client) -> None:
    highlight = {"fields": {"title": {"number_of_fragments": 0}, "body": {}}}
    more = {"_source": ["title"], "fields": ["body"], "highlight": highlight, "explain": True}
    hit = next(hit for hit in ask.hits(FIRST, **more) if hit["_id"] == "b")
    assert hit["_source"] == {"title": "Apple cake"}
    assert hit["fields"] == {"body": ARTICLES["b"]["body"]}
    assert hit["highlight"] == {"title": ["<em>Apple</em> cake"], "body": ["Bake the <em>apples</em> for an hour."]}
    query = FIRST["standard"]["query"]
    explained = ask("POST", "/articles/_explain/b", {"query": query})[1]
    assert explained["explanation"] == hit["_explanation"]
    assert ask("POST", "/articles/_explain/zz", {"query": query})[0] == 404


def test_what_is_nested_is_found_by_no_plain_query_and_shown_below_its_parent() -> None:
    text = {"type": "text"}
    mappings = {"properties": {"title": text, "notes": {"type": "nested", "properties": {"by": text, "text": text}}}}
    document = {"title": "Pears", "notes": [{"by": "Ann", "text": "Sweet apples"}, {"text": "Sour"}]}
    with fake_elastic(indices=[Index("things", {"1": document}, mappings)]) as server:
        ask = Client(server)
        words = {"multi_match": {"query": "apples", "fields": ["notes.text"]}}
        for query in (words, {"exists": {"field": "notes.by"}}):
            assert ask("POST", "/things/_search", {"query": query})[1]["hits"]["hits"] == []
        body = {"fields": ["title", "notes.text", "notes.by"], "_source": False}
        (hit,) = ask("POST", "/things/_search", body)[1]["hits"]["hits"]
        assert hit["fields"] == {
            "title": ["Pears"],
            "notes": [{"by": ["Ann"], "text": ["Sweet apples"]}, {"text": ["Sour"]}],
        }
        reranker = {"field": "notes.text", "inference_id": "my-reranker", "inference_text": "apples"}
        retriever = {"text_similarity_reranker": {"retriever": {"standard": {}}, **reranker}}
        assert ask("POST", "/things/_search", {"retriever": retriever})[1]["hits"]["hits"] == []
        assert ask("GET", "/things/_field_caps?fields=*")[1]["fields"]["notes"]["nested"]["searchable"] is False


def test_several_searches_fail_one_by_one(ask: Client) -> None:
    lines = [{"index": "articles"}, {"query": {"match_all": {}}}, {"index": "gone"}, {}]
    content = "".join(json.dumps(line) + "\n" for line in lines)
    answer = ask.raw("POST", "/_msearch", content=content, headers={"Content-Type": "application/x-ndjson"}).json()
    assert [one["status"] for one in answer["responses"]] == [200, 404]


def test_several_documents_are_got_at_once_as_they_were_last_written(server: FakeElastic, ask: Client) -> None:
    server.index("articles").write("new", {"title": "Not refreshed", "body": "yet"})
    status, said = ask("POST", "/articles/_mget?_source_includes=title", {"ids": ["a", "gone", "new"]})
    assert status == 200
    assert [(one["_id"], one["found"], one.get("_source")) for one in said["docs"]] == [
        ("a", True, {"title": "Prune an apple tree"}),
        ("gone", False, None),
        ("new", True, {"title": "Not refreshed"}),
    ]
    assert ask.refusal({"ids": []}, "/articles/_mget")[0] == 400


def test_an_index_says_which_data_stream_it_stands_behind() -> None:
    with fake_elastic(indices=[Index(".ds-logs-1", data_stream="logs")]) as server:
        said = Client(server)("GET", "/logs")[1]
        assert said[".ds-logs-1"]["data_stream"] == "logs"
        assert "data_stream" not in Client(server)("GET", "/articles")[1]["articles"]


def test_bulk_has_a_status_per_item(server: FakeElastic, ask: Client) -> None:
    server.cluster.busy_items = 1
    lines = [{"create": {"_id": id}} if n % 2 == 0 else {"title": "x"} for n, id in enumerate("eeaaff")]
    content = "".join(json.dumps(line) + "\n" for line in lines)
    path = "/articles/_bulk?refresh=true"
    answer = ask.raw("PUT", path, content=content, headers={"Content-Type": "application/x-ndjson"}).json()
    assert [item["create"]["status"] for item in answer["items"]] == [429, 409, 201]
    assert ask("GET", "/articles/_count")[1]["count"] == 5


@pytest.mark.parametrize(("version", "asks", "status"), [("8.19.0", 9, 400), ("8.19.0", 8, 200), ("9.0.0", 8, 200)])
def test_an_older_server_refuses_a_newer_client(version: str, asks: int, status: int) -> None:
    kind = f"application/vnd.elasticsearch+json; compatible-with={asks}"
    with fake_elastic(version=version) as server:
        answer = httpx.get(server.url, headers={"Accept": kind})
    assert answer.status_code == status
    if status == 400:
        said = answer.json()["error"]
        assert said["type"] == "media_type_header_exception"
        assert "must be either version 8 or 7, but found 9" in said["caused_by"]["reason"]


def test_credentials_licence_and_privileges() -> None:
    with fake_elastic(ARTICLES, auth=Auth(api_key="abc", user="elastic", password="secret")) as server:
        ask = Client(server)
        assert ask("GET", "/")[0] == 401
        assert ask("GET", "/", Authorization="ApiKey wrong")[0] == 401
        assert ask("GET", "/", Authorization="ApiKey abc")[0] == 200
        ask.headers["Authorization"] = f"Basic {base64.b64encode(b'elastic:secret').decode()}"
        server.cluster.licence = "basic"
        status, body = ask("POST", "/articles/_search", {"retriever": reranker()})
        assert (status, body["error"]["license.expired.feature"]) == (403, "text_similarity_reranker")
        server.cluster.trial_used = True
        status, body = ask("POST", "/_license/start_trial?acknowledge=true")
        assert status == 403
        assert "error" not in body
        server.cluster.forbidden = {"read"}
        assert "is unauthorized for user [elastic]" in ask.refusal({})[2]
        asked = {"cluster": ["monitor"], "index": [{"names": ["articles"], "privileges": ["read"]}]}
        _, has = ask("POST", "/_security/user/_has_privileges", asked)
        assert (has["cluster"], has["index"]) == ({"monitor": True}, {"articles": {"read": False}})


def test_serverless_has_no_private_api() -> None:
    with fake_elastic(ARTICLES, flavour="serverless") as server:
        ask = Client(server)
        assert ask("GET", "/_tasks")[0] == 410
        assert ask("GET", "/_license")[0] == 200


def test_what_exists_is_found_by_name_alias_pattern_and_type() -> None:
    semantic = {"properties": {"text": {"type": "semantic_text", "inference_id": "elser"}, "at": {"type": "date"}}}
    indices = [Index("logs-1", mappings=semantic, data_stream="logs"), Index("shop-1", aliases=["shop"])]
    with fake_elastic(ARTICLES, indices=indices, version="9.2.0") as server:
        ask = Client(server)
        found = ask("GET", "/_resolve/index/*")[1]
        assert [one["name"] for one in found["indices"]] == ["articles", "shop-1"]
        assert found["aliases"] == [{"name": "shop", "indices": ["shop-1"]}]
        assert [one["name"] for one in found["data_streams"]] == ["logs"]
        fields = ask("GET", "/logs/_field_caps?fields=*")[1]["fields"]
        assert list(fields["text"]) == ["text"], "the mapping alone tells"
        assert ask("GET", "/logs/_mapping")[1]["logs-1"]["mappings"] == semantic
        assert ask("GET", "/gone/_mapping")[1]["error"]["type"] == "index_not_found_exception"
        query = {"multi_match": {"query": "x", "fields": ["text"]}}
        assert ask("POST", "/logs/_search", {"query": query})[0] == 400


def test_the_model_goes_from_absent_to_ready_while_one_looks() -> None:
    with fake_elastic(ARTICLES, stage="absent", moves=True) as server:
        ask = Client(server)
        model = "/_ml/trained_models/.rerank-v1"
        pair = {"query": "q", "input": ["t"]}

        def rerank() -> tuple[int, str]:
            status, body = ask("POST", "/_inference/rerank/my-reranker", pair)
            return status, body["error"]["reason"]

        assert ask("GET", model)[0] == 404
        assert rerank() == (404, "Could not find trained model [.rerank-v1]")
        assert ask("PUT", f"{model}?wait_for_completion=false", {"input": {"field_names": ["text_field"]}})[0] == 200
        seen = []
        while tasks := ask("GET", "/_tasks?actions=xpack/ml/model_import*&detailed=true&group_by=none")[1]["tasks"]:
            seen.append(tasks[0]["status"]["downloaded_parts"])
            assert len(seen) < 10
        assert seen == [0, 300, 600, 703]
        assert ask("GET", f"{model}?include=definition_status")[1]["trained_model_configs"][0]["fully_defined"]
        assert "deployment_stats" not in ask("GET", f"{model}/_stats")[1]["trained_model_stats"][0]
        assert rerank()[0] == 409
        start = f"{model}/deployment/_start?deployment_id=my-reranker"
        server.cluster.room = False
        status, body = ask("POST", start)
        assert (status, body["error"]["caused_by"]["type"]) == (429, "illegal_state_exception")
        server.cluster.room = True
        assert ask("POST", start)[0] == 408
        assert rerank()[0] == 408
        states: list[str] = []
        while states[-1:] != ["fully_allocated"]:
            entries = ask("GET", f"{model}/_stats")[1]["trained_model_stats"]
            mine = next(one for one in entries if one["deployment_stats"]["deployment_id"] == "my-reranker")
            states.append(mine["deployment_stats"]["allocation_status"]["state"])
            assert len(states) < 10
        assert states == ["starting", "started", "fully_allocated"]
        assert ask("POST", "/_inference/rerank/my-reranker", pair)[0] == 200


def test_what_is_wrong_with_a_rerank_request(ask: Client) -> None:
    path = "/_inference/rerank/my-reranker"
    assert "Field [input] cannot be an empty array" in ask.refusal({"query": "q", "input": []}, path)[2]
    assert "Field [query] cannot be null for task type [rerank]" in ask.refusal({"input": "a"}, path)[2]
    assert ask.refusal({"query": "q", "input": ["a", " "]}, path)[0] == 400
    assert ask.refusal({"query": "q", "input": ["a"], "top_n": 5}, path)[0] == 500
    assert ask.refusal({"query": "q", "input": ["a"]}, "/_inference/rerank/nope")[0] == 404


def test_any_path_can_be_told_to_fail(server: FakeElastic, ask: Client) -> None:
    server.fail("/_search", status=503, body="<html>Bad gateway</html>", times=1)
    answer = ask.raw("POST", "/articles/_search", json={})
    assert (answer.status_code, answer.text) == (503, "<html>Bad gateway</html>")
    assert ask("POST", "/articles/_search", {})[0] == 200
    server.fail("/_count", close=True, times=1)
    with pytest.raises(httpx.RemoteProtocolError):
        ask.raw("GET", "/articles/_count")
    server.fail("/_count", close=True, status=200, body={"count": 1}, times=1)
    with pytest.raises(httpx.RemoteProtocolError):
        ask.raw("GET", "/articles/_count")
    server.fail("/_mapping", hang=True)
    with pytest.raises(httpx.ReadTimeout):
        ask.raw("GET", "/articles/_mapping", timeout=0.1)
    assert [one.path for one in server.asked("_search")] == ["/articles/_search"] * 2
    assert server.requests[0].body == {}


def test_it_speaks_tls() -> None:
    authority = trustme.CA()
    contexts = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert("127.0.0.1").configure_cert(contexts[0])
    authority.configure_trust(contexts[1])
    with fake_elastic(tls=contexts[0]) as server:
        assert httpx.get(server.url, verify=contexts[1]).json()["tagline"]
        with pytest.raises(httpx.ConnectError):
            httpx.get(server.url)
