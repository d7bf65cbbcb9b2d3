//! Builds again when a file is added to the embedded folders, which the compiler alone would not notice.

fn main() {
    println!("cargo::rerun-if-changed=languages");
    println!("cargo::rerun-if-changed=templates");
}
