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
