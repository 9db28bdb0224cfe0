use std::net::Ipv4Addr;

use futures_util::FutureExt as _;

use super::*;

const MIB: usize = 1024 * 1024;
const KIB: usize = 1024;
const LONG: Duration = Duration::from_hours(1);

fn client(number: u8) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(192, 0, 2, number))
}

/// As many bytes of a body as can be reserved without waiting.
fn fill(body: &mut Reservation, most: usize) -> usize {
    let steps = (STEP_BYTES..=most).step_by(STEP_BYTES);
    steps
        .take_while(|bytes| has_room(body, *bytes))
        .last()
        .unwrap_or(0)
}

fn has_room(body: &mut Reservation, bytes: usize) -> bool {
    matches!(body.grow_to(bytes, LONG).now_or_never(), Some(Ok(())))
}

#[actix::test]
async fn memory_is_reserved_as_it_is_needed_and_freed_on_drop() {
    let budget = ByteBudget::new(40 * MIB);
    let mut body = budget.begin(Some(client(1)), 10 * MIB).unwrap();
    assert_eq!(budget.reserved_bytes(), 0);
    assert!(has_room(&mut body, 3 * MIB));
    assert_eq!(budget.reserved_bytes(), 3 * MIB);
    body.complete(3 * MIB - 5);
    assert_eq!(budget.reserved_bytes(), 3 * MIB - 5);
    drop(body);
    assert_eq!(budget.reserved_bytes(), 0);
}

#[actix::test]
async fn slow_large_bodies_leave_room_for_other_clients() {
    let budget = ByteBudget::new(40 * MIB);
    // All but the last step of each body that fits.
    let slow: Vec<Reservation> = (0..8)
        .map(|number| {
            let mut body = budget.begin(Some(client(number)), 10 * MIB).unwrap();
            fill(&mut body, 10 * MIB - STEP_BYTES);
            body
        })
        .collect();
    assert!(budget.reserved_bytes() > 25 * MIB);
    let small: Vec<Reservation> = (0..20)
        .map(|number| {
            let mut body = budget.begin(Some(client(100 + number)), 200 * KIB).unwrap();
            assert!(has_room(&mut body, 200 * KIB), "small body {number}");
            body
        })
        .collect();
    drop((small, slow));
    assert_eq!(budget.reserved_bytes(), 0);
}

#[actix::test]
async fn a_client_holds_half_of_the_memory_at_most() {
    let budget = ByteBudget::new(40 * MIB);
    let mut bodies: Vec<Reservation> = (0..6)
        .map(|_| budget.begin(Some(client(1)), 10 * MIB).unwrap())
        .collect();
    for body in &mut bodies {
        fill(body, 10 * MIB);
    }
    assert_eq!(budget.reserved_bytes(), 20 * MIB);
    let mut other = budget.begin(Some(client(2)), 10 * MIB).unwrap();
    assert_eq!(fill(&mut other, 10 * MIB), 10 * MIB);
}

#[actix::test]
async fn bodies_that_are_filled_in_turns_can_always_be_completed() {
    for clients in [1, 2, 5] {
        let budget = ByteBudget::new(40 * MIB);
        let mut bodies: Vec<Option<Reservation>> = (0..12)
            .map(|number| {
                Some(
                    budget
                        .begin(Some(client(number % clients)), 10 * MIB)
                        .unwrap(),
                )
            })
            .collect();
        let mut sizes = [0; 12];
        let mut left = bodies.len();
        while left > 0 {
            let mut has_progress = false;
            for (body, size) in bodies.iter_mut().zip(&mut sizes) {
                let Some(reservation) = body else { continue };
                if has_room(reservation, *size + STEP_BYTES) {
                    *size += STEP_BYTES;
                    has_progress = true;
                }
                if *size >= 10 * MIB {
                    *body = None;
                    left -= 1;
                }
            }
            assert!(has_progress, "{left} bodies wait for each other");
        }
        assert_eq!(budget.reserved_bytes(), 0);
    }
}

#[actix::test]
async fn of_two_that_wait_the_smaller_goes_first() {
    let budget = ByteBudget::new(4 * MIB);
    let mut first = budget.begin(Some(client(1)), 2 * MIB).unwrap();
    first.grow_to(2 * MIB, LONG).await.unwrap();
    let mut large = budget.begin(Some(client(1)), 2 * MIB).unwrap();
    let mut small = budget.begin(Some(client(1)), MIB).unwrap();
    let mut large_grows = Box::pin(large.grow_to(2 * MIB, LONG));
    let mut small_grows = Box::pin(small.grow_to(MIB, LONG));
    assert!((&mut large_grows).now_or_never().is_none());
    assert!((&mut small_grows).now_or_never().is_none());

    drop(first);

    small_grows.await.unwrap();
    assert!((&mut large_grows).now_or_never().is_none());
    drop(small);
    large_grows.await.unwrap();
}

#[actix::test]
async fn a_body_that_finds_no_room_is_refused_after_the_time_limit() {
    let budget = ByteBudget::new(4 * MIB);
    let mut first = budget.begin(Some(client(1)), 2 * MIB).unwrap();
    first.grow_to(2 * MIB, LONG).await.unwrap();
    let mut second = budget.begin(Some(client(1)), MIB).unwrap();
    let refused = second.grow_to(MIB, Duration::from_millis(1)).await;
    assert_eq!(refused, Err(ReserveError::TimedOut));
    drop(first);
    assert_eq!(second.grow_to(MIB, LONG).await, Ok(()));
    assert_eq!(budget.reserved_bytes(), MIB);
}

#[actix::test]
async fn a_body_larger_than_a_clients_share_is_refused_at_once() {
    let budget = ByteBudget::new(20 * MIB);
    let refused = budget.begin(Some(client(1)), 10 * MIB + 1);
    assert_eq!(refused.unwrap_err(), ReserveError::TooLarge);
    assert!(budget.begin(Some(client(1)), 10 * MIB).is_ok());
}
