"""Files on Label Studio, as people upload them."""

from __future__ import annotations

import httpx


def upload(http: httpx.Client, project: int, name: str, content: bytes) -> str:
    """Uploads a file without making a task of it; what a task of the project says for it (``/data/upload/...``)."""
    where = f"/api/projects/{project}/import?commit_to_project=false"
    [number] = http.post(where, files={"file": (name, content)}).raise_for_status().json()["file_upload_ids"]
    return f"/data/{http.get(f'/api/import/file-upload/{number}').raise_for_status().json()['file']}"
