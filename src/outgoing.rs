//! Requests that the service makes itself: what holds for all of them.

use std::time::Duration;
use ureq::Agent;
use ureq::config::Config;

/// Settings of requests that are to be answered within this time.
pub(crate) fn settings(timeout: Duration) -> Config {
    Agent::config_builder()
        .http_status_as_error(false)
        // Where an answer leads on to was never checked; and no proxy of the environment gets to know of it or is between.
        .max_redirects(0)
        .max_redirects_will_error(false)
        .proxy(None)
        .timeout_global(Some(timeout))
        .max_response_header_size(16 << 10)
        .user_agent(concat!("samverkan/", env!("CARGO_PKG_VERSION")))
        .build()
}
