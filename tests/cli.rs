//! The command line as a user meets it: each case is a file in `tests/cmd/`.

#[test]
fn commands_say_what_their_cases_hold() {
    trycmd::TestCases::new().case("tests/cmd/*.toml").case("tests/cmd/*.trycmd").run();
}
