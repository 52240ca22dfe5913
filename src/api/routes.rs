//! Which methods each path has: for 405 with `Allow`, OPTIONS, and the route's pattern in the log.

use utoipa::openapi::{OpenApi, PathItem};

/// The paths of the service with their methods.
#[derive(Debug, Clone, Default)]
pub struct RouteTable {
    routes: Vec<Route>,
}

#[derive(Debug, Clone)]
struct Route {
    pattern: String,
    methods: Vec<&'static str>,
}

impl RouteTable {
    /// The routes of a document as it was collected, each path with `prefix` before it unless it has it already.
    pub fn collect(document: &OpenApi, prefix: &str) -> RouteTable {
        let mut table = RouteTable::default();
        for (path, item) in &document.paths.paths {
            let pattern = if path.starts_with(prefix) { path.clone() } else { format!("{prefix}{path}") };
            table.add(&pattern, &methods(item));
        }
        table
    }

    /// Adds a path that the document does not tell of.
    pub fn add(&mut self, pattern: &str, methods: &[&'static str]) {
        self.routes.push(Route { pattern: pattern.to_owned(), methods: methods.to_vec() });
    }

    /// The patterns of all paths.
    pub fn patterns(&self) -> impl Iterator<Item = &str> {
        self.routes.iter().map(|route| route.pattern.as_str())
    }

    /// The value of `Allow` for a path; nothing where there is no such path.
    pub fn allow(&self, path: &str) -> Option<String> {
        let mut methods: Vec<&str> = Vec::new();
        for route in self.routes.iter().filter(|route| matches(&route.pattern, path)) {
            methods.extend(&route.methods);
        }
        if methods.is_empty() {
            return None;
        }
        if methods.contains(&"GET") {
            methods.push("HEAD");
        }
        methods.push("OPTIONS");
        methods.sort_unstable();
        methods.dedup();
        Some(methods.join(", "))
    }
}

fn methods(item: &PathItem) -> Vec<&'static str> {
    let named = [
        ("GET", item.get.is_some()),
        ("PUT", item.put.is_some()),
        ("POST", item.post.is_some()),
        ("DELETE", item.delete.is_some()),
        ("PATCH", item.patch.is_some()),
    ];
    named.into_iter().filter(|(_, used)| *used).map(|(name, _)| name).collect()
}

/// Whether a path has the form of a pattern, where `{name}` is any one segment and `{name}*` or a final `{tail:.*}` the rest.
fn matches(pattern: &str, path: &str) -> bool {
    let mut wanted = pattern.split('/');
    let mut given = path.split('/');
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return true,
            (Some(segment), Some(_)) if segment.starts_with('{') && segment.contains(":.*") => return true,
            (Some(segment), Some(text)) if segment.starts_with('{') && segment.ends_with('}') => {
                if text.is_empty() {
                    return false;
                }
            }
            (Some(segment), Some(text)) if segment == text => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use utoipa::openapi::path::{HttpMethod, Operation};
    use utoipa::openapi::{Info, OpenApi, Paths};

    fn table() -> RouteTable {
        let mut paths = Paths::new();
        paths.add_path_operation("/api/v1/networks", vec![HttpMethod::Get, HttpMethod::Post], Operation::new());
        paths.add_path_operation("/api/v1/networks/{id}", vec![HttpMethod::Patch], Operation::new());
        let mut table = RouteTable::collect(&OpenApi::new(Info::new("x", "1"), paths), "/api/v1");
        table.add("/docs/{tail:.*}", &["GET"]);
        table
    }

    #[test]
    fn a_path_tells_its_methods() {
        assert_eq!(table().allow("/api/v1/networks").as_deref(), Some("GET, HEAD, OPTIONS, POST"));
        assert_eq!(table().allow("/api/v1/networks/x").as_deref(), Some("OPTIONS, PATCH"));
        assert_eq!(table().allow("/docs/a/b").as_deref(), Some("GET, HEAD, OPTIONS"));
    }

    #[test]
    fn an_unknown_path_has_none() {
        for path in ["/", "/api/v1", "/api/v1/networks/", "/api/v1/networks/x/y", ""] {
            assert_eq!(table().allow(path), None, "{path}");
        }
    }
}
