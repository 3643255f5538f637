//! Reads `[verify.NAME]`, `[access.NAME]` and `[revoke.NAME]` of a pattern file, and checks what can be checked without asking anybody.
//!
//! Whether the examples are read as the answers that they stand under is a test's ([`crate::ask`] reads them). `docs/patterns.md` documents the keys. Shared with
//! `build.rs`.

use std::collections::BTreeSet;

use super::{
    answers::{answers, as_field, did, field, says, shown, texts},
    placeholder::{self, Host, Piece},
    table::{Located, Table},
};
use crate::{
    request::{
        Answer, Ask, Batch, Did, Digest, Encoding, Lookup, Method, Power, Protocol, Request, Revocation, Says, Scheme,
        Survey, Value, Verification,
    },
    rule::{List, Text},
};

/// What every request may use, whatever its rule captures.
const ALWAYS: [&str; 4] = ["secret", "region", "time", "nonce"];

/// What the names of environment variables begin with in a revocation.
pub const FROM_ENVIRONMENT: &str = "env.";

/// What an access request may use besides: whom the verification named.
const TOLD: [&str; 2] = ["owner", "account"];

/// The table `[verify.NAME]`.
pub fn verification(name: &str, mut table: Table<'_, '_>) -> Option<Verification> {
    let regions = texts(table.strings("regions"));
    let protocol = table.choice("protocol", &Protocol::ALL, |protocol| protocol.name());
    let protocol = protocol.map_or(Protocol::Http, |protocol| protocol.value);
    let source = table.required("source").map(|source| source.value);
    let request = request(&mut table, source, protocol, Regions::These(&regions));
    check_harmless(&table, request.as_ref());
    let elsewhere = table.string("elsewhere").filter(|url| check_elsewhere(&table, url));
    let with = table.string_pairs("with").into_iter().map(|(name, rule)| (name.into(), rule.value.into())).collect();
    let powers = table.table("powers").map(powers).unwrap_or_default();
    let [canaries, hosts] = ["canaries", "hosts"].map(|key| texts(table.strings(key)));
    let host_keys = host_keys(&mut table);
    let self_hosted = table.boolean("self_hosted").unwrap_or(false);
    let [owner, account, scopes, expires] = ["owner", "account", "scopes", "expires"].map(|key| field(&mut table, key));
    let answers = answers(&mut table, says);
    if protocol == Protocol::Http {
        check_says(&table, &answers);
    } else if !answers.is_empty() {
        table.problem(table.span(), "answers are declared for HTTP alone: what other protocols answer is theirs");
    }
    table.finish();
    Some(Verification {
        name: name.to_owned().into(),
        protocol,
        request: request?,
        elsewhere: elsewhere.map(|url| url.value.into()),
        hosts,
        host_keys: host_keys.into(),
        with,
        regions,
        self_hosted,
        owner,
        account,
        scopes,
        expires,
        powers: powers.into(),
        canaries,
        answers: answers.into(),
    })
}

fn check_says(table: &Table<'_, '_>, answers: &[Answer<Says>]) {
    if !answers.iter().any(|answer| answer.means == Says::Active) {
        table.problem(table.span(), "no answer says `active`");
    }
    if !answers.iter().any(|answer| matches!(answer.means, Says::Inactive | Says::Refused(_))) {
        table.problem(table.span(), "no answer says `inactive`, or `refused`: a control probe would never be answered");
    }
}

/// Refuses what would change something, or use a credential that is not the token's own.
fn check_harmless(table: &Table<'_, '_>, request: Option<&Request>) {
    let Some(request) = request else { return };
    if !matches!(request.method, Method::Get | Method::Head | Method::Post) {
        table.problem(table.span(), format!("a question is asked by GET, HEAD or POST, not {}", request.method.name()));
    }
    for name in named(request).filter(|name| name.starts_with(FROM_ENVIRONMENT)) {
        table.problem(table.span(), format!("`${{{name}}}` is for revocations alone"));
    }
}

fn check_elsewhere(table: &Table<'_, '_>, url: &Located<String>) -> bool {
    let found = matches!(placeholder::host("https", &url.value), Ok(Host::Found));
    if !found {
        table.problem(url.span.clone(), "`elsewhere` is an address whose host was found: `https://${host}/…`");
    }
    found
}

fn host_keys(table: &mut Table<'_, '_>) -> Vec<(Text, Text)> {
    let mut keys = Vec::new();
    for line in table.strings("host_keys") {
        match line.value.split_once(' ') {
            Some((host, print)) if print.starts_with("SHA256:") => {
                keys.push((host.to_owned().into(), print.to_owned().into()));
            }
            _ => table.problem(line.span, "a host key is written as `HOST SHA256:…`"),
        }
    }
    keys
}

/// The table `[access.NAME]`.
pub fn survey(name: &str, mut table: Table<'_, '_>) -> Option<Survey> {
    let lookups: Vec<Lookup> = table.tables("lookup").into_iter().filter_map(lookup).collect();
    for lookup in &lookups {
        check_harmless(&table, Some(&lookup.request));
    }
    let asks: Vec<Ask> = table.tables("asks").into_iter().filter_map(ask).collect();
    if asks.is_empty() {
        table.problem(table.span(), "an access needs at least one of `asks`");
    }
    table.finish();
    (!asks.is_empty()).then(|| Survey { name: name.to_owned().into(), lookups: lookups.into(), asks: asks.into() })
}

fn ask(mut table: Table<'_, '_>) -> Option<Ask> {
    let kind = table.required("kind");
    let source = table.required("source").map(|source| source.value);
    let request = request(&mut table, source, Protocol::Http, Regions::Verified);
    check_harmless(&table, request.as_ref());
    let [names, total] = ["names", "total"].map(|key| field(&mut table, key));
    let answers = answers(&mut table, shown);
    table.finish();
    Some(Ask { kind: kind?.value.into(), request: request?, names, total, answers: answers.into() })
}

/// The table `[revoke.NAME]`.
pub fn revocation(name: &str, mut table: Table<'_, '_>) -> Option<Revocation> {
    let source = table.required("source").map(|source| source.value);
    let request = request(&mut table, source, Protocol::Http, Regions::These(&[]));
    let lookups: Vec<Lookup> = table.tables("lookup").into_iter().filter_map(lookup).collect();
    let batch = table.table("batch").and_then(|table| batch(table, request.as_ref(), lookups.is_empty()));
    let breaks = table.required("breaks");
    let answers = answers(&mut table, did);
    if !answers.iter().any(|answer| answer.means == Did::Revoked) {
        table.problem(table.span(), "no answer says `revoked`");
    }
    table.finish();
    Some(Revocation {
        name: name.to_owned().into(),
        request: request?,
        lookups: lookups.into(),
        batch,
        breaks: breaks?.value.into(),
        answers: answers.into(),
    })
}

/// What a verification fills in that its rule has to capture.
pub fn captured_by_verification(verification: &Verification) -> BTreeSet<String> {
    let mut names = captured(&verification.request, &[]);
    names.retain(|name| !verification.with.iter().any(|(with, _)| with == name));
    match verification.protocol {
        Protocol::Jwks => drop(names.remove("issuer")),
        protocol if protocol.is_login() => names.extend(["user", "host"].map(str::to_owned)),
        _ => {}
    }
    names
}

/// What a survey fills in that its rule has to capture.
pub fn captured_by_survey(survey: &Survey) -> BTreeSet<String> {
    let mut names: BTreeSet<String> = BTreeSet::new();
    for (at, lookup) in survey.lookups.iter().enumerate() {
        names.extend(captured(&lookup.request, &survey.lookups[..at]));
    }
    names.extend(survey.asks.iter().flat_map(|ask| captured(&ask.request, &survey.lookups)));
    names.retain(|name| !TOLD.contains(&name.as_str()));
    names
}

/// What a revocation fills in that its rule has to capture.
pub fn captured_by_revocation(revocation: &Revocation) -> BTreeSet<String> {
    let mut names = captured(&revocation.request, &revocation.lookups);
    for (at, lookup) in revocation.lookups.iter().enumerate() {
        names.extend(captured(&lookup.request, &revocation.lookups[..at]));
    }
    names
}

/// The names that a request's templates have, each as often as it stands there.
pub fn named(request: &Request) -> impl Iterator<Item = &str> {
    let mut templates: Vec<&Text> = vec![&request.url, &request.body];
    templates.extend(request.headers.iter().chain(&*request.form).map(|(_, value)| value));
    templates.extend(request.values.iter().flat_map(|value| [&value.key, &value.over]));
    templates.extend(request.basic.iter().flat_map(|(user, password)| [user, password]));
    let pieces = templates.into_iter().flat_map(|template| placeholder::pieces(template).unwrap_or_default());
    pieces.filter_map(|piece| match piece {
        Piece::Value { name, .. } => Some(name),
        Piece::Text(_) => None,
    })
}

/// What a request fills in that its rule has to capture, where `lookups` were made before.
fn captured(request: &Request, lookups: &[Lookup]) -> BTreeSet<String> {
    let mut names: BTreeSet<String> = named(request).map(str::to_owned).collect();
    names.retain(|name| {
        !ALWAYS.contains(&name.as_str())
            && !name.starts_with(FROM_ENVIRONMENT)
            && !request.values.iter().any(|value| value.name == *name)
            && !lookups.iter().any(|lookup| lookup.name == *name)
    });
    match request.scheme {
        Some(Scheme::AwsSigv4) => names.extend(["id".to_owned()]),
        Some(Scheme::GoogleJwt) => {
            names.remove("assertion");
            names.extend(["id", "account"].map(str::to_owned));
        }
        None => {}
    }
    names
}

fn request(
    table: &mut Table<'_, '_>,
    source: Option<String>,
    protocol: Protocol,
    regions: Regions<'_>,
) -> Option<Request> {
    let source = source?;
    let compared = table.boolean("compared").unwrap_or(true);
    let scheme = table.choice("sign", &Scheme::ALL, |scheme| scheme.name()).map(|scheme| scheme.value);
    let url = table.required("url").filter(|url| check_url(table, protocol, url, regions));
    let url = url.map_or_else(String::new, |url| url.value);
    let has_form = table.has("form");
    let method = table.choice("method", &Method::ALL, |method| method.name()).map(|method| method.value);
    let request = Request {
        source: source.into(),
        compared,
        scheme,
        method: method.unwrap_or(if has_form { Method::Post } else { Method::Get }),
        url: url.into(),
        headers: pairs(table, "headers"),
        basic: table.table("basic").and_then(basic),
        form: pairs(table, "form"),
        body: table.string("body").map(|body| template(table, body)).unwrap_or_default().into(),
        values: table
            .named_tables("values")
            .into_iter()
            .filter_map(|(name, table)| value(&name.value, table))
            .collect(),
    };
    if !request.form.is_empty() && !request.body.is_empty() {
        table.problem(table.span(), "a request has a `form` or a `body`, not both");
    }
    Some(request)
}

/// What may stand for `${region}` in an address.
#[derive(Clone, Copy)]
enum Regions<'r> {
    /// Each of these in turn.
    These(&'r [Text]),
    /// The one in which the token was verified, where there are several.
    Verified,
}

fn check_url(table: &Table<'_, '_>, protocol: Protocol, url: &Located<String>, regions: Regions<'_>) -> bool {
    let has_region = url.value.contains("${region}");
    let first = match regions {
        Regions::These(regions) => regions.first().map_or("${region}", |region| region),
        Regions::Verified => "region",
    };
    let first = url.value.replace("${region}", first);
    let wrong = match (placeholder::host(protocol.scheme(), &first), regions) {
        (Err(problem), _) => problem,
        (Ok(Host::Literal("")), _) => "an address has a host".to_owned(),
        (Ok(_), Regions::These([])) if has_region => "`${region}` needs `regions`".to_owned(),
        (Ok(_), Regions::These([_, ..])) if !has_region => "no `${region}` in it".to_owned(),
        (Ok(_), _) => return placeholder::pieces(&url.value).is_ok(),
    };
    table.problem(url.span.clone(), wrong);
    false
}

fn lookup(mut table: Table<'_, '_>) -> Option<Lookup> {
    let source = table.string("source").map_or_else(String::new, |source| source.value);
    let request = request(&mut table, Some(source), Protocol::Http, Regions::Verified);
    let name = table.required("name");
    let at = table.required("at").and_then(|text| as_field(&table, text));
    table.finish();
    Some(Lookup { request: request?, name: name?.value.into(), at: at? })
}

fn batch(mut table: Table<'_, '_>, request: Option<&Request>, alone: bool) -> Option<Batch> {
    let each = table.required("each");
    let most = table.integer("most", 2..=1000).and_then(|most| usize::try_from(most).ok());
    if most.is_none() {
        table.problem(table.span(), "`most` is how many tokens a call takes, from 2 to 1000");
    }
    let (each, request) = (each?, request?);
    let around = Request { body: request.body.replacen(&each.value, "", 1).into(), ..request.clone() };
    let is_one = request.body.matches(&each.value).count() == 1 && alone;
    if !is_one || named(&around).any(|name| !name.starts_with(FROM_ENVIRONMENT) && !ALWAYS[1..].contains(&name)) {
        table.problem(each.span, "`each` is the one part of the request in which anything of a token stands");
        return None;
    }
    table.finish();
    Some(Batch { each: each.value.into(), most: most? })
}

fn basic(mut table: Table<'_, '_>) -> Option<(Text, Text)> {
    let (user, password) = (table.required("user"), table.required("password"));
    let pair = (template(&table, user?), template(&table, password?));
    table.finish();
    Some((pair.0.into(), pair.1.into()))
}

fn value(name: &str, mut table: Table<'_, '_>) -> Option<Value> {
    let hmac = table.choice("hmac", &Digest::ALL, |digest| digest.name());
    let key_encoding = table.choice("key_encoding", &Encoding::ALL, |encoding| encoding.name());
    let encode = table.choice("encode", &Encoding::ALL, |encoding| encoding.name());
    let (key, over) = (table.required("key"), table.required("over"));
    if hmac.is_none() || encode.is_none() {
        table.problem(table.span(), "a value needs `hmac` and `encode`");
    }
    let value = Value {
        name: name.to_owned().into(),
        hmac: hmac?.value,
        key: template(&table, key?).into(),
        key_encoding: key_encoding.map(|encoding| encoding.value),
        over: template(&table, over?).into(),
        encode: encode?.value,
    };
    table.finish();
    Some(value)
}

/// A template that can be filled in.
fn template(table: &Table<'_, '_>, text: Located<String>) -> String {
    if let Err(problem) = placeholder::pieces(&text.value) {
        table.problem(text.span, problem);
    }
    text.value
}

fn pairs(table: &mut Table<'_, '_>, key: &'static str) -> List<(Text, Text)> {
    let pairs = table.string_pairs(key);
    pairs.into_iter().map(|(name, value)| (name.into(), template(table, value).into())).collect()
}

/// For each power, the scopes that give it.
fn powers(mut table: Table<'_, '_>) -> Vec<(Text, Power)> {
    let mut powers = Vec::new();
    for power in Power::ALL {
        for scope in table.strings(power.name()) {
            if scope.value.matches('*').count() > 1 {
                table.problem(scope.span, "a scope has one `*` at most");
                continue;
            }
            powers.push((scope.value.into(), power));
        }
    }
    table.finish();
    powers
}
