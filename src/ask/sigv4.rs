//! AWS Signature Version 4.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>

use data_encoding::HEXLOWER;
use hmac::Hmac;
use sha2::{Digest, Sha256};
use ureq::http::{HeaderValue, header};
use zeroize::Zeroizing;

use super::fill::{Known, Unfit, keyed};
use crate::net::{self, Call};

/// The region of services that have but one.
const REGION: &str = "us-east-1";
/// What the ids of temporary keys begin with.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids>
const TEMPORARY: &[u8] = b"ASIA";

/// Signs `call`, whose address is the final one, for the service that `host` is of: `sts.amazonaws.com`. The part `id` is the key's id; `session`, where it is there, the session token.
pub(super) fn sign(call: &mut Call, host: &str, known: &Known<'_>) -> Result<(), Unfit> {
    let (id, session) = (known.part("id")?, known.part("session"));
    // Without its session token AWS says of a temporary key that there is none.
    if id.starts_with(TEMPORARY) && session.is_err() {
        return Err(Unfit::Missing { name: "session".to_owned() });
    }
    if let Ok(session) = session {
        call.headers.insert("x-amz-security-token", net::sensitive(&session).ok_or(Unfit::Header)?);
    }
    let id = str::from_utf8(&id).map_err(|_| Unfit::Text)?;
    let time = stamp(known.now().as_secs());
    call.headers.insert("x-amz-date", HeaderValue::from_str(&time).map_err(|_| Unfit::Header)?);
    let service = host.split('.').next().unwrap_or(host);
    let scope = Scope { date: &time[..8], region: REGION, service };
    let authorization = Zeroizing::new(scope.authorization(call, &time, id, known.secret()));
    call.headers.insert(header::AUTHORIZATION, net::sensitive(authorization.as_bytes()).ok_or(Unfit::Header)?);
    Ok(())
}

/// Seconds since 1970 as `20150830T123600Z`.
fn stamp(seconds: u64) -> String {
    let time = jiff::Timestamp::from_second(i64::try_from(seconds).unwrap_or(0)).unwrap_or_default();
    time.strftime("%Y%m%dT%H%M%SZ").to_string()
}

/// What a signature is good for.
struct Scope<'s> {
    date: &'s str,
    region: &'s str,
    service: &'s str,
}

impl Scope<'_> {
    fn text(&self) -> String {
        format!("{}/{}/{}/aws4_request", self.date, self.region, self.service)
    }

    fn authorization(&self, call: &Call, time: &str, id: &str, secret: &[u8]) -> String {
        let (canonical, signed) = canonical(call);
        let hashed = HEXLOWER.encode(&Sha256::digest(canonical.as_bytes()));
        let to_sign = format!("AWS4-HMAC-SHA256\n{time}\n{}\n{hashed}", self.text());
        let signature = HEXLOWER.encode(&keyed::<Hmac<Sha256>>(&self.key(secret), to_sign.as_bytes()));
        format!("AWS4-HMAC-SHA256 Credential={id}/{}, SignedHeaders={signed}, Signature={signature}", self.text())
    }

    fn key(&self, secret: &[u8]) -> Zeroizing<Vec<u8>> {
        let first = Zeroizing::new([b"AWS4", secret].concat());
        [self.date, self.region, self.service, "aws4_request"]
            .iter()
            .fold(first, |key, text| keyed::<Hmac<Sha256>>(&key, text.as_bytes()))
    }
}

/// The canonical request, and the names of the headers in it.
fn canonical(call: &Call) -> (Zeroizing<String>, String) {
    let host = call.uri.authority().map_or("", |authority| authority.as_str());
    let mut headers: Vec<(&str, &[u8])> = vec![("host", host.as_bytes())];
    headers.extend(call.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())));
    headers.sort_unstable();
    let signed = headers.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(";");
    let mut lines = String::new();
    for (name, value) in &headers {
        lines.extend([name, ":", String::from_utf8_lossy(value).trim(), "\n"]);
    }
    let path = if call.uri.path().is_empty() { "/" } else { call.uri.path() };
    let body = HEXLOWER.encode(&Sha256::digest(&*call.body));
    let query = call.uri.query().unwrap_or("");
    let text = format!("{}\n{path}\n{query}\n{lines}\n{signed}\n{body}", call.method);
    (Zeroizing::new(text), signed)
}

#[cfg(test)]
mod tests {
    use ureq::http::{HeaderMap, Method, Uri};

    use super::*;

    /// The example of <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-signing-examples.html> as AWS had it in its General Reference: `ListUsers` on 2015-08-30.
    #[test]
    fn the_documented_example_is_signed_as_documented() {
        let mut headers = HeaderMap::new();
        headers
            .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded; charset=utf-8"));
        headers.insert("x-amz-date", HeaderValue::from_static("20150830T123600Z"));
        let call = Call {
            method: Method::GET,
            uri: Uri::from_static("https://iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08"),
            headers,
            body: Zeroizing::default(),
            public: false,
            repeatable: true,
        };
        let documented = ["wJalrXUtnFEMI/", "K7MDENG+bPxRfiCY", "EXAMPLEKEY"].concat();
        let scope = Scope { date: "20150830", region: "us-east-1", service: "iam" };
        let signed = scope.authorization(&call, "20150830T123600Z", "AKIDEXAMPLE", documented.as_bytes());
        let signature = "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7";
        let wanted = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, \
                      SignedHeaders=content-type;host;x-amz-date, Signature=";
        assert_eq!(signed, format!("{wanted}{signature}"));
    }

    #[test]
    fn times_are_stamped() {
        assert_eq!(stamp(1_440_938_160), "20150830T123600Z");
    }
}
