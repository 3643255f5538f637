//! Coding agents' hooks: each agent's events as its documentation has them, through the real program.

use std::path::Path;

use proptest::prelude::*;
use serde_json::{Value, json};
use stanch::{
    config::{Config, File, Flags},
    detect::Detector,
    hook::agent::{self, Agent, End},
    scan::{FailOn, Target},
};

use crate::{
    repo::Repo,
    stanch::{Run, Sandbox, command, leak, run_with, token},
};

/// What the program answers to an event, in `folder`.
fn told(folder: &Path, event: &Value, arguments: &[&str]) -> Run {
    let run = run_with(&mut command(folder, &[&["hook", "agent"], arguments].concat()), event.to_string().as_bytes());
    assert!(!format!("{}{}", run.text(), run.err).contains(&token(1)), "{}{}", run.text(), run.err);
    run
}

/// The same in a folder that is no repository.
fn answer(event: &Value) -> Run {
    told(Sandbox::new().path(), event, &[])
}

/// Asserts that an event passes.
#[track_caller]
fn passes(event: &Value) {
    let run = answer(event).ended(0);
    assert_eq!(run.err, "", "{event}");
    assert!(run.out.is_empty() || run.json() == json!({}), "{event}: {}", run.text());
}

/// Asserts that a message names rule and masked token, says what to do, and fits on a screen.
#[track_caller]
fn explains(message: &Value) {
    let text = message.as_str().unwrap();
    let masked = format!("ghp_…{}", &token(1)[36..]);
    for part in ["stanch: ", "(github-pat)", &masked, "stanch playbook --rule github-pat", "stanch.toml"] {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert!(text.lines().take_while(|line| !line.is_empty()).count() <= 8, "{text}");
}

/// An event of Claude Code.
fn claude(name: &str, fields: Value) -> Value {
    with(
        json!({
            "session_id": "abc123", "transcript_path": "/home/ada/.claude/projects/x.jsonl", "cwd": "/no/such/folder",
            "permission_mode": "default", "hook_event_name": name,
        }),
        fields,
    )
}

fn codex(name: &str, fields: Value) -> Value {
    with(claude(name, json!({ "turn_id": "t1", "model": "gpt-5", "tool_use_id": "call_1" })), fields)
}

fn gemini(name: &str, fields: Value) -> Value {
    with(
        json!({
            "session_id": "s", "transcript_path": "/tmp/t.json", "cwd": "/no/such/folder", "hook_event_name": name,
            "timestamp": "2026-01-02T03:04:05Z",
        }),
        fields,
    )
}

fn copilot(fields: Value) -> Value {
    with(json!({ "sessionId": "s", "timestamp": 1_767_323_045_000_u64, "cwd": "/no/such/folder" }), fields)
}

fn cursor(name: &str, fields: Value) -> Value {
    with(
        json!({
            "conversation_id": "c", "generation_id": "g", "model": "m", "hook_event_name": name, "cursor_version": "1.7.2",
            "workspace_roots": ["/no/such/folder"], "user_email": null, "transcript_path": null,
        }),
        fields,
    )
}

#[expect(clippy::needless_pass_by_value, reason = "callers make it on the spot")]
fn windsurf(name: &str, info: Value) -> Value {
    json!({
        "agent_action_name": name, "trajectory_id": "t", "execution_id": "e", "timestamp": "2026-01-02T03:04:05Z",
        "tool_info": info,
    })
}

#[expect(clippy::needless_pass_by_value, reason = "callers make it on the spot")]
fn with(mut event: Value, fields: Value) -> Value {
    event.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    event
}

#[test]
fn claude_code_is_stopped_and_sees_masked_results() {
    let prompt = answer(&claude("UserPromptSubmit", json!({ "prompt": format!("use {}", leak(1)) }))).ended(0).json();
    assert_eq!(
        (&prompt["decision"], &prompt["hookSpecificOutput"]["suppressOriginalPrompt"]),
        (&"block".into(), &true.into())
    );
    explains(&prompt["reason"]);
    let input = json!({ "command": format!("curl -H 'Authorization: Bearer {}'", token(1)), "description": "x" });
    let call = answer(&claude("PreToolUse", json!({ "tool_name": "Bash", "tool_input": input }))).ended(0).json();
    let call = &call["hookSpecificOutput"];
    assert_eq!((&call["hookEventName"], &call["permissionDecision"]), (&"PreToolUse".into(), &"deny".into()));
    explains(&call["permissionDecisionReason"]);
    let response = json!({ "stdout": format!("a\n{}b {}", leak(1), token(1)), "stderr": "", "interrupted": false, "isImage": false });
    let fields = json!({ "tool_name": "Bash", "tool_input": { "command": "env" }, "tool_response": response });
    let result = answer(&claude("PostToolUse", fields)).ended(0).json();
    let result = &result["hookSpecificOutput"];
    let masked = format!("ghp_…{}", &token(1)[36..]);
    let stdout = format!("a\nGITHUB_TOKEN={masked}\nb {masked}");
    assert_eq!(
        result["updatedToolOutput"],
        json!({ "stdout": stdout, "stderr": "", "interrupted": false, "isImage": false })
    );
    explains(&result["additionalContext"]);
    let failed = json!({ "tool_name": "Bash", "tool_input": {}, "error": leak(1) });
    let failed = answer(&claude("PostToolUseFailure", failed)).ended(0).json();
    explains(&failed["hookSpecificOutput"]["additionalContext"]);
}

#[test]
fn codex_is_stopped_and_sees_masked_results() {
    let prompt = answer(&codex("UserPromptSubmit", json!({ "prompt": leak(1) }))).ended(0).json();
    assert_eq!(prompt.as_object().unwrap().len(), 2, "its schema knows no other fields: {prompt}");
    assert_eq!(prompt["decision"], "block");
    explains(&prompt["reason"]);
    let input = json!({ "command": format!("echo {}", token(1)) });
    let call = answer(&codex("PreToolUse", json!({ "tool_name": "Bash", "tool_input": input }))).ended(0).json();
    assert_eq!(call["hookSpecificOutput"]["permissionDecision"], "deny");
    let fields = json!({ "tool_name": "Bash", "tool_input": { "command": "env" }, "tool_response": format!("A=1\n{}", leak(1)) });
    let result = answer(&codex("PostToolUse", fields)).ended(0).json();
    assert_eq!(result["decision"], "block");
    explains(&result["reason"]);
    assert!(result["reason"].as_str().unwrap().contains("A=1\nGITHUB_TOKEN=ghp_…"), "{result}");
}

#[test]
fn gemini_cli_is_stopped_and_sees_masked_results() {
    let prompt = answer(&gemini("BeforeAgent", json!({ "prompt": leak(1) }))).ended(0).json();
    assert_eq!(prompt["decision"], "deny");
    explains(&prompt["reason"]);
    let input = json!({ "file_path": "a.env", "content": leak(1) });
    let call = answer(&gemini("BeforeTool", json!({ "tool_name": "write_file", "tool_input": input }))).ended(0).json();
    assert_eq!(call["decision"], "deny");
    explains(&call["reason"]);
    let response = json!({ "llmContent": format!("A=1\n{}", leak(1)), "returnDisplay": "shown" });
    let fields = json!({ "tool_name": "read_file", "tool_input": { "file_path": "a.env" }, "tool_response": response });
    let result = answer(&gemini("AfterTool", fields)).ended(0).json();
    assert_eq!(result["decision"], "deny");
    let reason = result["reason"].as_str().unwrap();
    assert!(reason.contains("\n\nA=1\nGITHUB_TOKEN=ghp_…") && !reason.contains("shown"), "{reason}");
}

#[test]
fn copilot_is_stopped_and_sees_masked_results() {
    let prompt = answer(&copilot(json!({ "prompt": leak(1) }))).ended(2);
    assert!(prompt.out.is_empty());
    explains(&prompt.err.into());
    let args = json!({ "command": format!("echo {}", token(1)) });
    for args in [args.clone(), args.to_string().into()] {
        let call = answer(&copilot(json!({ "toolName": "bash", "toolArgs": args }))).ended(0).json();
        assert_eq!(call["permissionDecision"], "deny");
        explains(&call["permissionDecisionReason"]);
    }
    let camel = json!({ "resultType": "success", "textResultForLlm": leak(1) });
    let snake = json!({ "result_type": "success", "text_result_for_llm": leak(1) });
    let named = json!({
        "hook_event_name": "PostToolUse", "session_id": "s", "timestamp": "2026-01-02T03:04:05Z", "cwd": "/no/such/folder",
        "tool_name": "Bash", "tool_input": {}, "tool_result": snake,
    });
    for event in [copilot(json!({ "toolName": "bash", "toolArgs": {}, "toolResult": camel })), named] {
        let result = answer(&event).ended(0).json();
        assert_eq!(result["modifiedResult"]["resultType"], "success");
        let text = result["modifiedResult"]["textResultForLlm"].as_str().unwrap();
        assert!(text.starts_with("GITHUB_TOKEN=ghp_…"), "{text}");
        explains(&result["additionalContext"]);
    }
}

#[test]
fn cursor_is_stopped_and_sees_masked_results_of_mcp_tools() {
    let prompt = answer(&cursor("beforeSubmitPrompt", json!({ "prompt": leak(1), "attachments": [] }))).ended(0).json();
    assert_eq!(prompt["continue"], false);
    explains(&prompt["user_message"]);
    let stopped = [
        ("preToolUse", json!({ "tool_name": "Shell", "tool_input": { "command": format!("echo {}", token(1)) } })),
        ("beforeShellExecution", json!({ "command": format!("echo {}", token(1)), "cwd": "" })),
        (
            "beforeMCPExecution",
            json!({ "tool_name": "t", "tool_input": json!({ "a": leak(1) }).to_string(), "url": "" }),
        ),
        ("beforeReadFile", json!({ "file_path": "/a/.env", "content": leak(1), "attachments": [] })),
        ("beforeTabFileRead", json!({ "file_path": "/a/.env", "content": leak(1) })),
    ];
    for (name, fields) in stopped {
        let call = answer(&cursor(name, fields)).ended(0).json();
        assert_eq!(call["permission"], "deny", "{name}");
        explains(&call["user_message"]);
    }
    let output = json!({ "content": [{ "type": "text", "text": format!("x\n{}", leak(1)) }] });
    let result = |tool: &str| {
        let fields = json!({ "tool_name": tool, "tool_input": {}, "tool_output": output.to_string() });
        answer(&cursor("postToolUse", fields)).ended(0).json()
    };
    let replaced = result("MCP:search");
    let text = replaced["updated_mcp_tool_output"]["content"][0]["text"].as_str().unwrap();
    assert!(text.starts_with("x\nGITHUB_TOKEN=ghp_…"), "{text}");
    explains(&replaced["additional_context"]);
    let warned = result("Shell");
    assert_eq!(warned.as_object().unwrap().len(), 1);
    explains(&warned["additional_context"]);
}

#[test]
fn windsurf_is_stopped_by_the_status() {
    let sandbox = Sandbox::new();
    sandbox.write("a.env", leak(1)).write("b.env", "nothing\n");
    let file = |name: &str| sandbox.path().join(name).display().to_string();
    let stopped = [
        windsurf("pre_user_prompt", json!({ "user_prompt": leak(1) })),
        windsurf("pre_run_command", json!({ "command_line": format!("echo {}", token(1)), "cwd": "/no/such" })),
        windsurf(
            "pre_mcp_tool_use",
            json!({ "mcp_server_name": "g", "mcp_tool_name": "t", "mcp_tool_arguments": { "body": leak(1) } }),
        ),
        windsurf("pre_write_code", json!({ "file_path": "a", "edits": [{ "old_string": "", "new_string": leak(1) }] })),
        windsurf("pre_read_code", json!({ "file_path": file("a.env") })),
        windsurf("post_mcp_tool_use", json!({ "mcp_server_name": "g", "mcp_tool_name": "t", "mcp_result": leak(1) })),
    ];
    for event in stopped {
        let run = answer(&event).ended(2);
        assert!(run.out.is_empty(), "{event}");
        explains(&run.err.into());
    }
    for name in ["b.env", "", "no/such"] {
        passes(&windsurf("pre_read_code", json!({ "file_path": file(name) })));
    }
}

#[test]
fn what_holds_no_secret_passes_without_a_word() {
    passes(&claude("UserPromptSubmit", json!({ "prompt": "hello" })));
    passes(&claude(
        "PostToolUse",
        json!({ "tool_name": "Bash", "tool_input": {}, "tool_response": { "stdout": "x" } }),
    ));
    passes(&codex("PreToolUse", json!({ "tool_name": "Bash", "tool_input": { "command": "ls" } })));
    passes(&gemini("BeforeTool", json!({ "tool_name": "t", "tool_input": {} })));
    passes(&copilot(json!({ "toolName": "bash", "toolArgs": {} })));
    passes(&cursor("beforeReadFile", json!({ "file_path": "/a", "content": "x" })));
    passes(&windsurf("pre_user_prompt", json!({ "user_prompt": "hello" })));
}

/// Whoever takes a secret out of a file has to name it.
#[test]
fn what_is_taken_out_of_a_file_may_be_named() {
    let edit = |old: &str, new: &str| json!({ "file_path": "/a/b.py", "old_string": old, "new_string": new });
    let claude_edit =
        |old: &str, new: &str| claude("PreToolUse", json!({ "tool_name": "Edit", "tool_input": edit(old, new) }));
    passes(&claude_edit(&leak(1), "os.environ['TOKEN']"));
    assert_eq!(answer(&claude_edit("", &leak(1))).json()["hookSpecificOutput"]["permissionDecision"], "deny");
    let patch = |mark: &str| {
        let command = format!("*** Begin Patch\n*** Update File: a\n@@\n{mark}{}*** End Patch\n", leak(1));
        codex("PreToolUse", json!({ "tool_name": "apply_patch", "tool_input": { "command": command } }))
    };
    passes(&patch("-"));
    assert_eq!(answer(&patch("+")).json()["hookSpecificOutput"]["permissionDecision"], "deny");
    // A tool that is no editor may do anything with it.
    let other = claude("PreToolUse", json!({ "tool_name": "mcp__x__y", "tool_input": edit(&leak(1), "") }));
    assert_eq!(answer(&other).json()["hookSpecificOutput"]["permissionDecision"], "deny");
}

#[test]
fn configuration_and_baseline_of_the_repository_hold() {
    let repo = Repo::new();
    repo.write("old.env", &leak(1)).write("deep/er/a", "");
    crate::stanch::run(&mut command(repo.path(), &["baseline", "create"])).ended(0);
    let write = |path: &str, text: &str| {
        let path = repo.path().join(path);
        let folder = repo.path().join("deep/er");
        let fields =
            json!({ "cwd": folder, "tool_name": "Write", "tool_input": { "file_path": path, "content": text } });
        // The program runs elsewhere: what counts is where the agent works.
        told(Path::new("/"), &claude("PreToolUse", fields), &[]).ended(0).json()
    };
    assert_eq!(write("new.env", &leak(1)), json!({}), "the baseline has it");
    assert_ne!(write("new.env", &leak(2)), json!({}));
    assert_eq!(write("new.env", &format!("KEY={} # stanch:allow made up\n", token(2))), json!({}));
    repo.write("stanch.toml", "exclude = ['vendor']\n[[allow]]\npaths = ['fixtures/**']\nreason = 'made up'\n");
    assert_eq!(write("vendor/a", &leak(2)), json!({}));
    assert_eq!(write("fixtures/a", &leak(2)), json!({}));
    assert_ne!(write("src/a", &leak(2)), json!({}));
    repo.write("stanch.toml", "[[allow]]\nregex = '^ghp_'\nreason = 'made up'\n");
    assert_eq!(write("src/a", &leak(2)), json!({}));
}

#[test]
fn under_a_broken_configuration_everything_is_scanned_and_it_is_told() {
    let sandbox = Sandbox::new();
    sandbox.write("stanch.toml", "skip-rules = ['github-pat'\n");
    let event = |text: &str| claude("UserPromptSubmit", json!({ "cwd": sandbox.path(), "prompt": text }));
    let fine = told(sandbox.path(), &event("hello"), &[]).ended(1);
    assert!(fine.err.contains("not heeded") && fine.err.contains("stanch.toml"), "{}", fine.err);
    assert_eq!(told(sandbox.path(), &event(&leak(1)), &[]).ended(0).json()["decision"], "block");
    told(sandbox.path(), &event("hello"), &["--strict"]).ended(2);
}

#[test]
fn what_cannot_be_judged_passes_unless_strict_and_is_told() {
    let sandbox = Sandbox::new();
    let tell = |event: &str, arguments: &[&str], status: i32| {
        let run =
            run_with(&mut sandbox.command(&[&["hook", "agent"], arguments].concat()), event.as_bytes()).ended(status);
        assert!(run.err.starts_with("stanch: ") && run.err.contains("--strict"), "{event}: {}", run.err);
        assert!(!run.err.contains(&token(1)) && !run.text().contains(&token(1)), "{event}: {}", run.err);
        run
    };
    let missing = claude("PreToolUse", json!({ "tool_name": "Bash" })).to_string();
    let other = claude(&token(1), json!({})).to_string();
    for (event, arguments, status) in [
        ("", &[][..], 1),
        ("{", &[], 1),
        ("[]", &[], 1),
        ("{\"x\": 1}", &[], 1),
        (&*missing, &[], 1),
        (&*other, &[], 0),
        ("{", &["--agent", "copilot"], 0),
        ("{", &["--agent", "claude"], 1),
        (&*missing, &["--agent", "cursor"], 0),
    ] {
        tell(event, arguments, status);
        tell(event, &[arguments, &["--strict"]].concat(), 2);
    }
    let huge = format!("{{\"prompt\": \"{}\"}}", "x".repeat(33 << 20));
    assert!(tell(&huge, &[], 1).err.contains("32 MiB"));
    sandbox.run(&["hook", "agent", "--agent", "nobody"]).ended(2);
}

#[test]
fn nothing_hostile_reaches_the_terminal() {
    let sandbox = Sandbox::new();
    let event = claude("\u{1b}[31m\n::error::x", json!({})).to_string();
    let run = run_with(&mut sandbox.command(&["hook", "agent"]), event.as_bytes()).ended(0);
    assert!(!run.err.contains('\u{1b}') && !run.err.contains("\n::"), "{}", run.err);
}

#[test]
fn a_short_password_is_masked_too() {
    let password = ["pq7", "Zx9"].concat();
    let output = format!("url = postgres://admin:{password}@db.internal:5432/app\n");
    let fields = json!({ "tool_name": "Bash", "tool_input": {}, "tool_response": { "stdout": output } });
    let run = answer(&claude("PostToolUse", fields)).ended(0);
    assert!(run.json() != json!({}) && !run.text().contains(&password), "{}", run.text());
}

/// Events of every agent in which `text` stands at a place where it is looked at.
fn events(text: &str) -> Vec<Value> {
    let nested = json!({ "content": [{ "type": "text", "text": text }], text: 1 }).to_string();
    vec![
        claude("UserPromptSubmit", json!({ "prompt": text })),
        claude("PreToolUse", json!({ "tool_name": "Bash", "tool_input": { "command": text, "x": [text] } })),
        claude(
            "PostToolUse",
            json!({ "tool_name": "t", "tool_input": {}, "tool_response": { text: text, "n": [nested, text] } }),
        ),
        claude("PostToolUseFailure", json!({ "tool_name": "t", "tool_input": {}, "error": text })),
        codex("PostToolUse", json!({ "tool_name": "t", "tool_input": {}, "tool_response": { "a": nested } })),
        codex("UserPromptSubmit", json!({ "prompt": text })),
        gemini(
            "AfterTool",
            json!({ "tool_name": "t", "tool_input": {}, "tool_response": { "llmContent": [text], "error": text } }),
        ),
        gemini("BeforeTool", json!({ "tool_name": "t", "tool_input": { "a": nested } })),
        copilot(
            json!({ "toolName": "t", "toolArgs": {}, "toolResult": { "resultType": "success", "textResultForLlm": text } }),
        ),
        copilot(json!({ "prompt": text })),
        cursor("postToolUse", json!({ "tool_name": "MCP:t", "tool_input": "{}", "tool_output": nested })),
        cursor("beforeReadFile", json!({ "file_path": "/a", "content": text })),
        windsurf("post_mcp_tool_use", json!({ "mcp_result": text })),
        windsurf("pre_write_code", json!({ "file_path": "a", "edits": [{ "new_string": text }] })),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(48) })]
    /// Law 3: no answer holds a token, wherever it stands in an event and whatever stands around it.
    #[test]
    fn no_answer_holds_the_token(
        number in 1u64..1000,
        before in "(\\PC|\n|\"|\\\\|[a-z =:]){0,30}",
        after in "(\\PC|\n|\"|\\\\|[a-z =:]){0,30}",
    ) {
        let flags = Flags { targets: vec![Target::Stdin], jobs: Some(1), ..Flags::default() };
        let config = Config::new(File::default(), flags).unwrap();
        let detector = Detector::new(config.rules.rules().to_vec());
        // A line of its own, so that it is found whatever the rest is.
        let text = format!("{before}\n{}{after}", leak(number));
        for event in events(&text) {
            let heard = agent::read(event.to_string().as_bytes(), None).unwrap();
            let agent = heard.agent;
            let reply = agent::answer(&heard, &config.options, &detector, FailOn::Any).unwrap();
            let said = format!("{:?}{:?}", reply.out.as_ref().map(Value::to_string), reply.err);
            prop_assert!(!said.contains(&token(number)), "{agent}: {said}");
            prop_assert!(reply != agent.pass() && (reply.end != End::Warns), "{agent} lets it pass");
        }
    }
}

#[test]
fn every_agent_is_told_from_the_others() {
    use Agent::{Claude, Codex, Copilot, Cursor, Gemini, Windsurf};

    let whose = |event: Value| agent::read(event.to_string().as_bytes(), None).map(|heard| heard.agent).unwrap();
    let agents: Vec<Agent> = events("x").into_iter().map(whose).collect();
    assert_eq!(agents[..4], [Claude; 4]);
    assert_eq!(agents[4..], [Codex, Codex, Gemini, Gemini, Copilot, Copilot, Cursor, Cursor, Windsurf, Windsurf]);
}
