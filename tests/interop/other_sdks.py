"""The official anthropic and google-genai SDKs against the fakes of tests/support/fakes.rs.

Usage: other_sdks.py ANTHROPIC_URL GEMINI_URL KEY
"""

import importlib.metadata
import io
import json
import sys
import time

import anthropic
from google import genai


def until(done, step):
    deadline = time.monotonic() + 30
    state = step()
    while not done(state):
        assert time.monotonic() < deadline, state
        time.sleep(0.02)
        state = step()
    return state


def messages(base_url, key):
    client = anthropic.Anthropic(base_url=base_url, api_key=key, max_retries=0)
    batches = client.messages.batches
    params = {"model": "claude-haiku-4-5", "max_tokens": 50, "messages": [{"role": "user", "content": "Hello"}]}
    batch = batches.create(requests=[{"custom_id": f"r-{n}", "params": params} for n in range(5)])
    assert batch.processing_status == "in_progress" and batch.results_url is None
    assert batch.id in {b.id for b in batches.list(limit=10)}
    batch = until(lambda b: b.processing_status == "ended", lambda: batches.retrieve(batch.id))
    assert batch.request_counts.succeeded == 5
    results = {r.custom_id: r.result for r in batches.results(batch.id)}
    assert set(results) == {f"r-{n}" for n in range(5)}
    assert all(json.loads(r.message.content[0].text) == {"scene": "a kitchen"} for r in results.values())
    for wrong in ([{"custom_id": "no spaces", "params": params}], [{"custom_id": "a", "params": params}] * 2):
        try:
            batches.create(requests=wrong)
        except anthropic.BadRequestError:
            continue
        raise AssertionError("a wrong custom_id was taken")
    print(f"anthropic {anthropic.__version__}: create, list, retrieve, results, refusals")


def generations(base_url, key):
    client = genai.Client(api_key=key, http_options={"base_url": base_url})
    row = lambda n: json.dumps({"key": f"r-{n}", "request": {"contents": [{"role": "user", "parts": [{"text": "Hello"}]}]}})
    data = io.BytesIO("\n".join(row(n) for n in range(5)).encode())
    file = client.files.upload(file=data, config={"display_name": "rows", "mime_type": "jsonl"})
    job = client.batches.create(model="gemini-2.5-flash", src=file.name, config={"display_name": "rows"})
    job = until(lambda j: j.state.name == "JOB_STATE_SUCCEEDED", lambda: client.batches.get(name=job.name))
    text = client.files.download(file=job.dest.file_name).decode()
    assert {json.loads(line)["key"] for line in text.splitlines()} == {f"r-{n}" for n in range(5)}
    print(f"google-genai {importlib.metadata.version('google-genai')}: upload, create, get, download")


messages(sys.argv[1], sys.argv[3])
generations(sys.argv[2], sys.argv[3])
