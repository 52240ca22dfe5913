//! W3C Trace Context: `traceparent` in and out.

use actix_web::HttpRequest;
use std::ops::Range;
use uuid::Uuid;

/// The name of the header.
pub const TRACEPARENT: &str = "traceparent";

/// The place of a request in a trace, as it is written: `00-`, the trace, our span, the flags.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trace([u8; LENGTH]);

/// Of a version, a trace, a span and flags in hexadecimal digits, with strokes between.
const LENGTH: usize = 55;
const TRACE: Range<usize> = 3..35;
const SPAN: Range<usize> = 36..52;
const FLAGS: Range<usize> = 53..55;

impl Trace {
    /// Our own span in the trace that a request belongs to; in a new one when it belongs to none or says so wrongly.
    pub fn of(request: &HttpRequest) -> Trace {
        let mut headers = request.headers().get_all(TRACEPARENT);
        let first = headers.next().and_then(|value| value.to_str().ok());
        let given = first.filter(|_| headers.next().is_none()).and_then(Trace::parse);
        let mut trace = given.unwrap_or_else(|| {
            let mut new = Trace(*b"00-00000000000000000000000000000000-0000000000000000-00");
            Uuid::new_v4().simple().encode_lower(&mut new.0[TRACE]);
            new
        });
        let mut random = [0; 32];
        Uuid::new_v4().simple().encode_lower(&mut random);
        // The second half of a random UUID is random but for its first digit, which is never 0.
        trace.0[SPAN].copy_from_slice(&random[32 - SPAN.len()..]);
        trace
    }

    /// Reads a header. A later version may have more after the flags; version ff and ids of zeros are wrong.
    pub fn parse(text: &str) -> Option<Trace> {
        let mut parts = text.trim().split('-');
        let version = hexadecimal(parts.next()?, 2)?;
        let (trace, span, flags) = (parts.next()?, parts.next()?, parts.next()?);
        let well_formed = version != 0xff
            && hexadecimal(trace, TRACE.len())? != 0
            && hexadecimal(span, SPAN.len())? != 0
            && (version > 0 || parts.next().is_none());
        let sampled = hexadecimal(flags, FLAGS.len())? & 1;
        let text = format!("00-{trace}-{span}-{sampled:02x}");
        if well_formed { text.as_bytes().try_into().ok().map(Trace) } else { None }
    }

    /// The id of the trace, as it stands in the log.
    pub fn id(&self) -> &str {
        self.part(TRACE)
    }

    /// The id of our span, as it stands in the log.
    pub fn span_id(&self) -> &str {
        self.part(SPAN)
    }

    /// The whole, as it stands in the header.
    pub fn header(&self) -> &str {
        self.part(0..LENGTH)
    }

    fn part(&self, range: Range<usize>) -> &str {
        self.0.get(range).and_then(|part| std::str::from_utf8(part).ok()).unwrap_or_default()
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
        let text = trace.header();
        assert!(text.ends_with("-01") && !text.contains("00f067aa0ba902b7"), "{text}");
        assert_eq!(Trace::parse(text), Some(trace));
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
        assert!(Trace::parse(Trace::of(&request).header()).is_some());
    }

    proptest! {
        #[test]
        fn no_text_breaks_it(text in ".*") {
            let _ = Trace::parse(&text);
        }
    }
}
