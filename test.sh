#!/usr/bin/env bash
# All tests of the project. Needs cargo only; what needs more says why it is skipped.
set -euo pipefail
cd "$(dirname "$0")"
cargo test --locked "$@"
