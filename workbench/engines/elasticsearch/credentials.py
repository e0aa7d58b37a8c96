"""The credential of a profile: fetched when it is first needed, and kept out of everything that is shown."""

import base64
import binascii
import json
import re
from urllib.parse import quote

from workbench.config.profile import Profile

MASK = "•••"
_SHORT = 8
"""Below so many characters a value is masked only where it stands alone: it may be part of a common word."""


class Credential:
    """What to show to the server, and how to never show it to anybody else."""

    def __init__(self, profile: Profile) -> None:
        """Nothing is fetched yet."""
        self._profile = profile
        self._forms: set[str] = set()

    @property
    def kind(self) -> str:
        """How it is shown: `api_key`, `basic` or `bearer`; empty for a profile without credentials."""
        profile = self._profile
        return "api_key" if profile.api_key else "basic" if profile.password else "bearer" if profile.bearer else ""

    def fetch(self) -> dict[str, str]:
        """Fetch it, or fetch it anew; blocks.

        Returns:
            The header that carries it; empty for a profile without credentials.

        Raises:
            WorkbenchError: It cannot be had.
        """
        profile = self._profile
        value = profile.credential.fetch() if profile.credential else ""
        if profile.api_key:
            # It comes encoded, or as ID:KEY, which an encoded one never looks like.
            shown = f"ApiKey {_encoded(value) if ':' in value else value}"
            self._learn(value, *_parts(value))
        elif profile.password:
            shown = f"Basic {_encoded(f'{profile.user}:{value}')}"
            self._learn(value, f"{profile.user}:{value}")
        else:
            shown = f"Bearer {value}"
            self._learn(value)
        return {"authorization": shown} if value else {}

    def mask(self, text: str, limit: int = 0) -> str:
        """The text without any form of the credential, should a server have repeated it.

        Args:
            text: Any text.
            limit: About how many characters are kept; 0 for all. No part of a form is left where it is cut.
        """
        if 0 < limit < len(text):
            longest = max(map(len, self._forms), default=0)
            head = self.mask(text[: limit + longest])
            return head[: max(len(head) - longest, 0)]
        forms = sorted((form for form in self._forms if form in text), key=len, reverse=True)
        if not forms:
            return text
        alone = (re.escape(form) if len(form) >= _SHORT else rf"(?<!\w){re.escape(form)}(?!\w)" for form in forms)
        return re.sub("|".join(alone), MASK, text)

    def _learn(self, *values: str) -> None:
        for value in values:
            encoded = _encoded(value)
            forms = {value, _escaped(value), _escaped(_escaped(value)), json.dumps(value)[1:-1]}
            forms |= {quote(value), quote(value, ""), encoded, encoded.rstrip("=")}
            self._forms = self._forms | (forms - {""})  # Never changed: a mask may be under way elsewhere.


def _escaped(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)[1:-1]


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _parts(api_key: str) -> list[str]:
    """What an API key is made of: ID:KEY, and KEY."""
    plain = api_key
    if ":" not in api_key:
        try:
            plain = base64.b64decode(api_key, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            return []
    return [plain, plain.partition(":")[2]] if ":" in plain else []
