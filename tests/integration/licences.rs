//! No dependency may forbid the project's licence, EUPL-1.2.

use serde_json::Value;
use std::process::Command;

/// Licences whose terms allow use in a work under EUPL-1.2.
const ALLOWED: &[&str] = &[
    "MIT",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "Zlib",
    "0BSD",
    "Unicode-3.0",
    "Unicode-DFS-2016",
    "CC0-1.0",
    "Unlicense",
    "MIT-0",
    "BSL-1.0",
    "MPL-2.0",
    "EUPL-1.2",
    "PostgreSQL",
    "bzip2-1.0.6",
    "CDLA-Permissive-2.0",
    "OpenSSL",
];

/// Whether an SPDX expression can be met with allowed licences: every part of an AND, one part of an OR.
fn acceptable(expression: &str) -> bool {
    let expression = expression.trim();
    let inner = expression.strip_prefix('(').and_then(|rest| rest.strip_suffix(')'));
    if let Some(inner) = inner
        && balanced(inner)
    {
        return acceptable(inner);
    }
    if let Some((left, right)) = split(expression, " AND ") {
        return acceptable(left) && acceptable(right);
    }
    if let Some((left, right)) = split(expression, " OR ").or_else(|| split(expression, "/")) {
        return acceptable(left) || acceptable(right);
    }
    ALLOWED.contains(&expression)
}

fn balanced(text: &str) -> bool {
    let mut depth = 0;
    for c in text.chars() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        if depth < 0 {
            return false;
        }
    }
    depth == 0
}

fn split<'a>(text: &'a str, operator: &str) -> Option<(&'a str, &'a str)> {
    text.match_indices(operator)
        .map(|(at, _)| (&text[..at], &text[at + operator.len()..]))
        .find(|(left, right)| balanced(left) && balanced(right))
}

#[test]
fn expressions_are_read_as_spdx_means_them() {
    assert!(acceptable("MIT OR Apache-2.0"));
    assert!(acceptable("MIT/GPL-3.0"));
    assert!(acceptable("(MIT OR GPL-3.0) AND Unicode-3.0"));
    assert!(!acceptable("MIT AND GPL-3.0-only"));
    assert!(!acceptable("GPL-3.0-only"));
}

#[test]
fn every_dependency_has_a_licence_that_fits() {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    assert!(packages.len() > 100);
    let bad: Vec<String> = packages
        .iter()
        .filter(|package| !acceptable(package["license"].as_str().unwrap_or("none stated")))
        .map(|package| format!("{} {}: {}", package["name"], package["version"], package["license"]))
        .collect();
    assert!(bad.is_empty(), "licences that do not fit:\n{}", bad.join("\n"));
}
