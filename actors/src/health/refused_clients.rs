//! Requests refused before they reach an actor: a wrong key, a body that is too large.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{NaiveDateTime, TimeDelta};

/// Refusals in a row from which a client is reported. A person who mistypes a key is below it.
const REFUSALS_IN_A_ROW: u32 = 4;

/// A client without a new refusal for this long is no longer reported.
const FORGOTTEN_AFTER: TimeDelta = TimeDelta::days(1);

/// The most entries kept: any number of addresses can send requests.
const MAX_ENTRIES: usize = 256;

/// Clients whose last requests to a route were all refused. Clones share one list.
///
/// The HTTP server writes it and the health actor reads it: a message per request would cost more than the request.
#[derive(Clone, Debug, Default)]
pub struct RefusedClients(Arc<Mutex<HashMap<Key, Run>>>);

type Key = (IpAddr, String);

#[derive(Debug)]
struct Run {
    refusals: u32,
    reason: String,
    latest: NaiveDateTime,
}

/// A client whose last requests to a route were all refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedClient {
    /// Its address.
    pub address: IpAddr,
    /// Method and pattern of the route.
    pub route: String,
    /// Refused requests since the last accepted one.
    pub refusals: u32,
    /// The last refusal, in one sentence.
    pub reason: String,
}

impl RefusedClients {
    /// Counts a refused request.
    pub fn refuse(&self, address: IpAddr, route: &str, reason: String, now: NaiveDateTime) {
        let mut runs = self.runs();
        let run = runs.entry((address, route.to_owned())).or_insert(Run {
            refusals: 0,
            reason: String::new(),
            latest: now,
        });
        run.refusals = run.refusals.saturating_add(1);
        run.reason = reason;
        run.latest = now;
        if runs.len() > MAX_ENTRIES {
            let oldest = runs.iter().min_by_key(|(_, run)| run.latest);
            if let Some(key) = oldest.map(|(key, _)| key.clone()) {
                runs.remove(&key);
            }
        }
    }

    /// Ends a row of refusals: the client's request to this route was accepted.
    pub fn accept(&self, address: IpAddr, route: &str) {
        let mut runs = self.runs();
        if !runs.is_empty() {
            runs.remove(&(address, route.to_owned()));
        }
    }

    /// The clients to report, sorted by address and route.
    pub fn list(&self, now: NaiveDateTime) -> Vec<RefusedClient> {
        let mut list: Vec<_> = self
            .runs()
            .iter()
            .filter(|(_, run)| run.refusals >= REFUSALS_IN_A_ROW)
            .filter(|(_, run)| run.latest > now - FORGOTTEN_AFTER)
            .map(|((address, route), run)| RefusedClient {
                address: *address,
                route: route.clone(),
                refusals: run.refusals,
                reason: run.reason.clone(),
            })
            .collect();
        list.sort_by(|left, right| (left.address, &left.route).cmp(&(right.address, &right.route)));
        list
    }

    fn runs(&self) -> MutexGuard<'_, HashMap<Key, Run>> {
        // Every change is complete before it can panic.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;
    use crate::clock;

    const SYNC: &str = "POST /api/v1/sync";

    fn address(last: u8) -> IpAddr {
        Ipv4Addr::new(10, 27, 27, last).into()
    }

    fn refuse(clients: &RefusedClients, last: u8, times: u32) {
        for _ in 0..times {
            clients.refuse(
                address(last),
                SYNC,
                "Invalid API key".to_owned(),
                clock::now(),
            );
        }
    }

    #[test]
    fn a_client_is_listed_after_four_refusals_and_until_a_request_is_accepted() {
        let clients = RefusedClients::default();
        refuse(&clients, 28, 3);
        assert_eq!(clients.list(clock::now()), []);
        refuse(&clients, 28, 1);
        let listed = RefusedClient {
            address: address(28),
            route: SYNC.to_owned(),
            refusals: 4,
            reason: "Invalid API key".to_owned(),
        };
        assert_eq!(clients.list(clock::now()), [listed]);
        // Neither another client nor another route ends the row.
        clients.accept(address(29), SYNC);
        clients.accept(address(28), "GET /api/v1/drives");
        assert_eq!(clients.list(clock::now()).len(), 1);
        clients.accept(address(28), SYNC);
        assert_eq!(clients.list(clock::now()), []);
    }

    #[test]
    fn a_client_that_stopped_sending_is_dropped_after_a_day() {
        let clients = RefusedClients::default();
        refuse(&clients, 28, 30);
        let tomorrow = clock::now() + TimeDelta::days(1) + TimeDelta::minutes(1);
        assert_eq!(clients.list(tomorrow), []);
    }

    #[test]
    fn any_number_of_clients_takes_bounded_memory() {
        let clients = RefusedClients::default();
        for number in 0..2000_u16 {
            let [high, low] = number.to_be_bytes();
            let address = Ipv4Addr::new(10, 0, high, low).into();
            clients.refuse(address, SYNC, String::new(), clock::now());
        }
        assert_eq!(clients.runs().len(), MAX_ENTRIES);
    }
}
