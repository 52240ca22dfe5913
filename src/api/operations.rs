//! The operations that every kind of record has, described once. A resource's `routes.rs` names its types and words here
//! and adds the operations that only it has.

/// Writes the schema of a record and of a page of records, and the operations of a kind.
///
/// Descriptions carry both languages, since the document has one text per operation and its readers have two languages.
macro_rules! record_operations {
    (
        resource $resource:ty, input $input:ty, record $record:ident, page $page:ident, tag $tag:literal,
        paths $path:literal $item:literal $past:literal,
        operations $list:ident $create:ident $read:ident $change:ident $remove:ident $history:ident,
        ids $list_id:literal $create_id:literal $read_id:literal $change_id:literal $remove_id:literal $history_id:literal,
        sv $one_sv:literal $many_sv:literal, en $one_en:literal $many_en:literal $(,)?
    ) => {
        #[doc = concat!("One ", $one_en, " as the API gives it out.")]
        #[derive(utoipa::ToSchema)]
        #[schema(rename_all = "camelCase")]
        #[expect(dead_code, reason = "describes an answer that is written as bytes")]
        pub(crate) struct $record {
            /// Id, for ever.
            id: uuid::Uuid,
            #[schema(inline = false)]
            #[serde(flatten)]
            content: $input,
            /// Raised by one with every change; the strong part of the ETag.
            #[schema(example = 1)]
            version: i64,
            /// When it was made.
            #[schema(example = "2026-11-24T09:00:00Z")]
            created_at: chrono::DateTime<chrono::Utc>,
            /// When it was last changed.
            #[schema(example = "2026-11-24T09:00:00Z")]
            updated_at: chrono::DateTime<chrono::Utc>,
            /// In answers to writes: the number of the change.
            #[schema(example = 1)]
            change_sequence: Option<i64>,
            /// Links to itself and to what belongs to it, and the actions that the caller may take.
            #[schema(rename = "_links")]
            links: Option<crate::api::schemas::Links>,
        }

        #[doc = concat!("A page of ", $many_en, ".")]
        #[derive(utoipa::ToSchema)]
        #[expect(dead_code, reason = "describes an answer that is written as bytes")]
        pub(crate) struct $page {
            /// The records of this page.
            items: Vec<$record>,
            /// Counts, when facets were asked for.
            facets: Option<Vec<crate::api::schemas::Facet>>,
            /// How many there are, which page this is, how new the index is.
            #[schema(rename = "_meta")]
            meta: crate::api::schemas::Meta,
            /// Links to this, the first, previous, next and last page.
            #[schema(rename = "_links")]
            links: crate::api::schemas::Links,
        }

        #[utoipa::path(
            tag = $tag,
            operation_id = $list_id,
            summary = concat!("Lista ", $many_sv, " / List ", $many_en),
            description = concat!(
                "Listar och söker ", $many_sv, ". Utan q i svensk bokstavsordning.\n\nLists and searches ", $many_en,
                ". Without q in Swedish alphabetical order."
            ),
            responses((status = 200, description = concat!("En sida med ", $many_sv, " / A page of ", $many_en), body = $page)),
        )]
        #[get($path)]
        pub(crate) async fn $list(call: crate::api::call::Call) -> crate::api::call::Answer {
            crate::api::lists::list::<$resource>(call).await
        }

        #[utoipa::path(
            tag = $tag,
            operation_id = $create_id,
            summary = concat!("Skapa ", $one_sv, " / Create one ", $one_en),
            description = concat!(
                "Skapar ", $one_sv, ". Samma Idempotency-Key ger samma svar igen.\n\nCreates one ", $one_en,
                ". The same Idempotency-Key gives the same answer again."
            ),
            request_body(content = $input, description = concat!("Innehållet / The content of the ", $one_en)),
            responses((status = 201, description = concat!("Skapad / The new ", $one_en), body = $record)),
            security(("oauth" = ["write"])),
        )]
        #[post($path)]
        pub(crate) async fn $create(
            call: crate::api::call::Call,
            payload: actix_web::web::Payload,
        ) -> crate::api::call::Answer {
            crate::api::records::create::<$resource>(call, payload).await
        }

        #[utoipa::path(
            tag = $tag,
            operation_id = $read_id,
            summary = concat!("Läs ", $one_sv, " / Read one ", $one_en),
            description = concat!(
                "Läser ", $one_sv, " direkt ur databasen. Den som slagits samman leder vidare (308), den som tagits bort är borta (410).",
                "\n\nReads one ", $one_en, " straight from the database. A merged one leads on (308), a deleted one is gone (410)."
            ),
            params(("id" = String, Path, description = "UUID, identifierare (schema:värde) eller organisationsnummer / UUID, identifier (scheme:value) or organisation number", example = "0190d1a0-7c3e-7000-8000-5a1f0c2d3e4f")),
            responses((status = 200, description = concat!("Posten / The ", $one_en), body = $record)),
        )]
        #[get($item)]
        pub(crate) async fn $read(
            call: crate::api::call::Call,
            id: actix_web::web::Path<String>,
        ) -> crate::api::call::Answer {
            crate::api::records::read::<$resource>(call, id.into_inner()).await
        }

        #[utoipa::path(
            tag = $tag,
            operation_id = $change_id,
            summary = concat!("Ändra ", $one_sv, " / Change one ", $one_en),
            description = concat!(
                "Ändrar ", $one_sv, " med JSON Merge Patch (RFC 7396): det som utelämnas står kvar, null tar bort. Kräver If-Match.",
                "\n\nChanges one ", $one_en, " by JSON Merge Patch (RFC 7396): what is left out stays, null removes. Needs If-Match."
            ),
            params(("id" = String, Path, description = "UUID, identifierare (schema:värde) eller organisationsnummer / UUID, identifier (scheme:value) or organisation number", example = "0190d1a0-7c3e-7000-8000-5a1f0c2d3e4f")),
            request_body(content = Object, content_type = "application/merge-patch+json", description = "Det som ska ändras / What is to change"),
            responses((status = 200, description = concat!("Posten efter ändringen / The ", $one_en, " after the change"), body = $record)),
            security(("oauth" = ["write"])),
        )]
        #[patch($item)]
        pub(crate) async fn $change(
            call: crate::api::call::Call,
            id: actix_web::web::Path<String>,
            payload: actix_web::web::Payload,
        ) -> crate::api::call::Answer {
            crate::api::records::change::<$resource>(call, id.into_inner(), payload).await
        }

        #[utoipa::path(
            tag = $tag,
            operation_id = $remove_id,
            summary = concat!("Ta bort ", $one_sv, " / Delete one ", $one_en),
            description = concat!(
                "Tar bort ", $one_sv, " med det den äger. Poster som pekar på den hindrar det (409). Kräver If-Match.",
                "\n\nDeletes one ", $one_en, " with what it owns. Records that point to it forbid it (409). Needs If-Match."
            ),
            params(("id" = String, Path, description = "UUID, identifierare (schema:värde) eller organisationsnummer / UUID, identifier (scheme:value) or organisation number", example = "0190d1a0-7c3e-7000-8000-5a1f0c2d3e4f")),
            responses((status = 200, description = "Borttagen / Deleted", body = crate::api::schemas::Deleted)),
            security(("oauth" = ["write"])),
        )]
        #[delete($item)]
        pub(crate) async fn $remove(
            call: crate::api::call::Call,
            id: actix_web::web::Path<String>,
        ) -> crate::api::call::Answer {
            crate::api::records::remove::<$resource>(call, id.into_inner()).await
        }

        #[utoipa::path(
            tag = $tag,
            operation_id = $history_id,
            summary = concat!("Historik för ", $one_sv, " / History of one ", $one_en),
            description = concat!(
                "Alla versioner, den nyaste först; asOf ger den som gällde då.\n\nEvery version of the ", $one_en,
                ", newest first; asOf gives the one that stood then."
            ),
            params(
                ("id" = String, Path, description = "UUID, identifierare (schema:värde) eller organisationsnummer / UUID, identifier (scheme:value) or organisation number", example = "0190d1a0-7c3e-7000-8000-5a1f0c2d3e4f"),
                ("asOf" = Option<chrono::DateTime<chrono::Utc>>, Query, description = "Tidpunkt / Moment", example = "2026-11-24T09:00:00Z"),
            ),
            responses((status = 200, description = "Versionerna / The versions", body = crate::api::schemas::History)),
        )]
        #[get($past)]
        pub(crate) async fn $history(
            call: crate::api::call::Call,
            id: actix_web::web::Path<String>,
        ) -> crate::api::call::Answer {
            crate::api::records::history::<$resource>(call, id.into_inner()).await
        }
    };
}
pub(crate) use record_operations;

/// Describes and registers a list of what belongs to a record: the list of a kind with one filter set by the path.
macro_rules! part_operation {
    (
        $name:ident, id $operation_id:literal, tag $tag:literal, path $path:literal, of $owner:ty, list $resource:ty,
        filter $filter:literal, page $page:ty, sv $sv:literal, en $en:literal $(,)?
    ) => {
        #[utoipa::path(
            tag = $tag,
            operation_id = $operation_id,
            summary = concat!($sv, " / ", $en),
            description = concat!($sv, ".\n\n", $en, "."),
            params(("id" = String, Path, description = "UUID, identifierare (schema:värde) eller organisationsnummer / UUID, identifier (scheme:value) or organisation number", example = "0190d1a0-7c3e-7000-8000-5a1f0c2d3e4f")),
            responses((status = 200, description = concat!($sv, " / ", $en), body = $page)),
        )]
        #[get($path)]
        pub(crate) async fn $name(
            call: crate::api::call::Call,
            id: actix_web::web::Path<String>,
        ) -> crate::api::call::Answer {
            crate::api::lists::list_of::<$owner, $resource>(call, id.into_inner(), $filter).await
        }
    };
}
pub(crate) use part_operation;
