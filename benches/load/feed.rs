//! What a copy takes: the whole feed page by page, and the export as one file.

use crate::process::Server;
use crate::report::Figure;
use crate::{Outcome, client};
use serde_json::Value;
use std::time::Instant;

/// Records of a page: the most that there can be.
const PAGE: usize = 1_000;

/// Reads the feed from its beginning, then the export.
pub(crate) fn figures(service: &Server) -> Outcome<Vec<Figure>> {
    let (_, before) = service.memory()?;
    let start = Instant::now();
    let (mut path, mut records) = (format!("/api/v1/changes?limit={PAGE}"), 0);
    loop {
        let page = answer(service, &path, "application/json")?;
        let page: Value = serde_json::from_slice(&page)?;
        records += page["items"].as_array().map_or(0, Vec::len);
        let meta = &page["_meta"];
        if meta["more"] != true {
            break;
        }
        let epoch = meta["epoch"].as_str().ok_or("a page has no epoch")?;
        path = format!("/api/v1/changes?limit={PAGE}&after={}&epoch={epoch}", meta["changeSequence"]);
    }
    let feed = records as f64 / start.elapsed().as_secs_f64();
    let (_, after_feed) = service.memory()?;
    let start = Instant::now();
    answer(service, "/api/v1/export", "application/x-ndjson")?;
    let made = start.elapsed().as_secs_f64();
    let start = Instant::now();
    let bytes = answer(service, "/api/v1/export", "application/x-ndjson")?.len();
    let rate = bytes as f64 / 1e6 / start.elapsed().as_secs_f64();
    let (_, after_export) = service.memory()?;
    Ok(vec![
        ("feed from its beginning", feed, "records/s"),
        ("memory that took, anonymous", (after_feed - before).max(0.0), "MB"),
        ("export over HTTP, with making it", made, "s"),
        ("export over HTTP, again", rate, "MB/s"),
        ("memory that took, anonymous", (after_export - after_feed).max(0.0), "MB"),
    ])
}

fn answer(service: &Server, path: &str, accept: &str) -> Outcome<Vec<u8>> {
    let (status, body) = client::once_as(service.address, path, accept)?;
    if status == 200 { Ok(body) } else { Err(format!("{path} was answered with {status}").into()) }
}
