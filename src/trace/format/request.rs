//! What a request is called by those who pass it on, so that it is known again in the log of another.
//!
//! `X-Request-Id` and `X-Correlation-Id` under the names that logs give them; `X-Amzn-Trace-Id` (its `Root`,
//! <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-request-tracing.html>); CloudFront's `x-edge-request-id`, which origins get as `X-Amz-Cf-Id`
//! (<https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/request-and-response-behavior-custom-origin.html>); Cloudflare's Ray ID, `CF-Ray`
//! (<https://developers.cloudflare.com/fundamentals/reference/http-headers/>); trace ids of W3C Trace Context. Clients can send most of these as well, so nothing but clocks is measured by them.

use serde_json::Value;

use super::field;

/// Shorter ones are counters, which two logs share by chance, in bytes.
const SHORTEST: usize = 16;

/// Names of fields, the more particular ones first.
const NAMES: [&str; 22] = [
    "request_id",
    "requestId",
    "requestID",
    "request-id",
    "req_id",
    "x_request_id",
    "x-request-id",
    "http_x_request_id",
    "x_amzn_trace_id",
    "x-amzn-trace-id",
    "http_x_amzn_trace_id",
    "x_amz_cf_id",
    "x-amz-cf-id",
    "http_x_amz_cf_id",
    "RayID",
    "cf_ray",
    "cf-ray",
    "http_cf_ray",
    "correlation_id",
    "correlationId",
    "trace_id",
    "traceId",
];

/// What a record calls its request.
pub(super) fn of(value: &Value) -> Option<String> {
    field::text(value, &NAMES).and_then(|text| named(&text))
}

/// The id within a header of this value, if it is one.
pub(super) fn named(text: &str) -> Option<String> {
    let root = text.split_once("Root=").map_or(text, |(_, rest)| rest.split(';').next().unwrap_or(rest));
    // A Ray ID is followed by where it was made.
    let bare = root.rsplit_once('-').filter(|(_, place)| is_airport(place)).map_or(root, |(ray, _)| ray);
    (bare.len() >= SHORTEST).then(|| bare.to_owned())
}

fn is_airport(text: &str) -> bool {
    text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_request_has_one_name_in_all_logs_that_it_comes_through() {
        let trace = "1-58337327-72bd00b0343d75b906739c42";
        for text in [trace.to_owned(), format!("Root={trace}"), format!("Self=1-0-0;Root={trace};Sampled=1")] {
            assert_eq!(named(&text).as_deref(), Some(trace));
        }
        assert_eq!(named("230b030023ae2822-SJC"), named("230b030023ae2822"));
        assert_eq!((named("17"), named("")), (None, None));
    }
}
