//! An owner who asks for all that the server knows, all the time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::task::JoinHandle;

use crate::support::API_KEY;

const PAUSE: Duration = Duration::from_millis(500);

pub(super) struct Owner {
    state: Arc<State>,
    asking: JoinHandle<(usize, Vec<String>)>,
}

#[derive(Default)]
struct State {
    /// Failures are expected.
    is_excused: AtomicBool,
    is_ending: AtomicBool,
}

impl Owner {
    pub(super) fn start(url: &str) -> Self {
        let state = Arc::default();
        Self {
            asking: tokio::spawn(ask(url.to_owned(), Arc::clone(&state))),
            state,
        }
    }

    pub(super) fn is_excused(&self, is_excused: bool) {
        self.state.is_excused.store(is_excused, Ordering::SeqCst);
    }

    /// A busy machine may exceed a time limit now and then.
    pub(super) async fn was_answered(self) {
        self.state.is_ending.store(true, Ordering::SeqCst);
        let (answers, failures) = self.asking.await.unwrap();
        println!("the owner got {answers} answers, and these failures: {failures:?}");
        assert!(failures.len() <= answers / 100);
    }
}

/// The number of answers, and the failures that are not excused.
async fn ask(url: String, state: Arc<State>) -> (usize, Vec<String>) {
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let (mut answers, mut failures) = (0, Vec::new());
    let paths = [
        "/api/v1/health",
        "/api/v1/sync/status",
        "/api/v1/drives",
        "/api/v1/drives?deviceId=car-1&limit=5",
        "/api/v1/analyses",
        "/api/v1/analyses?status=failed",
        "/api/v1/backups",
        "/metrics",
    ];
    for path in paths.into_iter().cycle() {
        if state.is_ending.load(Ordering::SeqCst) {
            break;
        }
        let was_excused = state.is_excused.load(Ordering::SeqCst);
        let request = http.get(format!("{url}{path}"));
        let answer = request.header("X-API-Key", API_KEY).send().await;
        let is_excused = was_excused || state.is_excused.load(Ordering::SeqCst);
        match answer {
            Ok(answer) if answer.status() == 200 => answers += 1,
            _ if is_excused => {}
            answer => failures.push(format!("{path}: {answer:?}")),
        }
        tokio::time::sleep(PAUSE).await;
    }
    (answers, failures)
}
