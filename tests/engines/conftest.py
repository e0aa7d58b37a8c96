"""An independent server, for the tests of a module that start no scripted one."""

from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

from tests.fakes.noida import noida
from workbench.config.profile import Profile
from workbench.engines.elasticsearch.connection import Connection


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    with noida(tmp_path_factory.mktemp("noida")) as client:
        yield client


@pytest.fixture
async def connection(server: httpx.Client) -> AsyncIterator[Connection]:
    connection = Connection(Profile("here", hosts=(str(server.base_url),)))
    yield connection
    await connection.close()
