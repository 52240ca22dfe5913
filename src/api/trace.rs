//! W3C Trace Context: `traceparent` in and out.

use actix_web::HttpRequest;
use std::fmt;
use uuid::Uuid;

/// The name of the header.
pub const TRACEPARENT: &str = "traceparent";

/// The place of a request in a trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trace {
    trace: u128,
    span: u64,
    sampled: bool,
}

impl Trace {
    /// Our own span in the trace that a request belongs to; in a new one when it belongs to none or says so wrongly.
    pub fn of(request: &HttpRequest) -> Trace {
        let mut headers = request.headers().get_all(TRACEPARENT);
        let first = headers.next().and_then(|value| value.to_str().ok());
        let given = first.filter(|_| headers.next().is_none()).and_then(Trace::parse);
        let (_, span) = Uuid::new_v4().as_u64_pair();
        match given {
            Some(parent) => Trace { span, ..parent },
            None => Trace { trace: Uuid::new_v4().as_u128(), span, sampled: false },
        }
    }

    /// Reads a header. A later version may have more after the flags; version ff and ids of zeros are wrong.
    pub fn parse(text: &str) -> Option<Trace> {
        let mut parts = text.trim().split('-');
        let version = hexadecimal(parts.next()?, 2)?;
        let trace = hexadecimal(parts.next()?, 32)?;
        let span = u64::try_from(hexadecimal(parts.next()?, 16)?).ok()?;
        let flags = hexadecimal(parts.next()?, 2)?;
        let well_formed = version != 0xff && trace != 0 && span != 0 && (version > 0 || parts.next().is_none());
        well_formed.then_some(Trace { trace, span, sampled: flags & 1 == 1 })
    }

    /// The id of the trace, as it stands in the log.
    pub fn id(&self) -> String {
        format!("{:032x}", self.trace)
    }

    /// The id of our span, as it stands in the log.
    pub fn span_id(&self) -> String {
        format!("{:016x}", self.span)
    }
}

impl fmt::Display for Trace {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "00-{:032x}-{:016x}-{:02x}", self.trace, self.span, u8::from(self.sampled))
    }
}

fn hexadecimal(text: &str, length: usize) -> Option<u128> {
    let lower = text.len() == length && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if lower { u128::from_str_radix(text, 16).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;
    use proptest::prelude::*;

    const GIVEN: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn a_trace_goes_on_with_a_span_of_ours() {
        let request = TestRequest::get().insert_header((TRACEPARENT, GIVEN)).to_http_request();
        let trace = Trace::of(&request);
        assert_eq!(trace.id(), "4bf92f3577b34da6a3ce929d0e0e4736");
        let text = trace.to_string();
        assert!(text.ends_with("-01") && !text.contains("00f067aa0ba902b7"), "{text}");
        assert_eq!(Trace::parse(&text), Some(trace));
    }

    #[test]
    fn what_is_wrong_begins_a_new_trace() {
        for text in [
            "",
            "00",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-0-0-0",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-extra",
        ] {
            assert_eq!(Trace::parse(text), None, "{text}");
        }
        assert!(Trace::parse("01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-extra").is_some());
        let request = TestRequest::get().insert_header((TRACEPARENT, "junk")).to_http_request();
        assert!(Trace::parse(&Trace::of(&request).to_string()).is_some());
    }

    proptest! {
        #[test]
        fn no_text_breaks_it(text in ".*") {
            let _ = Trace::parse(&text);
        }
    }
}
