"""An OpenAPI description that the user has as a file."""

import json
from pathlib import Path

from seatrial.errors import SpecError

__all__ = ["described_in"]

BYTES_MAX = 50_000_000


def described_in(path: Path) -> str:
    """The file's text. Raises SpecError when it cannot be read, or is no OpenAPI or Swagger document as JSON."""
    advice = "Give the JSON that your app answers at /openapi.json; a YAML file becomes one with: "
    advice += (
        "python -c 'import json, sys, yaml; json.dump(yaml.safe_load(sys.stdin), sys.stdout)' < api.yaml > api.json"
    )
    try:
        if path.stat().st_size > BYTES_MAX:
            raise SpecError(f"it is larger than {BYTES_MAX // 1_000_000} MB.", where=str(path), try_this=advice)
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise SpecError(f"it cannot be read: {error.strerror or error}.", where=str(path)) from None
    except UnicodeDecodeError:
        raise SpecError("it is no text.", where=str(path), try_this=advice) from None
    try:
        document = json.loads(text)
    except ValueError:
        raise SpecError("it is no JSON.", where=str(path), try_this=advice) from None
    if not isinstance(document, dict) or not isinstance(document.get("paths"), dict):
        raise SpecError("it describes no API: it has no `paths`.", where=str(path), try_this=advice)
    return text
