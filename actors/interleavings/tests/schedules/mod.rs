//! The interleavings that run.

/// How many of each kind: more with `TEST_LONG=1`.
fn interleavings() -> usize {
    let is_long = std::env::var_os("TEST_LONG").is_some_and(|value| value == "1");
    if is_long { 20_000 } else { 200 }
}

/// In the second kind, threads are preempted at random this many times, and run in the order of random priorities otherwise.
const PREEMPTIONS: usize = 3;

/// Runs `model` in random interleavings of its threads.
pub(crate) fn check(model: fn()) {
    // For time limits, which never expire here: nothing drives this runtime.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    let _context = runtime.enter();
    shuttle::check_random(model, interleavings());
    shuttle::check_pct(model, interleavings(), PREEMPTIONS);
}
