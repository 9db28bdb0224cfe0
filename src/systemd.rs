//! What systemd is told about the process: that it listens, that it is alive, that it stops.
//!
//! Owns nothing but the watchdog's rhythm. Says nothing where systemd did not ask (no `NOTIFY_SOCKET`, no
//! `WATCHDOG_USEC`), so that the server run by hand is the same program. Why it is told at all is in the decision
//! record `0004-notify-and-watchdog.md`.

use std::time::Duration;

use sd_notify::NotifyState;

/// The server can be used from now on.
pub(crate) fn say_ready(port: u16) {
    let status = format!("listening on port {port}");
    tell(&[NotifyState::Ready, NotifyState::Status(&status)]);
}

/// The server finishes what it has accepted, and ends.
pub(crate) fn say_stopping() {
    tell(&[
        NotifyState::Stopping,
        NotifyState::Status("finishing what has been accepted"),
    ]);
}

/// Reports for as long as it is polled that the process is alive, three times in the watchdog's interval.
///
/// `find_hung` names what hangs, having waited for the given time. While something does, there is no report, and in
/// the end systemd restarts the process.
pub(crate) async fn report_alive(find_hung: impl AsyncFn(Duration) -> Option<&'static str>) {
    let Some(interval) = sd_notify::watchdog_enabled() else {
        return;
    };
    let pause = interval / 3;
    loop {
        match find_hung(pause).await {
            None => tell(&[NotifyState::Watchdog]),
            Some(actor) => log::error!(
                "actor hangs: systemd is to restart the server actor={actor} waited_ms={}",
                pause.as_millis()
            ),
        }
        tokio::time::sleep(pause).await;
    }
}

fn tell(state: &[NotifyState]) {
    if let Err(error) = sd_notify::notify(state) {
        log::warn!("systemd cannot be told how the server is error={error:?}");
    }
}
