//! What the HTTP surface needs to know beside a request.

use crate::api::answers::Answers;
use crate::api::cursor::CursorKey;
use crate::api::limits::Limits;
use crate::api::routes::RouteTable;
use crate::metrics::Requests;
use actix_web::{HttpMessage, HttpRequest, web};
use ipnet::IpNet;
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

/// The root of the API below the public address.
pub const ROOT: &str = "/api/v1";

/// Gives the change number that this node has seen, for the header `Change-Sequence`.
pub type SequenceProvider = Box<dyn Fn() -> Option<u64> + Send + Sync>;

/// Settings of the HTTP surface, given to the app as `web::Data<Surface>`.
pub struct Surface {
    /// The public address, without a final stroke.
    pub public_url: String,
    /// Methods of every path.
    pub routes: RouteTable,
    /// Signs cursors.
    pub cursors: CursorKey,
    /// Answers that are kept.
    pub answers: Answers,
    /// How long an answer may take before it is given up.
    pub timeout: Duration,
    /// Where the header `Change-Sequence` comes from.
    pub sequence: SequenceProvider,
    /// Where requests are counted; `None` when nobody reads the counts.
    pub requests: Option<Arc<Requests>>,
    /// How much anyone may ask.
    pub limits: Limits,
    /// Whose `Forwarded` and `X-Forwarded-For` are believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Origins whose pages may call the API; any when there are none.
    pub origins: Vec<String>,
}

impl Surface {
    /// The settings of the app that serves a request.
    pub fn of(request: &HttpRequest) -> Option<&Surface> {
        request.app_data::<web::Data<Surface>>().map(|data| data.get_ref())
    }

    /// The address of the API's root, absolute.
    pub fn api(&self) -> String {
        format!("{}{ROOT}", self.public_url)
    }
}

impl std::fmt::Debug for Surface {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Surface").field("public_url", &self.public_url).finish_non_exhaustive()
    }
}

/// The id of a request, set by the middleware.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestId(pub Uuid);

impl RequestId {
    /// The id of a request; a new one when no middleware gave it any.
    pub fn of(request: &HttpRequest) -> Uuid {
        request.extensions().get::<RequestId>().map_or_else(Uuid::now_v7, |id| id.0)
    }
}

/// The public address without its final stroke.
pub(crate) fn public_address(request: &HttpRequest) -> &str {
    Surface::of(request).map_or("", |surface| surface.public_url.as_str())
}
