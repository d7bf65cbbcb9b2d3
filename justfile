# Convenience only: every recipe is a command that can be typed without just.

# All tests, as the README has it.
test:
    ./test.sh

# Everything that a change must pass.
ci:
    .ci/run

# The main job, offline.
run:
    cargo run --release -- run --lang all --num 20

bench-generate:
    cargo bench --bench generate

# Variants a second; data: $AACORN_BENCH_DATA, or made in the bench
bench-augment:
    cargo bench --bench augment
