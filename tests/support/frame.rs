//! The frame every trial runs in: a missing part is reported as ignored with its reason.

use libtest_mimic::{Completion, Conclusion, Trial};
use std::process::ExitCode;

/// Set by continuous integration, where every part must be there.
const NO_IGNORED: &str = "KEYLEAK_NO_IGNORED";

/// Why a trial could not run; never a pass, and never a failure on a machine without the part.
#[derive(Debug, Clone)]
pub(crate) struct Missing(pub(crate) String);

/// What a trial hands back; a failed assertion panics instead.
pub(crate) type Outcome = Result<(), Missing>;

/// A trial that may find its part missing while it runs.
pub(crate) fn trial(name: &str, body: impl FnOnce() -> Outcome + Send + 'static) -> Trial {
    Trial::ignorable_test(name, move || match body() {
        Ok(()) => Ok(Completion::Completed),
        Err(Missing(reason)) => Ok(Completion::ignored_with(reason)),
    })
}

/// A trial whose body waits on the network.
pub(crate) fn trial_async<F>(name: &str, body: impl FnOnce() -> F + Send + 'static) -> Trial
where
    F: Future<Output = Outcome>,
{
    trial(name, move || {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .expect("a runtime starts");
        runtime.block_on(body())
    })
}

/// The exit code of the run: an ignored trial fails it where every part must be there.
pub(crate) fn judge(conclusion: &Conclusion) -> ExitCode {
    let strict = std::env::var_os(NO_IGNORED).is_some_and(|value| value == "1");
    if strict && conclusion.num_ignored > 0 && !conclusion.has_failed() {
        eprintln!("{NO_IGNORED}=1 and {} trial(s) were ignored", conclusion.num_ignored);
        return ExitCode::from(101);
    }
    conclusion.exit_code()
}
