//! Who asks, and how often they may.
use crate::error::ApiError;
use axum::extract::ConnectInfo;
use axum::http::header::{HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use axum::http::request::Parts;
use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};
use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex};
use std::time::Duration;

const LIMIT: HeaderName = HeaderName::from_static("ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("ratelimit-reset");
/// Clients that were quiet for long are forgotten this often.
pub const FORGET: Duration = Duration::from_secs(60);

/// What one client may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Requests a second, on average; zero lifts the limit.
    pub per_second: u32,
    /// Requests at once after a pause.
    pub burst: u32,
    /// Event streams at once.
    pub streams: u32,
    /// Proxies in front of this server that can be trusted to add to `X-Forwarded-For`: without any, that header is a
    /// claim of the client's and not looked at.
    pub trusted_proxies: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { per_second: 0, burst: 200, streams: 20, trusted_proxies: 0 }
    }
}

/// A client as far as it can be told apart: an address, of IPv6 the network that one customer gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Client(IpAddr);

tokio::task_local! {
    /// Whose request is being answered.
    pub static ASKING: Client;
}

impl Client {
    pub fn at(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64)),
            v4 => v4,
        })
    }

    pub fn of(parts: &Parts, trusted_proxies: usize) -> Self {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
        let forwarded = forwarded(&parts.headers, trusted_proxies);
        Self::at(forwarded.or(peer).unwrap_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED)))
    }
}

/// The address that the outermost trusted proxy saw: everything left of it was written by who connected there.
fn forwarded(headers: &HeaderMap, trusted_proxies: usize) -> Option<IpAddr> {
    let lines = headers.get_all("x-forwarded-for").into_iter().filter_map(|line| line.to_str().ok());
    let seen: Vec<&str> = lines.flat_map(|line| line.split(',')).collect();
    let place = seen.len().checked_sub(trusted_proxies).filter(|_| trusted_proxies > 0)?;
    seen.get(place)?.trim().parse().ok()
}

type Buckets = RateLimiter<Client, DashMapStateStore<Client>, DefaultClock, StateInformationMiddleware>;

/// A token bucket for every client.
pub struct Limiter {
    buckets: Option<Buckets>,
    per_second: u32,
    burst: u32,
}

impl Limiter {
    pub fn new(limits: &Limits) -> Self {
        let quota = NonZeroU32::new(limits.per_second).map(|rate| {
            let burst = NonZeroU32::new(limits.burst).unwrap_or(rate);
            RateLimiter::dashmap(Quota::per_second(rate).allow_burst(burst)).with_middleware()
        });
        Self { buckets: quota, per_second: limits.per_second, burst: limits.burst.max(1) }
    }

    /// Takes one request off a client's bucket; what to tell it in the answer's headers.
    pub fn take(&self, client: Client) -> (HeaderMap, Result<(), ApiError>) {
        let mut headers = HeaderMap::new();
        let Some(buckets) = &self.buckets else { return (headers, Ok(())) };
        let (remaining, refused) = match buckets.check_key(&client) {
            Ok(state) => (state.remaining_burst_capacity(), None),
            Err(until) => (0, Some(until.wait_time_from(DefaultClock::default().now()))),
        };
        let full_s = self.burst.saturating_sub(remaining).div_ceil(self.per_second);
        headers.insert(LIMIT, self.burst.into());
        headers.insert(REMAINING, remaining.into());
        headers.insert(RESET, full_s.into());
        let Some(wait) = refused else { return (headers, Ok(())) };
        let wait_s = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        headers.insert(RETRY_AFTER, HeaderValue::from(wait_s.max(1)));
        (headers, Err(ApiError::too_often(wait_s.max(1))))
    }

    /// Forgets clients whose buckets are full again.
    pub fn forget(&self) {
        if let Some(buckets) = &self.buckets {
            buckets.retain_recent();
            buckets.shrink_to_fit();
        }
    }
}

/// How much of something each client has: streams, exports, connections.
#[derive(Clone, Default)]
pub struct Shares(Arc<Mutex<HashMap<Client, u32>>>);

/// One of them, until it is dropped.
pub struct Share {
    shares: Shares,
    client: Client,
}

impl Shares {
    /// `None` if the client has as many as it may.
    pub fn take(&self, client: Client, most: u32) -> Option<Share> {
        let mut counts = self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if counts.get(&client).is_some_and(|count| *count >= most) || most == 0 {
            return None;
        }
        *counts.entry(client).or_insert(0) += 1;
        Some(Share { shares: self.clone(), client })
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut counts = self.shares.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Some(count) = counts.get_mut(&self.client) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.client);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(peer: &str, forwarded: &[&str], trusted: usize) -> IpAddr {
        let mut request = axum::http::Request::new(());
        for line in forwarded {
            request.headers_mut().append("x-forwarded-for", line.parse().unwrap());
        }
        let (mut parts, ()) = request.into_parts();
        parts.extensions.insert(ConnectInfo(SocketAddr::new(peer.parse().unwrap(), 1)));
        Client::of(&parts, trusted).0
    }

    #[test]
    fn a_client_cannot_choose_who_it_is() {
        let is = |text: &str| text.parse::<IpAddr>().unwrap();
        assert_eq!(client("9.9.9.9", &["1.1.1.1"], 0), is("9.9.9.9"), "nobody is trusted to forward");
        assert_eq!(client("9.9.9.9", &["1.1.1.1, 2.2.2.2"], 1), is("2.2.2.2"), "the right-most is the proxy's own");
        assert_eq!(client("9.9.9.9", &["1.1.1.1", "2.2.2.2,3.3.3.3"], 2), is("2.2.2.2"));
        assert_eq!(client("9.9.9.9", &["2.2.2.2"], 2), is("9.9.9.9"), "fewer than the proxies would have added");
        assert_eq!(client("9.9.9.9", &["nobody"], 1), is("9.9.9.9"));
        assert_eq!(client("2001:db8::1", &[], 0), client("2001:db8::ffff:2", &[], 0), "one customer's network");
        assert_eq!(client("::ffff:9.9.9.9", &[], 0), is("9.9.9.9"));
    }

    #[test]
    fn a_bucket_empties_says_when_to_come_back_and_is_nobody_elses() {
        let limiter = Limiter::new(&Limits { per_second: 1, burst: 2, ..Limits::default() });
        let (one, other) = (Client("1.1.1.1".parse().unwrap()), Client("2.2.2.2".parse().unwrap()));
        assert!(limiter.take(one).1.is_ok() && limiter.take(one).1.is_ok());
        let (headers, refused) = limiter.take(one);
        assert_eq!((refused.unwrap_err().code, &headers[RETRY_AFTER]), ("rate_limited", &HeaderValue::from(1)));
        assert_eq!((&headers[LIMIT], &headers[REMAINING]), (&HeaderValue::from(2), &HeaderValue::from(0)));
        assert!(limiter.take(other).1.is_ok());
        let unlimited = Limiter::new(&Limits::default());
        assert!((0..1_000).all(|_| unlimited.take(one).1.is_ok()));
    }

    #[test]
    fn shares_are_counted_until_they_are_given_back() {
        let (shares, client) = (Shares::default(), Client("1.1.1.1".parse().unwrap()));
        let first = shares.take(client, 2);
        let second = shares.take(client, 2);
        assert!(first.is_some() && second.is_some() && shares.take(client, 2).is_none());
        drop(first);
        assert!(shares.take(client, 2).is_some());
    }
}
