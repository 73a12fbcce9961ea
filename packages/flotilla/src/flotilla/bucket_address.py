"""How the address of a bucket in S3-compatible storage is written, and read."""

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

__all__ = ["SHAPE", "BucketAddress"]

SHAPE = "s3://bucket/prefix?endpoint=https://s3.example.com&region=eu-central-1"
USUAL_REGION = "us-east-1"

# What else might stand there the client takes, and ends the process over it.
_ENDPOINT = re.compile(r"https?://[A-Za-z0-9.:\[\]_-]+(?:/[A-Za-z0-9._~%/-]*)?", re.ASCII)
_REGION = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)
_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,61}[A-Za-z0-9]", re.ASCII)


@dataclass(frozen=True, slots=True)
class BucketAddress:
    """A bucket, and where in it: `prefix` is what every key begins with, without slashes at its ends, or "".

    `endpoint` is where the storage listens; "": Amazon's own of that region.
    """

    bucket: str
    prefix: str
    endpoint: str
    region: str

    @classmethod
    def parse(cls, text: str) -> "BucketAddress":
        """Read an address; ValueError says in a sentence what is wrong with it."""
        parts = urlsplit(text)
        if parts.scheme != "s3":
            raise ValueError("it does not begin with s3://")
        told = dict(parse_qsl(parts.query, keep_blank_values=True))
        endpoint = told.get("endpoint", "")
        if "@" in parts.netloc or "@" in urlsplit(endpoint).netloc:
            raise ValueError("it holds a key, which belongs into FLOTILLA_MEDIA_KEY_ID and FLOTILLA_MEDIA_SECRET_KEY")
        if not _BUCKET.fullmatch(parts.netloc):
            raise ValueError("it does not name a bucket")
        for name in told.keys() - {"endpoint", "region"}:
            raise ValueError(f"it says {name}, and only endpoint and region are known")
        if endpoint and not _ENDPOINT.fullmatch(endpoint):
            raise ValueError("its endpoint is no address that begins with https:// or http://")
        region = told.get("region") or USUAL_REGION
        if not _REGION.fullmatch(region):
            raise ValueError("its region is not written like eu-central-1")
        prefix = parts.path.strip("/")
        if prefix and {"", ".", ".."} & set(prefix.split("/")):
            raise ValueError("a part of its prefix is empty, or . or ..")
        return cls(parts.netloc, prefix, endpoint.rstrip("/"), region)
