"""Which release came to know what; a key that a release does not know is refused."""

Version = tuple[int, int, int]

FEATURES: dict[str, tuple[Version, Version]] = {
    # feature: first 8.x, first 9.x ((9, 0, 0) in the first place means: never in 8.x)
    "mapped scores": ((8, 17, 2), (9, 0, 0)),
    "preconfigured endpoint": ((8, 18, 0), (9, 0, 0)),
    "inference_id optional": ((8, 18, 0), (9, 0, 0)),
    "inference put timeout": ((8, 18, 0), (9, 0, 0)),
    "match on semantic_text": ((8, 18, 0), (9, 0, 0)),
    "semantic_text is text": ((8, 18, 0), (9, 0, 0)),
    "linear": ((8, 18, 0), (9, 0, 0)),
    "pinned": ((8, 19, 0), (9, 1, 0)),
    "rescorer": ((8, 18, 0), (9, 0, 0)),
    "allow_rerank_failures": ((8, 19, 0), (9, 1, 0)),
    "min_score filters": ((8, 19, 0), (9, 1, 0)),
    "fields of a hybrid": ((8, 19, 0), (9, 1, 0)),
    "chunk_rescorer": ((9, 0, 0), (9, 2, 0)),
    "long documents": ((9, 0, 0), (9, 2, 0)),
    "top_n": ((9, 0, 0), (9, 2, 0)),
    "weights of rrf": ((9, 0, 0), (9, 2, 0)),
    "chunks in explain": ((9, 0, 0), (9, 3, 0)),
}


def version_of(number: str) -> Version:
    major, minor, patch = (int(part) for part in number.split("-")[0].split("."))
    return major, minor, patch


def knows(version: Version, flavour: str, feature: str) -> bool:
    """Whether a release has a feature; a serverless project has them all, whatever its number says."""
    first8, first9 = FEATURES[feature]
    return flavour == "serverless" or version >= (first8 if version < (9, 0, 0) else first9)
