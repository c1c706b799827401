"""Write files whole: everything is written beside its place first, and moved there at the end."""

from collections.abc import Mapping
from pathlib import Path


def put_whole(texts: Mapping[Path, str]) -> None:
    """Write several files, or none: each is replaced in one step once all are whole.

    A reader never sees half a file, and a failure while writing leaves what was there before.

    Args:
        texts: Text by path; the folder is there.
    """
    partial = {path: path.with_name(f".{path.name}.partial") for path in texts}
    try:
        for path, text in texts.items():
            partial[path].write_text(text, encoding="utf-8")
        for path, whole in partial.items():
            whole.replace(path)
    finally:
        for left in partial.values():
            left.unlink(missing_ok=True)
