//! Generates `docs/api-reference.md` from the OpenAPI document. Pure.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use actix_web::http::Method;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::{Content, OpenApi, RefOr, Response};

use eclipse_ai_server::http::{Access, Endpoint, endpoints};

mod curl;
mod example;
mod fields;
mod shape;

use shape::Schemas;

const HEAD: &str = "\
<!-- Generated from the OpenAPI document; CONTRIBUTING.md says how. A test fails when it is stale. -->

# API reference
";

const KEYS: &str = "\
## Keys

Endpoints that want a key take it in the header `X-API-Key`: the shared key of the server, or one that belongs to a
device and may write as that device only. In the examples, `$URL` is where the server is, such as
`http://10.27.27.100:8000`, and `$API_KEY` is the key.
";

const TABLES: &str = "\
What a batch may hold. Times are written `2026-02-01T14:25:00` or `2026-02-01 14:25:00.123456`; with `Z` or an offset
behind they are brought to UTC, without they are kept as they are. A column that is left out keeps its stored value, or
gets its default in a new row. Columns that are not listed here are kept as they are.
";

/// The reference of all endpoints that the document describes, in the order of the API.
pub(super) fn markdown(document: &OpenApi) -> String {
    let schemas = Schemas::of(document);
    let mut page = Page {
        text: HEAD.to_owned(),
        schemas,
        error_bodies: BTreeSet::new(),
    };
    let described: Vec<(Endpoint, &Operation)> = endpoints()
        .into_iter()
        .filter_map(|endpoint| {
            let item = document.paths.paths.get(&endpoint.documented_path())?;
            let operation = operation(item, &endpoint.method)?;
            Some((endpoint, operation))
        })
        .collect();
    page.introduction(document, &described);
    for (endpoint, operation) in &described {
        page.endpoint(endpoint, operation);
    }
    page.tables();
    page.error_bodies();
    page.text
}

/// The operation of a path for a method that the server has.
fn operation<'a>(item: &'a PathItem, method: &Method) -> Option<&'a Operation> {
    match *method {
        Method::GET => item.get.as_ref(),
        Method::POST => item.post.as_ref(),
        Method::HEAD => item.head.as_ref(),
        Method::PATCH => item.patch.as_ref(),
        Method::DELETE => item.delete.as_ref(),
        _ => None,
    }
}

struct Page<'a> {
    text: String,
    schemas: Schemas<'a>,
    /// The names of the schemas that errors have.
    error_bodies: BTreeSet<&'a str>,
}

impl<'a> Page<'a> {
    fn paragraph(&mut self, text: &str) {
        self.text.push('\n');
        self.text.push_str(text.trim_end());
        self.text.push('\n');
    }

    fn code(&mut self, language: &str, code: &str) {
        self.paragraph(&format!("```{language}\n{code}\n```"));
    }

    fn introduction(&mut self, document: &OpenApi, described: &[(Endpoint, &Operation)]) {
        self.paragraph(document.info.description.as_deref().unwrap_or_default());
        let mut list = "| Endpoint | Key | What it does |\n|---|---|---|\n".to_owned();
        for (endpoint, operation) in described {
            let title = title(endpoint);
            let key = match endpoint.access {
                Access::Key => "yes",
                Access::Open => "no",
            };
            let summary = operation.summary.as_deref().unwrap_or_default();
            let _ = writeln!(
                list,
                "| [`{title}`](#{}) | {key} | {summary} |",
                anchor(&title)
            );
        }
        self.paragraph(&list);
        self.paragraph(KEYS);
    }

    fn endpoint(&mut self, endpoint: &Endpoint, operation: &'a Operation) {
        self.paragraph(&format!("## {}", title(endpoint)));
        let summary = operation.summary.as_deref().unwrap_or_default();
        self.paragraph(&format!("{}.", summary.trim_end_matches('.')));
        if let Some(description) = &operation.description {
            self.paragraph(description);
        }
        let call = curl::call(endpoint, operation, self.schemas);
        self.code("sh", &call);
        let parameters = fields::of_parameters(operation, self.schemas);
        if !parameters.is_empty() {
            self.paragraph("### Parameters");
            self.paragraph(&parameters);
        }
        if let Some(RefOr::T(request)) = &operation.request_body {
            for (media_type, content) in &request.content {
                self.paragraph(&format!("### Request: `{media_type}`"));
                self.body(content, true);
            }
        }
        self.answers(operation);
    }

    fn answers(&mut self, operation: &'a Operation) {
        let mut errors = String::new();
        for (status, response) in &operation.responses.responses {
            let response = self.schemas.response(response);
            if status.starts_with('2') {
                self.answer(status, response);
            } else if let Some(response) = response {
                self.error(&mut errors, status, response);
            }
        }
        if !errors.is_empty() {
            self.paragraph("### Other answers");
            self.paragraph(&format!(
                "| Status | When | Body |\n|---|---|---|\n{errors}"
            ));
        }
    }

    fn answer(&mut self, status: &str, response: Option<&'a Response>) {
        let Some(response) = response else { return };
        self.paragraph(&format!("### Answer: {status}"));
        self.paragraph(&response.description);
        for (media_type, content) in &response.content {
            if media_type == "application/json" {
                self.body(content, false);
            } else {
                self.paragraph(&format!("The body is `{media_type}`."));
            }
        }
    }

    fn error(&mut self, errors: &mut String, status: &str, response: &'a Response) {
        let mut bodies = response
            .content
            .values()
            .filter_map(|content| match content {
                RefOr::T(content) => content.schema.as_ref().and_then(shape::name),
                RefOr::Ref(_) => None,
            });
        let body = bodies.next().map_or_else(String::new, |name| {
            self.error_bodies.insert(name);
            format!("[{name}](#{})", anchor(name))
        });
        let _ = writeln!(errors, "| {status} | {} | {body} |", response.description);
    }

    fn body(&mut self, content: &'a RefOr<Content>, is_request: bool) {
        let RefOr::T(Content {
            schema: Some(schema),
            ..
        }) = content
        else {
            return;
        };
        let fields = fields::of(schema, is_request, self.schemas);
        if fields.is_empty() {
            return;
        }
        // The call above shows the request.
        if !is_request {
            let example = example::of_required(schema, self.schemas);
            self.code("json", &example);
        }
        self.paragraph(&fields);
    }

    /// The tables of batches: too many to stand in the table of their request.
    fn tables(&mut self) {
        self.paragraph("## Tables");
        self.paragraph(TABLES);
        let tables: Vec<_> = self.schemas.of_tables().collect();
        for (name, schema) in tables {
            self.paragraph(&format!("### {name}"));
            self.paragraph(shape::description(schema));
            let fields = fields::of(schema, true, self.schemas);
            self.paragraph(&fields);
        }
    }

    fn error_bodies(&mut self) {
        self.paragraph("## Bodies of errors");
        for name in std::mem::take(&mut self.error_bodies) {
            let Some(schema) = self.schemas.named(name) else {
                continue;
            };
            self.paragraph(&format!("### {name}"));
            self.paragraph(shape::description(schema));
            let example = example::of(schema, self.schemas);
            self.code("json", &example);
            let fields = fields::of(schema, false, self.schemas);
            self.paragraph(&fields);
        }
    }
}

fn title(endpoint: &Endpoint) -> String {
    format!("{} {}", endpoint.method, endpoint.documented_path())
}

/// As the usual readers of Markdown make it.
fn anchor(title: &str) -> String {
    let kept = title
        .chars()
        .filter(|letter| letter.is_alphanumeric() || " -_".contains(*letter));
    kept.collect::<String>().to_lowercase().replace(' ', "-")
}
