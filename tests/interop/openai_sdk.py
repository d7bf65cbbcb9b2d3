"""The official openai SDK as a client of `aacorn serve`: a whole cycle of files and batches, errors included.

Usage: openai_sdk.py BASE_URL
"""

import io
import json
import sys
import time

import openai
from openai import OpenAI

CHAT = "/v1/chat/completions"
SCHEMA = {
    "type": "object",
    "properties": {"scene": {"type": "string"}},
    "required": ["scene"],
    "additionalProperties": False,
}


def line(custom_id, model="phrasebook-1"):
    body = {
        "model": model,
        "messages": [{"role": "user", "content": f"A scene for {custom_id}, please."}],
        "response_format": {"type": "json_schema", "json_schema": {"name": "scene", "strict": True, "schema": SCHEMA}},
    }
    return json.dumps({"custom_id": custom_id, "method": "POST", "url": CHAT, "body": body})


def upload(client, lines):
    data = io.BytesIO(("\n".join(lines) + "\n").encode())
    return client.files.create(file=("requests.jsonl", data), purpose="batch")


def ended(client, batch):
    deadline = time.monotonic() + 60
    while batch.status not in ("completed", "failed", "expired", "cancelled"):
        assert time.monotonic() < deadline, batch
        time.sleep(0.02)
        batch = client.batches.retrieve(batch.id)
    return batch


def refused(error, call):
    try:
        call()
    except error as refusal:
        assert refusal.body["message"] and refusal.body["type"] == "invalid_request_error", refusal.body
        return refusal
    raise AssertionError(f"{error.__name__} was expected")


def whole_cycle(client):
    ids = [f"request-{n}" for n in range(200)]
    file = upload(client, [line(i) for i in ids])
    assert file.object == "file" and file.purpose == "batch" and file.filename == "requests.jsonl"
    assert client.files.retrieve(file.id).bytes == file.bytes
    batch = client.batches.create(
        input_file_id=file.id, endpoint=CHAT, completion_window="24h", metadata={"run": "interop"}
    )
    assert batch.status == "validating" and batch.output_file_id is None and batch.errors is None
    batch = ended(client, batch)
    assert batch.status == "completed" and batch.metadata == {"run": "interop"}
    assert (batch.request_counts.total, batch.request_counts.completed, batch.request_counts.failed) == (200, 200, 0)
    assert batch.created_at <= batch.in_progress_at <= batch.finalizing_at <= batch.completed_at <= batch.expires_at
    lines = [json.loads(text) for text in client.files.content(batch.output_file_id).text.splitlines()]
    assert sorted(l["custom_id"] for l in lines) == sorted(ids)
    for result in lines:
        assert result["error"] is None and result["response"]["status_code"] == 200
        completion = openai.types.chat.ChatCompletion.model_validate(result["response"]["body"], strict=True)
        assert json.loads(completion.choices[0].message.content).keys() == {"scene"}
        assert completion.usage.total_tokens == completion.usage.prompt_tokens + completion.usage.completion_tokens
    return file, batch


def pages(client, file):
    for _ in range(5):
        client.batches.create(input_file_id=file.id, endpoint=CHAT, completion_window="24h")
    batches = list(client.batches.list(limit=2))
    assert len(batches) == len({b.id for b in batches}) == 6
    assert file.id in {f.id for f in client.files.list(purpose="batch", limit=3)}


def errors(client, file, batch):
    create = lambda **changed: client.batches.create(
        **({"input_file_id": file.id, "endpoint": CHAT, "completion_window": "24h"} | changed)
    )
    refused(openai.BadRequestError, lambda: create(input_file_id="file-nothing"))
    refused(openai.BadRequestError, lambda: create(endpoint="/v1/nothing"))
    refused(openai.BadRequestError, lambda: create(completion_window="1h"))
    refused(openai.BadRequestError, lambda: client.batches.cancel(batch.id))
    refused(openai.BadRequestError, lambda: client.files.create(file=("a.txt", b"{}"), purpose="batch"))
    refused(openai.NotFoundError, lambda: client.batches.retrieve("batch_nothing"))
    refused(openai.NotFoundError, lambda: client.files.retrieve("file-nothing"))
    wrong = upload(client, [line("a"), line("a"), "{", line("b", model="other")])
    failed = ended(client, create(input_file_id=wrong.id))
    assert failed.status == "failed" and failed.output_file_id is None
    found = [(e.code, e.line) for e in failed.errors.data]
    assert found == [("duplicate_custom_id", 2), ("invalid_json_line", 3), ("model_mismatch", 4)], found


def chat(client):
    answer = client.chat.completions.create(
        model="phrasebook-1", messages=[{"role": "user", "content": "Good morning"}]
    )
    assert answer.choices[0].finish_reason == "stop" and answer.choices[0].message.content
    assert client.models.list().data[0].owned_by == "aacorn"


def deletion(client, file):
    for batch in client.batches.list():
        ended(client, batch)
    assert client.files.delete(file.id).deleted
    refused(openai.NotFoundError, lambda: client.files.retrieve(file.id))


def main():
    client = OpenAI(base_url=sys.argv[1], api_key="sk-interop", max_retries=0)
    file, batch = whole_cycle(client)
    pages(client, file)
    errors(client, file, batch)
    chat(client)
    deletion(client, file)
    stranger = OpenAI(base_url=sys.argv[1], api_key="sk-wrong", max_retries=0)
    refused(openai.AuthenticationError, lambda: stranger.models.list())
    print(f"openai {openai.__version__}: files, batches, pages, errors, chat, models, deletion, key")


main()
