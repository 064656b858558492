//! What the OpenAPI document says beyond what is derived from the shapes: who asks, and shapes that one person sees whole and
//! another in part.

use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};
use utoipa::{Modify, OpenApi};

use super::live::LiveMessage;
use super::who::SESSION_COOKIE;

/// The document before the routes are added.
#[derive(OpenApi)]
#[openapi(
    info(title = "Escort by guards and spotlight drones", description = "How the parts fit together: docs/api.md."),
    components(schemas(LiveMessage)),
    modifiers(&Credentials)
)]
pub(super) struct Document;

struct Credentials;

impl Modify for Credentials {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let components = document.components.get_or_insert_default();
        let cookie = ApiKey::Cookie(ApiKeyValue::new(SESSION_COOKIE));
        components.add_security_scheme("session", SecurityScheme::ApiKey(cookie));
        let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
        components.add_security_scheme("device_token", SecurityScheme::Http(bearer));
    }
}

/// Causes in logs from before there were codes are sentences; derived schemas know no variant that is written without its tag.
pub(super) fn say_that_old_causes_are_sentences(document: &mut utoipa::openapi::OpenApi) {
    let schemas = document.components.as_mut().map(|components| &mut components.schemas);
    let Some(RefOr::T(Schema::OneOf(causes))) = schemas.and_then(|schemas| schemas.get_mut("Cause")) else {
        return;
    };
    let is_old = |cause: &RefOr<Schema>| serde_json::to_string(cause).is_ok_and(|text| text.contains("\"said\""));
    causes.items.retain(|cause| !is_old(cause));
    let sentence = ObjectBuilder::new().schema_type(Type::String).description(Some("A sentence of an old log."));
    causes.items.push(RefOr::T(Schema::Object(sentence.build())));
}

/// An untagged choice between a whole record and what others see of it. `anyOf`, because the whole may also fit the part.
macro_rules! any_of {
    ($name:ident: $($of:ty),+) => {
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                let any = utoipa::openapi::schema::AnyOfBuilder::new();
                $(let any = any.item(utoipa::openapi::Ref::from_schema_name(<$of as utoipa::ToSchema>::name()));)+
                utoipa::openapi::Schema::AnyOf(any.build()).into()
            }
        }

        impl utoipa::ToSchema for $name {
            fn schemas(schemas: &mut Vec<(String, utoipa::openapi::RefOr<utoipa::openapi::Schema>)>) {
                $(
                    schemas.push((<$of as utoipa::ToSchema>::name().into_owned(), <$of as utoipa::PartialSchema>::schema()));
                    <$of as utoipa::ToSchema>::schemas(schemas);
                )+
            }
        }
    };
}
pub(super) use any_of;
