"""Media in a bucket, through the storages of a real Label Studio: its own S3 client resolves the URI."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image

from connectors.label_studio.client import LabelStudio
from connectors.media.fetcher import MediaFetcher
from connectors.media.policy import FetchPolicy
from models.errors import MediaError
from scripts.label_studio import Server
from tests.support.http_server import HttpServer, Reply
from tests.support.label_studio import RemoteHands

pytestmark = pytest.mark.label_studio

XML = (
    '<View><Image name="image" value="$image"/>'
    '<Choices name="c" toName="image"><Choice value="a"/><Choice value="b"/></Choices></View>'
)
URI = "s3://bucket/a folder/é.png"
KEY = "/bucket/a%20folder/%C3%A9.png"
LISTING = (
    b'<?xml version="1.0" encoding="UTF-8"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
    b"<Name>bucket</Name><KeyCount>0</KeyCount><MaxKeys>1000</MaxKeys><IsTruncated>false</IsTruncated>"
    b"</ListBucketResult>"
)


def picture() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (8, 6), "red").save(buffer, "PNG")
    return buffer.getvalue()


def storage(endpoint: str, project: int, *, presign: bool) -> dict[str, object]:
    return {
        "project": project,
        "title": "bucket",
        "bucket": "bucket",
        "s3_endpoint": endpoint,
        "aws_access_key_id": "key",
        "aws_secret_access_key": "secret",
        "region_name": "us-east-1",
        "presign": presign,
        "use_blob_urls": True,
    }


@pytest.mark.parametrize("presign", [True, False], ids=["redirect", "through Label Studio"])
def test_a_picture_in_a_bucket(server: Server, tmp_path: Path, presign: bool) -> None:
    """By a signed link to the bucket, which must be an allowed host; or by way of Label Studio, which streams it."""
    hands = RemoteHands(server, XML)
    platform = LabelStudio(server.url, server.token, hands.project_id)

    def fetcher(name: str, *hosts: str) -> MediaFetcher:
        return MediaFetcher(
            tmp_path / name,
            policy=FetchPolicy(allowed_hosts=frozenset(hosts)),
            platform_url=server.url,
            auth_headers=platform.auth_headers,
            platform_project=hands.project_id,
        )

    with HttpServer() as bucket:
        bucket.routes |= {"/bucket": Reply(LISTING, headers={"Content-Type": "application/xml"})}
        bucket.routes[KEY] = Reply(picture(), headers={"Content-Type": "image/png"})
        with pytest.raises(MediaError, match="add a cloud storage that covers the bucket"):
            fetcher("none").fetch(URI)
        made = hands.admin.post("/api/storages/s3/", json=storage(bucket.url, hands.project_id, presign=presign))
        assert made.status_code == 201, made.text
        [task_id] = hands.add_tasks([{"image": URI}])
        [[task]] = platform.tasks()
        assert (task.id, task.data) == (task_id, {"image": URI})

        if presign:
            with pytest.raises(MediaError, match=f"private address; if that is meant, add '{bucket.netloc}'"):
                fetcher("refused").fetch(URI)
        got = fetcher("allowed", *([bucket.netloc] if presign else [])).fetch(URI)
        assert got.read_bytes() == picture()
        [asked] = [seen for seen in bucket.seen if seen.path.startswith(KEY)][-1:]
        assert ("X-Amz-Signature" in asked.path or "Signature" in asked.path) == presign
        assert "token" not in asked.headers.get("authorization", "").lower()
    platform.close()
    hands.close()
