"""A person's own query templates: what they may hold, what takes its place in them, and what is wrong with one."""

import json
from pathlib import Path
from typing import Any

import pytest

from workbench.domain.errors import BadInputError
from workbench.engines.elasticsearch.templates import SIZE_LIMIT, list_templates, load_template, starter

VALUES: dict[str, str | float] = {
    "query": 'hot "laptop", really?',
    "depth": 30,
    "title": "headline",
    "field": "body",
    "boost.headline": 2.5,
    "boost.title": 2.5,
    "boost.body": 1.0,
}


def template(folder: Path, text: str) -> Path:
    path = folder / "mine.json"
    path.write_text(text, "utf-8")
    return path


def filled(folder: Path, body: Any) -> Any:
    return load_template(template(folder, json.dumps(body))).filled(VALUES)


def test_values_take_their_places_wherever_they_stand(tmp_path: Path) -> None:
    body = {
        "query": {
            "bool": {
                "must": {"multi_match": {"query": "{{query}}", "fields": ["{{title}}^{{ boost.title }}", "{{field}}"]}},
                "should": [{"match": {"{{field}}": {"query": "is it {{query}}", "boost": "{{boost.body}}"}}}, True, 3],
            }
        }
    }
    query = VALUES["query"]
    assert filled(tmp_path, body) == {
        "query": {
            "bool": {
                "must": {"multi_match": {"query": query, "fields": ["headline^2.5", "body"]}},
                "should": [{"match": {"body": {"query": f"is it {query}", "boost": 1.0}}}, True, 3],
            }
        }
    }


def test_a_number_stays_a_number(tmp_path: Path) -> None:
    body = {"retriever": {"rrf": {"x": "{{query}}", "rank_window_size": "{{depth}}", "y": "top {{depth}}"}}}
    assert filled(tmp_path, body)["retriever"]["rrf"] == {"x": VALUES["query"], "rank_window_size": 30, "y": "top 30"}


@pytest.mark.parametrize("query", ['"}}, "match_all": {}', "{{depth}}", "\\", '\\"', "\n", "{{query}}", "\\u0022"])
def test_no_query_can_break_out_of_its_place(tmp_path: Path, query: str) -> None:
    loaded = load_template(template(tmp_path, '{"query": {"match": {"body": "{{query}}", "n": "{{depth}}"}}}'))
    assert loaded.filled({**VALUES, "query": query}) == {"query": {"match": {"body": query, "n": 30}}}


def test_a_new_template_is_a_valid_one(tmp_path: Path) -> None:
    loaded = load_template(template(tmp_path, starter()))
    must = loaded.filled(VALUES)["query"]["bool"]["must"]
    assert (loaded.name, must["multi_match"]["fields"]) == ("mine", ["headline^2.5", "body^1"])


def test_templates_are_the_json_files_of_a_folder(tmp_path: Path) -> None:
    for name in ("b.json", "a.json", ".hidden.json", "notes.txt", "bad\x1bname.json"):
        (tmp_path / name).write_text("{", "utf-8")
    (tmp_path / "folder.json").mkdir()
    assert list_templates(tmp_path) == {"a": tmp_path / "a.json", "b": tmp_path / "b.json"}
    assert list_templates(tmp_path / "nowhere") == {}


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ('{"query": {\n  "match" {"body": "{{query}}"}\n}', 2, "is no JSON"),
        ("", 1, "is no JSON"),
        (
            '{"query": {"match": {"body": "{{query}}", "boost": NaN}}}',
            1,
            "is no JSON that can be sent: NaN is no number",
        ),
        ("[" * 100_000, 1, "is no JSON that can be sent"),
        ('["{{query}}"]', 1, "is no search body"),
        (
            '{\n"query": {"match": {"sort": "{{query}}"}},\n"sort": ["date"]}',
            3,
            "“sort” cannot stand beside a retriever",
        ),
        ('{"query": {"a": "{{query}}"},\n\n"size": 3}', 3, "“size” is not for a template to set"),
        ('{"query": {"a": "{{query}}"},\n"retriever": {}}', 2, "needs one of `query` and `retriever`, an object"),
        ('{"query": "{{query}}"}', 1, "needs one of `query` and `retriever`, an object"),
        ("{}", 1, "needs one of `query` and `retriever`, an object"),
        ('{"query": {"match_all": {}}}', 1, "has no {{query}}"),
        ('{"query": {\n"a": "{{query}}",\n"b": "{{dpeth}}"}}', 3, "{{dpeth}} is not known"),
        ('{"query": {"a": "{{query}}",\n"b": "{{boost.}}"}}', 2, "{{boost.}} is not known"),
        ('{"query": {\n"{{query}}": 1}}', 2, "{{query}} stands in a key"),
    ],
)
def test_what_is_wrong_is_said_with_the_line_and_what_to_do(tmp_path: Path, text: str, line: int, message: str) -> None:
    path = template(tmp_path, text)
    with pytest.raises(BadInputError) as failed:
        load_template(path)
    assert failed.value.message.startswith(f"{path}, line {line}: {message}"), failed.value.message
    assert failed.value.hint


@pytest.mark.parametrize(
    "key",
    ["sort", "from", "aggs", "aggregations", "rescore", "knn", "collapse", "search_after", "scroll", "min_score"],
)
def test_what_cannot_stand_beside_a_retriever_is_refused(tmp_path: Path, key: str) -> None:
    with pytest.raises(BadInputError, match=f"“{key}” cannot stand beside a retriever"):
        load_template(template(tmp_path, json.dumps({"query": {"match": {"a": "{{query}}"}}, key: 1})))


def test_a_file_that_cannot_be_read_is_said_to_be_so(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="cannot be read"):
        load_template(tmp_path / "gone.json")
    path = tmp_path / "latin.json"
    path.write_bytes(b'{"query": {"a": "{{query}} \xe9"}}')
    with pytest.raises(BadInputError, match="is no UTF-8 text"):
        load_template(path)
    path.write_bytes(b" " * (SIZE_LIMIT + 1))
    with pytest.raises(BadInputError, match="is larger than"):
        load_template(path)


def test_a_template_is_read_again_only_when_it_has_changed(tmp_path: Path) -> None:
    first = load_template(template(tmp_path, starter()))
    assert load_template(first.file) is first
    template(tmp_path, '{"query": {"match": {"body": "{{query}}"}}}')
    assert load_template(first.file).body == {"query": {"match": {"body": "{{query}}"}}}
    template(tmp_path, "{")
    for _ in range(2):
        with pytest.raises(BadInputError, match="is no JSON"):
            load_template(first.file)
    first.file.unlink()
    with pytest.raises(BadInputError, match="cannot be read"):
        load_template(first.file)


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    assert load_template(template(tmp_path, "\ufeff" + starter())).body


def test_a_boost_of_a_field_that_is_not_searched_is_an_error_that_names_those_there_are(tmp_path: Path) -> None:
    loaded = load_template(template(tmp_path, '{"query": {"a": "{{query}}", "b": "{{boost.summary}}"}}'))
    with pytest.raises(BadInputError) as failed:
        loaded.filled(VALUES)
    assert "asks for boost.summary" in failed.value.message
    assert failed.value.hint == "There are: boost.headline, boost.title, boost.body."
