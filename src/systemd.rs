//! Notifications to systemd: ready, alive, stopping.
//!
//! Nothing is sent where systemd did not ask for it (no `NOTIFY_SOCKET`, no `WATCHDOG_USEC`), so the server runs the same
//! way by hand. The decision record `0004-notify-and-watchdog.md` gives the reasons.

use std::time::Duration;

use sd_notify::NotifyState;

/// The server accepts requests.
pub(crate) fn notify_ready(port: u16) {
    let status = format!("listening on port {port}");
    notify(&[NotifyState::Ready, NotifyState::Status(&status)]);
}

/// The server finishes accepted work and ends.
pub(crate) fn notify_stopping() {
    notify(&[
        NotifyState::Stopping,
        NotifyState::Status("finishing accepted work"),
    ]);
}

/// Notifies the watchdog three times per interval, for as long as it is polled.
///
/// `find_hung` waits for the given time and names an actor that hangs. Then no notification is sent, and systemd
/// restarts the process when the interval ends.
pub(crate) async fn notify_alive(find_hung: impl AsyncFn(Duration) -> Option<&'static str>) {
    let Some(interval) = sd_notify::watchdog_enabled() else {
        return;
    };
    let pause = interval / 3;
    loop {
        match find_hung(pause).await {
            None => notify(&[NotifyState::Watchdog]),
            Some(actor) => log::error!(
                actor, waited_ms = pause.as_millis();
                "actor hangs, watchdog not notified"
            ),
        }
        tokio::time::sleep(pause).await;
    }
}

fn notify(state: &[NotifyState]) {
    if let Err(error) = sd_notify::notify(state) {
        log::warn!(error:%; "systemd not notified");
    }
}
