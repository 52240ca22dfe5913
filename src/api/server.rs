//! The HTTP server: every service, and what all requests pass through.

use crate::app::App;
use crate::error::{Error, Result};
use crate::resources::{collaboration, contact_point, forum, meeting, membership, network, organisation};
use actix_web::{App as HttpApp, HttpServer, web};
use std::net::TcpListener;
use std::time::Duration;
use utoipa::openapi::OpenApi;
use utoipa_actix_web::AppExt;

use super::{catalogue, discovery};

/// The services of the API and the document that describes them: one act.
macro_rules! services {
    ($scope:expr; $($module:ident: $($handler:ident),+;)+) => {
        $scope$($(.service($module::routes::$handler))+)+
    };
}
