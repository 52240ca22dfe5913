//! What ARCHITECTURE.md promises about the structure of the code, read off the code.

use std::fs;
use std::path::{Path, PathBuf};

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// Every source file with its path below `src` and its text without comments.
fn code() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    sources(&root, &mut found);
    assert!(found.len() > 30, "the sources were not found");
    found
        .into_iter()
        .map(|path| {
            let text = fs::read_to_string(&path).unwrap();
            let code: String = text
                .lines()
                .filter(|line| !line.trim_start().starts_with("//"))
                .map(|line| format!("{line}\n"))
                .collect();
            (path.strip_prefix(&root).unwrap().to_string_lossy().replace('\\', "/"), code)
        })
        .collect()
}

fn named_only_in(word: &str, allowed: &dyn Fn(&str) -> bool) {
    let elsewhere: Vec<String> =
        code().into_iter().filter(|(path, text)| !allowed(path) && text.contains(word)).map(|(path, _)| path).collect();
    assert!(elsewhere.is_empty(), "{word} is named where it does not belong: {elsewhere:?}");
}

#[test]
fn diesel_is_named_only_in_db_and_stores() {
    named_only_in("diesel::", &|path| path.starts_with("db/") || path.ends_with("/store.rs") || path == "error.rs");
}

#[test]
fn actix_is_named_only_at_the_edge() {
    named_only_in("actix_", &|path| {
        path.starts_with("api/")
            || path.starts_with("auth/")
            || path.ends_with("/routes.rs")
            || path == "app.rs"
            || path == "main.rs"
    });
}

#[test]
fn tantivy_is_named_only_in_search_and_matching() {
    named_only_in("tantivy::", &|path| {
        path.starts_with("search/") || path.starts_with("matching/") || path == "error.rs"
    });
}

#[test]
fn the_wall_clock_is_read_only_in_clock() {
    for word in ["Utc::now", "SystemTime::now", "Local::now"] {
        named_only_in(word, &|path| path == "clock.rs");
    }
}

#[test]
fn a_resource_never_imports_the_store_of_another() {
    const RESOURCES: &[&str] =
        &["organisation", "contact_point", "network", "forum", "meeting", "membership", "collaboration"];
    for (path, text) in code() {
        for resource in RESOURCES {
            let foreign = text.contains(&format!("{resource}::store"));
            assert!(
                !foreign || path.starts_with(&format!("resources/{resource}/")),
                "{path} names the store of {resource}"
            );
        }
    }
}

#[test]
fn the_threat_model_names_tests_that_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(root.join("docs/security.md")).unwrap();
    let mut named = 0;
    for name in text.split('`').skip(1).step_by(2).filter(|name| name.contains("::") && !name.contains(' ')) {
        let Some((file, test)) = name.split_once("::") else { continue };
        if file == "auth" || file == "file" {
            continue;
        }
        let path = if file.starts_with("src/") { file.to_owned() } else { format!("tests/integration/{file}.rs") };
        let source = fs::read_to_string(root.join(&path)).unwrap_or_else(|error| panic!("{path}: {error}"));
        let there = if test == "*" { source.contains("#[test]") } else { source.contains(&format!("fn {test}()")) };
        assert!(there, "there is no test {name}");
        named += 1;
    }
    assert!(named > 40, "{named}");
}
