"""Profiles: what `profiles.toml` may say, what is said of it when it is wrong, and what the environment says."""

import os
import stat
from dataclasses import replace
from pathlib import Path

import pytest
from textual.color import Color

from workbench.config.cluster_address import read_address
from workbench.config.cluster_variables import ADDRESSES
from workbench.config.profile import DEFAULT_ENDPOINT, Profile
from workbench.config.profile_keys import COLOURS
from workbench.config.profiles import Profiles, default_profile, load_profiles
from workbench.domain.errors import BadInputError, UnavailableError
from workbench.services.profile_file import add_profile, use_profile

SECRET = "hunter2hunter2"
HOST = 'hosts = ["https://es:9200"]\n'


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "config" / "profiles.toml"


def load(path: Path, text: str, mode: int = 0o644, **environ: str) -> Profiles:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return load_profiles(path, environ)


def used(path: Path, text: str, mode: int = 0o644) -> None:
    """Use the only profile of a text, whatever it is called."""
    found = load(path, text, mode)
    found.named(next(iter((*found.broken, *found.profiles))))


def test_without_a_file_there_is_this_machine_and_nothing_else(path: Path) -> None:
    assert load_profiles(path, {}) == Profiles({}, "", ())
    assert not path.parent.exists()


def test_a_file_says_everything_there_is_to_say(path: Path) -> None:
    profiles = load(
        path,
        """
        default = "prod.eu"
        ["prod.eu"]
        hosts = ["https://a:9200", "https://b:9200/es/"]
        api_key_env = "PROD_KEY"
        ca_file = "ca.crt"
        client_cert = "/etc/me.crt"
        client_key = "~/me.key"
        fingerprint = "AA:%s"
        verify = false
        timeout = 5
        index = "docs"
        fields = ["title^2.5", "body", "tags^0"]
        title = "title"
        field = "body"
        endpoint = "my-reranker"
        rerank = "inference"
        min_score = -2
        chunks = 2
        template = "phrases"
        tokenizer = "./rerank-v1.vocab.json"
        accent = "#c2185b"
        ["prod.eu".filters.recent]
        range = { published = { gte = 2024-01-31 } }
        ["prod.eu".filters.english.term]
        lang = "en"
        """
        % ("b" * 62),
        PROD_KEY="key",
    )
    assert profiles.default == "prod.eu" and profiles.warnings == ()
    profile = profiles.named("prod.eu")
    assert profile.api_key and profile.api_key.fetch() == "key"
    assert replace(profile, api_key=None) == Profile(
        "prod.eu",
        ("https://a:9200", "https://b:9200/es"),
        ca_file=str(path.parent / "ca.crt"),
        client_cert="/etc/me.crt",
        client_key=str(Path("~/me.key").expanduser()),
        fingerprint="AA:" + "b" * 62,
        verify=False,
        timeout=5.0,
        index="docs",
        fields=(("title", 2.5), ("body", 1.0), ("tags", 0.0)),
        title="title",
        field="body",
        endpoint="my-reranker",
        rerank="inference",
        min_score=-2.0,
        chunks=2,
        template="phrases",
        tokenizer=str(path.parent / "rerank-v1.vocab.json"),
        filters={"recent": {"range": {"published": {"gte": "2024-01-31"}}}, "english": {"term": {"lang": "en"}}},
        accent="#c2185b",
    )


def test_a_file_need_say_little(path: Path) -> None:
    profile = load(path, f"[a]\n{HOST}").named("a")
    assert profile == Profile("a", ("https://es:9200",))
    assert (profile.endpoint, profile.rerank, profile.verify) == (DEFAULT_ENDPOINT, "retriever", True)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("https://es", "https://es:443"),
        ("http://es/", "http://es:80"),
        ("es", "https://es:9200"),
        ("es:9243/path", "https://es:9243/path"),
        ("localhost", "http://localhost:9200"),
        ("127.0.0.1:9201", "http://127.0.0.1:9201"),
        ("https://[::1]:9200", "https://[::1]:9200"),
        ("127.0.0.2", "http://127.0.0.2:9200"),
    ],
)
def test_an_address_gets_the_scheme_and_the_port_that_it_lacks(path: Path, written: str, read: str) -> None:
    assert load(path, f'[a]\nhosts = "{written}"').named("a").hosts == (read,)


def test_a_host_that_is_no_address_of_the_network_is_refused() -> None:
    with pytest.raises(BadInputError, match="not an address"):
        read_address("https://[::1]@[:9200", BadInputError)


def test_credentials_in_an_address_are_taken_out_of_it(path: Path) -> None:
    profiles = load(path, f'[a]\nhosts = ["https://me%40x:{SECRET}%21@es:9200"]', 0o600)
    profile = profiles.named("a")
    assert (profile.hosts, profile.user) == (("https://es:9200",), "me@x")
    assert profile.password and profile.password.fetch() == f"{SECRET}!"
    assert SECRET not in repr(profiles) and "in clear" in profiles.warnings[0]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (f"[a]\n{HOST}hots = 1", "'hots'"),
        (f"[a]\n{HOST}xyzzy = 1", "'xyzzy'"),
        (f"[a]\n{HOST}index = 3", "index"),
        (f"[a]\n{HOST}verify = 'no'", "verify"),
        (f"[a]\n{HOST}timeout = 0", "timeout"),
        (f"[a]\n{HOST}timeout = true", "timeout"),
        (f"[a]\n{HOST}timeout = nan", "timeout"),
        (f"[a]\n{HOST}min_score = 'x'", "min_score"),
        (f"[a]\n{HOST}chunks = 1.5", "chunks"),
        (f"[a]\n{HOST}rerank = 'magic'", "rerank"),
        (f"[a]\n{HOST}accent = 'reddish'", "accent"),
        (f"[a]\n{HOST}accent = '#12345'", "accent"),
        (f"[a]\n{HOST}fingerprint = 'abc'", "fingerprint"),
        (f"[a]\n{HOST}template = '../up'", "template"),
        (f"[a]\n{HOST}tokenizer = 3", "tokenizer"),
        (f"[a]\n{HOST}client_key = 'k'", "client_cert"),
        (f"[a]\n{HOST}fields = 'title'", "fields"),
        (f"[a]\n{HOST}fields = ['title^x']", "title.x"),
        (f"[a]\n{HOST}fields = ['title^-1']", "title.-1"),
        (f"[a]\n{HOST}fields = ['title', 'title^2']", "title.2"),
        (f"[a]\n{HOST}fields = ['*']", "fields"),
        (f"[a]\n{HOST}fields = ['title^0']", "fields"),
        (f"[a]\n{HOST}[a.filters]\nx = 1", "filters.x"),
        (f"[a]\n{HOST}[a.filters.x]\nterm = 1", "filters.x"),
        (f"[a]\n{HOST}[a.filters.off.term]\na = 1", "off"),
        (f"[a]\n{HOST}cloud_id = 'n:x'", "cloud_id"),
        ("[a]\ncloud_id = 'x'", "cloud_id"),
        ("[a]\nindex = 'x'", "hosts"),
        ("[a]\nhosts = [3]", "hosts"),
        ("[a]\nhosts = 'ftp://es'", "hosts"),
        ("[a]\nhosts = 'https://es:port'", "hosts"),
        ("[a]\nhosts = 'https://es/?q=1'", "hosts"),
        ("[a]\nhosts = ''", "hosts"),
        (f"[a]\n{HOST}user = 'me'", "no password"),
        (f"[a]\n{HOST}password_env = 'PW'", "no user"),
        (f"[a]\n{HOST}user = 'me'\npassword_env = 'PW'\napi_key_env = 'K'", "API key and password"),
        (f"[a]\n{HOST}user = 'me'\napi_key_env = 'K'", "API key and user"),
        (f"[a]\n{HOST}bearer_env = 'B'\napi_key_env = 'K'", "API key and bearer token"),
        ("[prod.eu]\nhosts = 'es'", "'eu'"),
        ("['a:b']\nhosts = 'es'", "a:b"),
        ("['-']\nhosts = 'es'", "“-”"),
        ("hosts = 'es'", "hosts"),
        ("[a", "profiles.toml"),
    ],
)
def test_what_is_wrong_is_named_with_its_file_and_profile(path: Path, text: str, names: str) -> None:
    with pytest.raises(BadInputError, match=names) as caught:
        used(path, text)
    assert caught.value.hint and ("profiles.toml: " in caught.value.message or text == "[a")
    if text.startswith("[a]") and ":b" not in text:
        assert "profiles.toml: profile a: " in caught.value.message


def test_a_profile_that_is_wrong_is_an_error_only_where_it_is_used(path: Path) -> None:
    text = f"[a]\n{HOST}hots = '{SECRET}'\n[b]\n{HOST}['c:d']\n{HOST}"
    profiles = load(path, text)
    assert list(profiles.profiles) == ["b"] and profiles.named("b").hosts == ("https://es:9200",)
    assert [warning.partition("; ")[0] for warning in profiles.warnings] == [
        f"{path}: profile a: unknown key 'hots'",
        f"{path}: “c:d” cannot be the name of a profile",
    ]
    assert SECRET not in repr(profiles)
    profiles = load(path, f"default = 'a'\n{text}")
    with pytest.raises(BadInputError, match="unknown key 'hots'"):
        profiles.named(profiles.default)


def test_profiles_that_are_all_wrong_do_not_make_way_for_the_environment(path: Path) -> None:
    assert load(path, "[a]\nhots = 1", ES_URL="https://es").profiles == {}


@pytest.mark.parametrize("default", ["'b'", "3", "['a']"])
def test_a_default_that_names_no_profile_is_an_error_only_where_it_is_used(path: Path, default: str) -> None:
    profiles = load(path, f"default = {default}\n[a]\n{HOST}")
    assert profiles.named("a") and "default names no profile; there are: a." in profiles.warnings[0]
    with pytest.raises(BadInputError, match="There is no profile"):
        profiles.named(profiles.default)


def test_a_file_that_cannot_be_read_keeps_nobody_from_this_machine(path: Path) -> None:
    assert default_profile(path, {}) == ("", ())
    load(path, f"default = 'a'\n[a]\n{HOST}")
    assert default_profile(path, {}) == ("a", ())
    for content in (f"[a]\napi_key = '{SECRET}".encode(), b"\xff"):
        path.write_bytes(content)
        name, (warning,) = default_profile(path, {})
        assert name == "" and f"{path} cannot be read" in warning and SECRET not in warning
        with pytest.raises(BadInputError, match="cannot be read"):
            load_profiles(path, {})


def test_a_mark_of_the_byte_order_is_passed_over(path: Path) -> None:
    assert load(path, f"\ufeffdefault = 'a'\n[a]\n{HOST}").default == "a"


def test_a_key_that_is_nearly_right_gets_a_suggestion(path: Path) -> None:
    with pytest.raises(BadInputError) as caught:
        used(path, f"[a]\n{HOST}api_key_comand = ['op']")
    assert "Did you mean api_key_command?" in caught.value.hint
    with pytest.raises(BadInputError) as caught:
        used(path, "[prod.eu]\nhosts = 'es'")
    assert '["prod.eu"]' in caught.value.hint


@pytest.mark.parametrize(
    "text",
    [
        f"[a]\nhosts = 'https://me:{SECRET}@es:port'",
        f"[a]\nhosts = 'https://me:pass/{SECRET}@es'",
        f"[a]\nhosts = ['https://me:{SECRET}@es', 'https://you:{SECRET}@es']",
        f"[a]\nhosts = 'https://me:{SECRET}@es'\napi_key_env = 'K'",
        f"[a]\nhosts = 'https://me:{SECRET}@es'\nuser = 'you'",
        f"[a]\nhosts = 'https://me:{SECRET}@es'\npassword_env = 'PW'",
        f"[a]\n{HOST}api_key = ['{SECRET}']",
        f"[a]\n{HOST}api_key = '{SECRET}'\nbearer = '{SECRET}'",
        f"[a]\n{HOST}apikey = '{SECRET}'",
        f"[a]\n{HOST}api_key = '{SECRET}",
        f"[a]\n{HOST}api_key = '{SECRET}'\napi_key = '{SECRET}'",
        f"api_key = '{SECRET}'",
    ],
)
def test_no_error_repeats_what_could_be_a_secret(path: Path, text: str) -> None:
    with pytest.raises(BadInputError) as caught:
        used(path, text, 0o600)
    assert SECRET not in caught.value.message + caught.value.hint + caught.value.detail + repr(caught.value)
    assert not caught.value.__cause__, "a parser's error holds the whole text"


@pytest.mark.skipif(os.name != "posix", reason="no modes here")
def test_a_credential_in_clear_takes_a_file_that_nobody_else_can_read(path: Path) -> None:
    text = f"[a]\n{HOST}api_key = '{SECRET}'"
    with pytest.raises(BadInputError, match="others can read") as caught:
        used(path, text, 0o640)
    assert f"chmod 600 {path}" in caught.value.hint and SECRET not in str(caught.value)
    profiles = load(path, text, 0o600)
    key = profiles.named("a").api_key
    assert key and key.fetch() == SECRET
    assert "api_key_env" in profiles.warnings[0] and SECRET not in profiles.warnings[0]


def test_every_colour_that_can_be_named_is_one_on_the_screen() -> None:
    assert all(Color.parse(name) for name in COLOURS)


def test_a_profile_that_is_not_there_is_told_with_those_that_are(path: Path) -> None:
    with pytest.raises(BadInputError, match="“prd”") as caught:
        load(path, f"[prod]\n{HOST}").named("prd")
    assert "prod" in caught.value.hint


@pytest.mark.parametrize("variable", ADDRESSES)
def test_where_the_environment_names_a_cluster_there_is_a_profile_for_it(path: Path, variable: str) -> None:
    value = "name:bG9jYWxob3N0JGFiYyQ=" if variable.endswith("CLOUD_ID") else "es"
    profiles = load_profiles(path, {variable: value})
    assert list(profiles.profiles) == ["env"] and profiles.default == ""
    assert profiles.named("env").cloud_id == value or profiles.named("env").hosts == ("https://es:9200",)


@pytest.mark.parametrize(
    ("environ", "credentials"),
    [
        ({"ES_API_KEY": "k", "ELASTIC_PASSWORD": "p"}, "API key from environment variable ES_API_KEY"),
        ({"ELASTIC_PASSWORD": "p"}, "user elastic, password from environment variable ELASTIC_PASSWORD"),
        ({"ES_USERNAME": "me", "ES_PASSWORD": "p"}, "user me, password from environment variable ES_PASSWORD"),
        ({"ELASTICSEARCH_USERNAME": "me"}, "none"),
        ({"ES_URL": f"https://me:{SECRET}@es", "ES_API_KEY": "k"}, "user me, password from the address in ES_URL"),
    ],
)
def test_credentials_of_the_environment(path: Path, environ: dict[str, str], credentials: str) -> None:
    profiles = load_profiles(path, {"ES_URL": "https://es", "ES_CA_CERTS": "/etc/ca.crt", **environ})
    profile = profiles.named("env")
    assert profile.asks_as == credentials
    assert (profile.hosts, profile.ca_file) == (("https://es:443",), "/etc/ca.crt")
    assert SECRET not in repr(profiles)


def test_several_hosts_as_containers_are_given_them(path: Path) -> None:
    for value in ('["https://a:1", "https://b:2"]', "https://a:1, https://b:2"):
        profiles = load_profiles(path, {"ELASTICSEARCH_HOSTS": value})
        assert profiles.named("env").hosts == ("https://a:1", "https://b:2")


def test_a_wrong_variable_keeps_nobody_from_working(path: Path) -> None:
    profiles = load_profiles(path, {"ES_URL": f"https://me:{SECRET}@es:port"})
    assert profiles.profiles == {} and "ES_URL" in profiles.warnings[0] and SECRET not in repr(profiles)


def test_profiles_of_a_file_stand_before_the_environment(path: Path) -> None:
    assert list(load(path, f"[a]\n{HOST}", ES_URL="https://es").profiles) == ["a"]


def test_what_is_added_leaves_everything_else_as_a_person_wrote_it(path: Path) -> None:
    written = "# mine\ndefault = 'a'  # always\n\n[a]  # first\nhosts = ['https://es:9200']  # here\n"
    load(path, written)
    profiles = add_profile(path, "b.c", {"hosts": ["https://other:9200"], "fields": ["title^2"]})
    text = path.read_text()
    assert text.startswith(written)
    assert list(profiles.profiles) == ["a", "b.c"] and profiles.default == "a"
    assert profiles == load_profiles(path, {})
    assert stat.S_IMODE(path.stat().st_mode) == 0o600 or os.name != "posix"
    assert use_profile(path, "b.c").default == "b.c"
    assert '# mine\ndefault = "b.c"  # always\n' in path.read_text()
    assert use_profile(path, "").default == ""
    assert "default" not in path.read_text() and "# first" in path.read_text()


def test_a_profile_is_replaced_only_when_told_and_what_was_written_by_hand_stays(path: Path) -> None:
    load(path, f"[a]  # mine\n{HOST}api_key_env = 'K'\ntimeout = 9\n[a.filters.x.term]\nlang = 'en'  # only\n")
    before = path.read_bytes()
    with pytest.raises(BadInputError, match="a profile a already") as caught:
        add_profile(path, "a", {"hosts": ["https://new:1"]})
    assert "--replace" in caught.value.hint and path.read_bytes() == before
    profile = add_profile(path, "a", {"hosts": ["https://new:1"]}, replace=True).named("a")
    assert (profile.hosts, profile.api_key, profile.timeout) == (("https://new:1",), None, 9.0)
    assert profile.filters == {"x": {"term": {"lang": "en"}}} and "# only" in path.read_text()


@pytest.mark.parametrize(
    "written",
    [
        "a = { hosts = ['https://old:1'], chunks = 3 }\n",
        "a.hosts = ['https://old:1']\na.chunks = 3\n",
        "[a]\nhosts = ['https://old:1']\nchunks = 3\n[b]\nhosts = ['es']\n[a.filters.x.term]\nlang = 'en'\n",
    ],
)
def test_a_profile_is_replaced_however_it_was_written(path: Path, written: str) -> None:
    load(path, written)
    profile = add_profile(path, "a", {"hosts": ["https://new:1"], "index": "i"}, replace=True).named("a")
    assert (profile.hosts, profile.index, profile.chunks) == (("https://new:1",), "i", 3)
    assert bool(profile.filters) == ("filters" in written)


def test_nothing_is_written_that_could_not_be_read_back(path: Path) -> None:
    for name, values in (("a", {"hosts": ["ftp://x"]}), ("a:b", {"hosts": ["es"]}), ("default", {"hosts": ["es"]})):
        with pytest.raises(BadInputError):
            add_profile(path, name, values)
    with pytest.raises(BadInputError):
        use_profile(path, "absent")
    assert not path.exists()
    use_profile(path, "")
    assert not path.exists()


def test_a_broken_file_is_left_as_it_is(path: Path) -> None:
    path.parent.mkdir()
    path.write_text("[a\n")
    for change in (lambda: add_profile(path, "b", {"hosts": ["es"]}), lambda: use_profile(path, "b")):
        with pytest.raises(BadInputError, match=r"profiles\.toml"):
            change()
    assert path.read_text() == "[a\n"


@pytest.mark.skipif(os.name != "posix", reason="no links here")
def test_a_file_that_is_a_link_into_another_folder_stays_one(path: Path, tmp_path: Path) -> None:
    path.parent.mkdir()
    kept = tmp_path / "dotfiles.toml"
    kept.touch()
    path.symlink_to(kept)
    add_profile(path, "a", {"hosts": ["es"]})
    assert path.is_symlink() and "[a]" in kept.read_text()


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "config").write_text("in the way")
    with pytest.raises((UnavailableError, BadInputError), match="config"):
        add_profile(tmp_path / "config" / "profiles.toml", "a", {"hosts": ["es"]})
