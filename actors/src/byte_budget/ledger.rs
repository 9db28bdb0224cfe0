//! How much memory each body holds, and whether all bodies can still be completed. Pure.

use std::collections::BTreeMap;

use super::Client;

/// The first part of every body, which may use memory that is closed to the rest of large bodies.
pub(super) const SMALL_BYTES: usize = 256 * 1024;

#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// All bodies together.
    total: usize,
    /// Everything beyond the first [`SMALL_BYTES`] of each body.
    large: usize,
    /// The bodies of one client.
    client: usize,
}

impl Limits {
    pub(super) fn of(total: usize) -> Self {
        Self {
            total,
            large: total - total / 4,
            client: total / 2,
        }
    }
}

/// A body in progress.
#[derive(Clone, Copy, Debug)]
pub(super) struct Account {
    client: Client,
    held: usize,
    most: usize,
}

impl Account {
    pub(super) fn new(client: Client, most: usize) -> Self {
        Self {
            client,
            held: 0,
            most,
        }
    }

    fn missing(self) -> usize {
        self.most.saturating_sub(self.held)
    }

    fn missing_large(self) -> usize {
        large_part(self.most).saturating_sub(large_part(self.held))
    }
}

fn large_part(bytes: usize) -> usize {
    bytes.saturating_sub(SMALL_BYTES)
}

#[derive(Debug)]
pub(super) struct Ledger {
    limits: Limits,
    accounts: BTreeMap<u64, Account>,
    next: u64,
}

/// What is free of each limit.
struct Free {
    total: usize,
    large: usize,
    clients: BTreeMap<Client, usize>,
}

impl Ledger {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            limits,
            accounts: BTreeMap::new(),
            next: 0,
        }
    }

    pub(super) fn can_ever_hold(&self, bytes: usize) -> bool {
        bytes <= self.limits.client && large_part(bytes) <= self.limits.large
    }

    pub(super) fn open(&mut self, account: Account) -> u64 {
        self.next += 1;
        self.accounts.insert(self.next, account);
        self.next
    }

    pub(super) fn close(&mut self, account: u64) {
        self.accounts.remove(&account);
    }

    pub(super) fn complete(&mut self, account: u64, bytes: usize) {
        if let Some(account) = self.accounts.get_mut(&account) {
            account.held = account.held.min(bytes);
            account.most = account.held;
        }
    }

    pub(super) fn held_bytes(&self) -> usize {
        self.accounts.values().map(|account| account.held).sum()
    }

    pub(super) fn missing_bytes(&self, account: u64) -> usize {
        let account = self.accounts.get(&account);
        account.map_or(0, |account| account.missing())
    }

    /// Lets an account hold `bytes`, unless some body could then not be completed.
    pub(super) fn grow(&mut self, account: u64, bytes: usize) -> bool {
        let Some(before) = self.accounts.get(&account).copied() else {
            return false;
        };
        let held = bytes.min(before.most);
        if held <= before.held {
            return true;
        }
        self.accounts.insert(account, Account { held, ..before });
        let is_safe = self.free().is_some_and(|free| self.all_can_end(free));
        if !is_safe {
            self.accounts.insert(account, before);
        }
        is_safe
    }

    /// `None` if a limit is exceeded.
    fn free(&self) -> Option<Free> {
        let mut free = Free {
            total: self.limits.total,
            large: self.limits.large,
            clients: BTreeMap::new(),
        };
        for account in self.accounts.values() {
            let client = free
                .clients
                .entry(account.client)
                .or_insert(self.limits.client);
            *client = client.checked_sub(account.held)?;
            free.total = free.total.checked_sub(account.held)?;
            free.large = free.large.checked_sub(large_part(account.held))?;
        }
        Some(free)
    }

    /// Whether all bodies can be completed in some order, each freeing its memory for the next.
    fn all_can_end(&self, mut free: Free) -> bool {
        let mut unfinished: Vec<Account> = self.accounts.values().copied().collect();
        unfinished.sort_by_key(|account| account.missing());
        loop {
            let before = unfinished.len();
            unfinished.retain(|account| {
                let client = free.clients.entry(account.client).or_default();
                let fits = account.missing() <= free.total
                    && account.missing() <= *client
                    && account.missing_large() <= free.large;
                if fits {
                    *client += account.held;
                    free.total += account.held;
                    free.large += large_part(account.held);
                }
                !fits
            });
            if unfinished.is_empty() {
                return true;
            }
            if unfinished.len() == before {
                return false;
            }
        }
    }
}
