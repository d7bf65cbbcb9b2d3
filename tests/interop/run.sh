#!/usr/bin/env bash
# Parties that are not us, against this project's servers. Each is skipped with a printed reason where its tool cannot be
# had; where its interpreter is there, a failure to install it fails this script.
#
# Usage: tests/interop/run.sh [path of the aacorn binary]
set -euo pipefail
cd "$(dirname "$0")"
root=$(cd ../.. && pwd)
binary=${1:-$root/target/debug/aacorn}
[ -x "$binary" ] || { echo "no binary at $binary: build it first (cargo build)"; exit 1; }

work=$(mktemp -d)
server=
cleanup() {
    [ -z "$server" ] || kill "$server" 2>/dev/null || true
    rm -rf "$work"
}
trap cleanup EXIT

# serve ARGS…: starts the server on a free port and sets $base.
serve() {
    rm -rf "$work/state"
    AACORN_SERVE_KEY=sk-interop "$binary" serve --listen 127.0.0.1:0 --state "$work/state" "$@" >"$work/serve.txt" &
    server=$!
    for _ in $(seq 100); do
        base=$(sed -n 's/^serving \(http[^ ]*\).*/\1/p' "$work/serve.txt")
        [ -z "$base" ] || return 0
        sleep 0.1
    done
    echo "the server did not start"
    exit 1
}

# stop: ends it as Ctrl-C does.
stop() {
    kill -INT "$server"
    wait "$server"
    server=
}

# Our client against a stateful mock of somebody else's.
if command -v npm >/dev/null; then
    aimock=${AACORN_INTEROP_AIMOCK:-$work/npm/node_modules/@copilotkit/aimock}
    [ -d "$aimock" ] || npm install --silent --no-audit --no-fund --prefix "$work/npm" @copilotkit/aimock@1.43.0
    node aimock.mjs "$binary" "$aimock"
else
    echo "skipped: @copilotkit/aimock (no npm here)"
fi

if ! python3 -c 'import venv' 2>/dev/null; then
    echo "skipped: the SDKs openai, anthropic, google-genai (no python3 with venv here)"
    exit 0
fi
venv=${AACORN_INTEROP_VENV:-$work/venv}
[ -x "$venv/bin/python" ] || python3 -m venv "$venv"
"$venv/bin/pip" install --quiet --disable-pip-version-check openai anthropic google-genai
serve
"$venv/bin/python" openai_sdk.py "$base"
stop

if command -v cargo >/dev/null; then
    AACORN_INTEROP_PYTHON=$venv/bin/python cargo test --quiet --locked --manifest-path "$root/Cargo.toml" \
        --test providers the_official_sdks -- --nocapture
else
    echo "skipped: anthropic and google-genai against the fakes (no cargo here)"
fi
