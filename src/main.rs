//! The binary: all of it is in [`aacorn::cli`].

fn main() -> aacorn::cli::Exit {
    aacorn::cli::main()
}
