//! Bare actix with one body: no program on actix answers as many bytes faster.

use crate::Outcome;
use actix_web::http::header::ContentType;
use actix_web::web::{self, Bytes};
use actix_web::{App, HttpResponse, HttpServer};
use std::net::TcpListener;

/// Serves a body of so many bytes at every path, and prints where.
pub(crate) fn serve(bytes: usize) -> Outcome<()> {
    let body = Bytes::from(vec![b'a'; bytes]);
    listen(move |service: &mut web::ServiceConfig| {
        let body = body.clone();
        service.default_service(web::to(move || {
            let answer = HttpResponse::Ok().content_type(ContentType::json()).body(body.clone());
            std::future::ready(answer)
        }));
    })
}

/// Serves with one worker on a free port of loopback, and prints the address.
pub(crate) fn listen(configure: impl Fn(&mut web::ServiceConfig) + Clone + Send + 'static) -> Outcome<()> {
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    let address = listener.local_addr()?;
    actix_web::rt::System::new().block_on(async {
        let server = HttpServer::new(move || App::new().configure(configure.clone()))
            .workers(1)
            .tcp_nodelay(true)
            .listen(listener)?
            .run();
        println!("serves at http://{address}/");
        server.await
    })?;
    Ok(())
}
