#!/usr/bin/env bash
# Aacorn beside nlpaug, textnoisr, MulTypo and fasttextaug: one run, the same 10,000 lines of each language.
#
#   benches/peers.sh [WORK_FOLDER]        default: target/peers
#
# Makes a virtual environment and the lines in the folder, prints the table of benches/README.md. Needs python3 (3.9 or later)
# and pip; nothing of it is part of the build or the tests.
set -euo pipefail
cd "$(dirname "$0")/.."
work=${1:-target/peers}
mkdir -p "$work"
work=$(cd "$work" && pwd)
locales=${AACORN_PEERS_LOCALES:-en-GB fr-FR el-GR ar-SA ko-KR ja-JP zh-CN}

# A binary built before can be named; by default it is built.
binary=${AACORN_BINARY:-}
if [[ -z $binary ]]; then
    cargo build --release --locked
    binary=$PWD/target/release/aacorn
fi

if [[ ! -x $work/venv/bin/python ]]; then
    python3 -m venv "$work/venv"
    # Without their dependencies, of which the noise itself needs only those named here.
    "$work/venv/bin/pip" install --quiet --no-deps \
        nlpaug==1.1.11 textnoisr==1.2.0 multypo==0.1.1 fasttextaug==0.1.1
    "$work/venv/bin/pip" install --quiet numpy scipy pandas requests gdown tqdm nltk rapidfuzz regex
fi

for locale in $locales; do
    lines=$work/$locale.jsonl
    [[ -s $lines ]] && continue
    if ! "$binary" languages show "$locale" >/dev/null 2>&1; then
        echo "$locale: no language pack yet, left out" >&2
        continue
    fi
    made=$(mktemp -d "$work/run-XXXXXX")
    # About five utterances of the person who types to a conversation.
    (cd "$made" && "$binary" run --lang "$locale" --num 3000 >/dev/null)
    "$work/venv/bin/python" benches/peers.py lines "$locale" \
        "$made/output/$locale/${locale}_all_conversations.jsonl" "$lines"
    rm -r "$made"
done

for locale in $locales; do
    [[ -s $work/$locale.jsonl ]] || continue
    "$work/venv/bin/python" benches/peers.py table "$locale" "$work/$locale.jsonl" "$binary" languages
done
