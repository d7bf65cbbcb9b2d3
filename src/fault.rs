//! Named points at which a test kills the program: what a crash leaves behind is tested with real crashes.

/// Kills the process here, with SIGKILL, when `AACORN_FAULT_POINT` is `name`. Nothing without the feature `fault-points`.
#[inline]
pub fn point(name: &str) {
    #[cfg(feature = "fault-points")]
    if std::env::var("AACORN_FAULT_POINT").is_ok_and(|wanted| wanted == name) {
        let pid = std::process::id().to_string();
        std::process::Command::new("kill").args(["-9", &pid]).status().expect("there is a kill on the path");
        loop {
            std::thread::park();
        }
    }
    #[cfg(not(feature = "fault-points"))]
    let _ = name;
}
