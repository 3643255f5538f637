//! Turns `patterns/*.toml` into the embedded rule table, and refuses to build with a mistake in them.

#![allow(dead_code, unreachable_pub, reason = "modules shared with the library, which uses and exports all of them")]

#[path = "src/playbook.rs"]
mod playbook;
#[path = "src/request.rs"]
mod request;
#[path = "src/rule.rs"]
mod rule;
#[path = "src/text.rs"]
mod text;

#[path = "src/rules/answers.rs"]
mod answers;
#[path = "src/rules/lint.rs"]
mod lint;
#[path = "src/rules/placeholder.rs"]
mod placeholder;
#[path = "src/rules/requests.rs"]
mod requests;
#[path = "src/rules/spec.rs"]
mod spec;
#[path = "src/rules/table.rs"]
mod table;
#[path = "src/rules/template.rs"]
mod template;

use std::{
    env,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use request::{Answer, Ask, Batch, Field, Lookup, Request, Revocation, Survey, Value, Verification};
use rule::Rule;

fn main() -> ExitCode {
    println!("cargo::rerun-if-changed=patterns");
    println!("cargo::rerun-if-changed=weaknesses");
    println!("cargo::rerun-if-changed=build.rs");
    for shared in [
        "playbook.rs",
        "request.rs",
        "rule.rs",
        "text.rs",
        "rules/answers.rs",
        "rules/lint.rs",
        "rules/overlap.rs",
        "rules/placeholder.rs",
        "rules/requests.rs",
        "rules/spec.rs",
        "rules/table.rs",
        "rules/template.rs",
    ] {
        println!("cargo::rerun-if-changed=src/{shared}");
    }
    let files = toml_files("patterns");
    let (mut rules, mut failed) = (Vec::new(), false);
    for path in files {
        let text = fs::read_to_string(&path).expect("a readable pattern file");
        match spec::read(&path.display().to_string(), &text) {
            Ok(read) => rules.extend(read),
            Err(problems) => {
                failed = true;
                for problem in problems {
                    println!("cargo::error={problem}");
                }
            }
        }
    }
    let out = Path::new(&env::var_os("OUT_DIR").expect("cargo sets it")).join("builtin.rs");
    fs::write(out, table_of(&rules)).expect("a writable target folder");
    let out = Path::new(&env::var_os("OUT_DIR").expect("cargo sets it")).join("weaknesses.rs");
    fs::write(out, weaknesses()).expect("a writable target folder");
    if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn toml_files(folder: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder of the package").flatten();
    let mut files: Vec<_> = entries.map(|entry| entry.path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    files.sort();
    files
}

/// The files of checks as they are: they are read when a command asks for them.
fn weaknesses() -> String {
    let file = |path: PathBuf| {
        let name = path.display().to_string();
        let text = path.canonicalize().expect("a file of the package").display().to_string();
        format!("({name:?}, include_str!({text:?}))")
    };
    let files: Vec<String> = toml_files("weaknesses").into_iter().map(file).collect();
    format!(
        "/// The files of checks that come with the program.\nstatic FILES: &[(&str, &str)] = &[{}];\n",
        files.join(",")
    )
}

/// The rules as the text of a static table.
///
/// `Debug` writes every type of a rule as the expression that makes it, borrowed strings and lists aside, so those are
/// what is replaced here. Each rule is a constant of its own: what a compiler does with a body of thousands of expressions takes more
/// than so many times as long.
fn table_of(rules: &[Rule]) -> String {
    let mut out = String::new();
    for (number, rule) in rules.iter().enumerate() {
        let _ = writeln!(out, "const RULE_{number}: Rule = {};", rule_of(rule));
    }
    let names: Vec<String> = (0..rules.len()).map(|number| format!("RULE_{number}")).collect();
    let _ = writeln!(
        out,
        "/// The rules that come with the program.\npub(super) static RULES: &[Rule] = &[{}];",
        names.join(",")
    );
    out
}

fn rule_of(rule: &Rule) -> String {
    let Rule {
        id,
        family,
        name,
        provider,
        provider_name,
        class,
        severity,
        confidence,
        rank,
        source,
        documented,
        hidden,
        identifier,
        ..
    } = rule;
    let playbook = optional(rule.playbook.as_ref().map(|playbook| {
        let steps = playbook.steps.iter().map(|step| {
            format!(
                "Step {{ phase: Phase::{:?}, text: {}, commands: {} }}",
                step.phase,
                text(&step.text),
                texts(&step.commands)
            )
        });
        format!("Playbook {{ url: {}, steps: {} }}", text(&playbook.url), list(steps))
    }));
    let note = optional(rule.note.as_ref().map(|note| text(note)));
    let verify = optional(rule.verify.as_ref().map(|verify| embedded(&verification_of(verify))));
    let access = optional(rule.access.as_ref().map(|access| embedded(&survey_of(access))));
    let [revoke, delete] =
        [&rule.revoke, &rule.delete].map(|call| optional(call.as_ref().map(|call| embedded(&revocation_of(call)))));
    format!(
        "Rule {{ id: {}, aliases: {}, family: {}, name: {}, provider: {}, provider_name: {}, class: Class::{class:?}, \
         severity: Severity::{severity:?}, confidence: Confidence::{confidence:?}, rank: {rank}, source: {}, \
         documented: {documented}, note: {note}, verify: {verify}, access: {access}, revoke: {revoke}, delete: {delete}, detect: {}, playbook: {playbook}, matching: {}, not_matching: {}, hidden: {hidden}, identifier: {identifier} }}",
        text(id),
        texts(&rule.aliases),
        text(family),
        text(name),
        text(provider),
        text(provider_name),
        text(source),
        detection_of(&rule.detect),
        texts(&rule.matching),
        texts(&rule.not_matching),
    )
}

fn detection_of(detect: &rule::Detection) -> String {
    let body = detect.body.iter().map(|body| {
        format!("Body {{ class: {:?}, min: {}, max: {}, end: {} }}", body.class, body.min, body.max, text(&body.end))
    });
    let parts = detect.parts.iter().map(|part| {
        let (name, regex) = (text(&part.name), text(&part.regex));
        format!("Part {{ name: {name}, regex: {regex}, within: {}, required: {} }}", part.within, part.required)
    });
    let checksum = optional(detect.checksum.map(|algorithm| format!("Algorithm::{algorithm:?}")));
    let generic = optional(detect.generic.map(|kind| format!("Generic::{kind:?}")));
    format!(
        "Detection {{ keywords: {}, regex: {}, body: {}, parts: {}, entropy: {:?}, checksum: {checksum}, reject: {}, \
         words: {}, generic: {generic}, cut: {:?}, bounds: {:?} }}",
        texts(&detect.keywords),
        text(&detect.regex),
        list(body),
        list(parts),
        detect.entropy,
        texts(&detect.reject),
        detect.words,
        detect.cut,
        detect.bounds,
    )
}

fn verification_of(verification: &Verification) -> String {
    let field = |field: &Option<Field>| optional(field.as_ref().map(field_of));
    let Verification {
        name,
        protocol,
        request,
        elsewhere,
        hosts,
        host_keys,
        with,
        regions,
        self_hosted,
        owner,
        account,
        scopes,
        expires,
        powers,
        canaries,
        answers,
    } = verification;
    let says = |says: &request::Says| match says {
        request::Says::Refused(reason) => format!("Says::Refused({})", text(reason)),
        request::Says::Unknown(reason) => format!("Says::Unknown({})", text(reason)),
        other => format!("Says::{other:?}"),
    };
    format!(
        "Verification {{ name: {}, protocol: Protocol::{protocol:?}, request: {}, elsewhere: {}, hosts: {}, host_keys: {}, with: {}, regions: {}, self_hosted: {self_hosted}, owner: {}, account: {}, \
         scopes: {}, expires: {}, powers: {}, canaries: {}, answers: {} }}",
        text(name),
        request_of(request),
        optional(elsewhere.as_ref().map(|url| text(url))),
        texts(hosts),
        pairs(host_keys),
        pairs(with),
        texts(regions),
        field(owner),
        field(account),
        field(scopes),
        field(expires),
        list(powers.iter().map(|(scope, power)| format!("({}, Power::{power:?})", text(scope)))),
        texts(canaries),
        list(answers.iter().map(|answer| answer_of(answer, &says(&answer.means)))),
    )
}

fn survey_of(Survey { name, lookups, asks }: &Survey) -> String {
    let ask = |Ask { kind, request, names, total, answers }: &Ask| {
        let [names, total] = [names, total].map(|field| optional(field.as_ref().map(field_of)));
        let powers = |powers: &[request::Power]| list(powers.iter().map(|power| format!("Power::{power:?}")));
        let answers = list(answers.iter().map(|answer| answer_of(answer, &powers(&answer.means))));
        let (kind, request) = (text(kind), request_of(request));
        format!("Ask {{ kind: {kind}, request: {request}, names: {names}, total: {total}, answers: {answers} }}")
    };
    let (lookups, asks) = (list(lookups.iter().map(lookup_of)), list(asks.iter().map(ask)));
    format!("Survey {{ name: {}, lookups: {lookups}, asks: {asks} }}", text(name))
}

fn revocation_of(revocation: &Revocation) -> String {
    let Revocation { name, request, lookups, batch, breaks, answers } = revocation;
    let batch = batch.as_ref().map(|Batch { each, most }| format!("Batch {{ each: {}, most: {most} }}", text(each)));
    format!(
        "Revocation {{ name: {}, request: {}, lookups: {}, batch: {}, breaks: {}, answers: {} }}",
        text(name),
        request_of(request),
        list(lookups.iter().map(lookup_of)),
        optional(batch),
        text(breaks),
        list(answers.iter().map(|answer| answer_of(answer, &format!("Did::{:?}", answer.means)))),
    )
}

fn lookup_of(Lookup { request, name, at }: &Lookup) -> String {
    format!("Lookup {{ request: {}, name: {}, at: {} }}", request_of(request), text(name), field_of(at))
}

fn field_of(field: &Field) -> String {
    match field {
        Field::Pointer(at) => format!("Field::Pointer({})", text(at)),
        Field::Element(name) => format!("Field::Element({})", text(name)),
        Field::Header(name) => format!("Field::Header({})", text(name)),
    }
}

fn request_of(request: &Request) -> String {
    let Request { source, compared, scheme, method, url, headers, basic, form, body, values } = request;
    let values = values.iter().map(|Value { name, hmac, key, key_encoding, over, encode }| {
        let decoded = optional(key_encoding.map(|encoding| format!("Encoding::{encoding:?}")));
        format!(
            "Value {{ name: {}, hmac: Digest::{hmac:?}, key: {}, key_encoding: {decoded}, over: {}, encode: Encoding::{encode:?} }}",
            text(name),
            text(key),
            text(over)
        )
    });
    format!(
        "Request {{ source: {}, compared: {compared}, scheme: {}, method: Method::{method:?}, url: {}, headers: {}, basic: {}, form: {}, body: {}, values: {} }}",
        text(source),
        optional(scheme.map(|scheme| format!("Scheme::{scheme:?}"))),
        text(url),
        pairs(headers),
        optional(basic.as_ref().map(|(user, password)| format!("({}, {})", text(user), text(password)))),
        pairs(form),
        text(body),
        list(values),
    )
}

fn answer_of<M>(answer: &Answer<M>, means: &str) -> String {
    let Answer { means: _, status, has, lacks, is, contains, example, example_headers } = answer;
    format!(
        "Answer {{ means: {means}, status: {}, has: {}, lacks: {}, is: {}, contains: {}, example: {}, example_headers: {} }}",
        list(status.iter().map(ToString::to_string)),
        texts(has),
        texts(lacks),
        pairs(is),
        texts(contains),
        text(example),
        pairs(example_headers),
    )
}

fn pairs(pairs: &[(rule::Text, rule::Text)]) -> String {
    list(pairs.iter().map(|(name, value)| format!("({}, {})", text(name), text(value))))
}

fn optional(expression: Option<String>) -> String {
    expression.map_or("None".to_owned(), |expression| format!("Some({expression})"))
}

fn embedded(expression: &str) -> String {
    format!("Shared::Embedded(&{expression})")
}

fn text(text: &str) -> String {
    format!("Borrowed({text:?})")
}

fn texts(strings: &[rule::Text]) -> String {
    list(strings.iter().map(|string| text(string)))
}

fn list(items: impl Iterator<Item = String>) -> String {
    format!("Borrowed(&[{}])", items.collect::<Vec<_>>().join(","))
}
