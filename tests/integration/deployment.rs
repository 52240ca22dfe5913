//! The image and the compose file are what README and operations.md say.

use samverkan::config::Config;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn text(name: &str) -> String {
    fs::read_to_string(path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn compose() -> Value {
    let mut compose: Value = serde_saphyr::from_str(&text("docker-compose.yml")).unwrap();
    // A parser may leave the merge key in; the keys beside it win over what it brings.
    for service in compose["services"].as_object_mut().unwrap().values_mut() {
        let service = service.as_object_mut().unwrap();
        if let Some(Value::Object(merged)) = service.remove("<<") {
            for (key, value) in merged {
                service.entry(key).or_insert(value);
            }
        }
    }
    compose
}

fn list(value: &Value) -> Vec<&str> {
    value.as_array().unwrap_or_else(|| panic!("{value} is no list")).iter().filter_map(Value::as_str).collect()
}

#[test]
fn both_nodes_are_the_same_image_with_an_index_of_their_own() {
    let compose = compose();
    let nodes = [&compose["services"]["node-1"], &compose["services"]["node-2"]];
    assert_eq!(nodes[0]["image"], "samverkan");
    for same in ["image", "build", "environment", "secrets", "healthcheck"] {
        assert_eq!(nodes[0][same], nodes[1][same], "{same}");
        assert!(!nodes[0][same].is_null(), "{same}");
    }
    let volume = |node: &Value, at: &str| {
        let folder = format!("/var/lib/samverkan/{at}");
        let volumes = list(&node["volumes"]);
        let found = volumes.into_iter().find(|volume| volume.split(':').nth(1) == Some(folder.as_str()));
        found.unwrap().split(':').next().unwrap().to_owned()
    };
    assert_ne!(volume(nodes[0], "index"), volume(nodes[1], "index"));
    assert_eq!(volume(nodes[0], "keys"), volume(nodes[1], "keys"));
    assert_eq!(list(&nodes[0]["healthcheck"]["test"]), ["CMD", "samverkan", "check"]);
    let known: BTreeSet<String> = Config::table().into_iter().map(|row| row.variable).collect();
    for variable in nodes[0]["environment"].as_object().unwrap().keys() {
        assert!(variable == "SAMVERKAN_CONFIG" || known.contains(variable), "{variable} is no setting");
    }
    assert_eq!(compose["services"]["database"]["image"], "postgres:17");
    let proxy = text("deploy/Caddyfile");
    assert!(proxy.contains("reverse_proxy node-1:8080 node-2:8080"));
    // Only the proxy is believed when it tells of a caller's address, and it passes on none of a caller's own telling.
    let address = &compose["services"]["proxy"]["networks"]["default"]["ipv4_address"];
    assert!(address.is_string());
    assert_eq!(&nodes[0]["environment"]["SAMVERKAN_TRUSTED_PROXIES"], address);
    let address: std::net::IpAddr = address.as_str().unwrap().parse().unwrap();
    let pool = &compose["networks"]["default"]["ipam"]["config"][0];
    let within = |key: &str| pool[key].as_str().unwrap().parse::<ipnet::IpNet>().unwrap().contains(&address);
    assert!(within("subnet") && !within("ip_range"), "others could be given the proxy's address");
    assert!(proxy.contains("header_up -Forwarded"));
}

#[test]
fn every_service_is_confined_and_watched_and_only_the_proxy_is_published() {
    let compose = compose();
    for (name, service) in compose["services"].as_object().unwrap() {
        assert_eq!(service["read_only"], true, "{name}");
        assert_eq!(list(&service["cap_drop"]), ["ALL"], "{name}");
        assert_eq!(list(&service["security_opt"]), ["no-new-privileges:true"], "{name}");
        assert!(!list(&service["healthcheck"]["test"]).is_empty(), "{name}");
        assert_eq!(service.get("ports").is_some(), name == "proxy", "{name}");
        for volume in list(service.get("volumes").unwrap_or(&Value::Array(Vec::new()))) {
            let from = volume.split(':').next().unwrap();
            let there = match from.strip_prefix("./") {
                Some(file) => path(file).exists(),
                None => compose["volumes"].as_object().unwrap().contains_key(from),
            };
            assert!(there, "{name}: {from}");
        }
    }
}

#[test]
fn no_secret_stands_in_a_file_of_the_repository() {
    let compose = compose();
    for (name, service) in compose["services"].as_object().unwrap() {
        let Some(environment) = service.get("environment") else { continue };
        for (variable, value) in environment.as_object().unwrap() {
            let secret = ["PASSWORD", "SECRET", "TOKEN", "DATABASE_URL"].iter().any(|word| variable.contains(word));
            assert!(!secret || variable.ends_with("_FILE"), "{name} {variable}");
            assert!(!value.to_string().contains("postgres://"), "{name} {variable}");
        }
    }
    for (name, secret) in compose["secrets"].as_object().unwrap() {
        assert!(secret["file"].as_str().unwrap().starts_with("./deploy/secrets/"), "{name}");
    }
    assert!(text(".gitignore").lines().any(|line| line == "/deploy/secrets/"));
    assert!(text(".dockerignore").lines().any(|line| line == "deploy/secrets"));
}

#[test]
fn the_image_is_built_by_the_commands_that_everyone_uses() {
    let image = text("Dockerfile");
    let named = [text("test"), text(".ci/run"), text("README.md")].concat();
    let steps: Vec<&str> = image.lines().filter_map(|line| line.strip_prefix("RUN ")).collect();
    for step in &steps {
        let ours = *step == ".ci/run" || step.starts_with("mkdir -p /data/") || named.contains(step);
        assert!(ours, "{step} is named nowhere else");
    }
    for step in ["cargo build --release --locked", ".ci/run"] {
        assert!(steps.contains(&step), "{step}");
    }
    assert!(image.contains("CMD [\"samverkan\", \"check\"]"));
    let user = image.lines().find_map(|line| line.strip_prefix("USER ")).unwrap();
    assert!(user.split(':').all(|id| id.parse::<u32>().is_ok_and(|id| id > 0)), "{user}");
}
