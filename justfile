# Convenience only: every recipe is a command that can be typed without just.

# All tests, as the README has it.
test:
    cargo test

# Everything that a change must pass.
ci:
    .ci/run

# The main job, offline.
run:
    cargo run --release -- run --lang all --num 20

bench-generate:
    cargo bench --bench generate

# Variants a CPU second, threads, memory, single utterances; data: $AACORN_BENCH_DATA, or made with `aacorn run`
bench-augment:
    cargo bench --bench augment

# Beside nlpaug, textnoisr, MulTypo and fasttextaug, from PyPI
peers:
    benches/peers.sh

bench-process:
    cargo bench --bench process

# Peak memory of `process` at sizes ten times apart, with the index in memory as far as it fits, and mostly on disk.
scale:
    cargo bench --bench scale -- 100000 1000000 10000000
    cargo bench --bench scale -- --index-memory 32 1000000 10000000

# A minute of mutations for each reader of what strangers wrote; note the result in fuzz/README.md.
fuzz:
    AACORN_FUZZ_SECONDS=60 cargo test --release --test fuzz mutations -- --nocapture

# Every phrasebook read by a large identifier of languages; minutes to build, so by hand only.
langid:
    cargo run --release --manifest-path tools/langid/Cargo.toml
