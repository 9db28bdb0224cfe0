//! Forms with the fields in exactly the order and spelling of the test.

use std::fmt::Write as _;

const BOUNDARY: &str = "---------------------------8721656041911415653955004498";

/// The body of a `multipart/form-data` request.
#[derive(Clone, Default)]
pub(crate) struct Form(Vec<u8>);

impl Form {
    pub(crate) const CONTENT_TYPE: &str =
        "multipart/form-data; boundary=---------------------------8721656041911415653955004498";

    /// A text field.
    pub(crate) fn text(self, name: &str, value: &str) -> Self {
        self.part(&format!("name=\"{name}\""), value.as_bytes())
    }

    /// The field `file`, with a name that needs no escaping in quotes.
    pub(crate) fn file(self, filename: &str, content: impl AsRef<[u8]>) -> Self {
        self.part(&Self::file_parameters(filename), content.as_ref())
    }

    /// A field with these parameters of its `Content-Disposition`.
    pub(crate) fn part(mut self, parameters: &str, content: &[u8]) -> Self {
        self.0.extend(Self::head(parameters).into_bytes());
        self.0.extend(content);
        self.0.extend(b"\r\n");
        self
    }

    /// The whole body.
    pub(crate) fn finish(mut self) -> Vec<u8> {
        self.0.extend(Self::tail().into_bytes());
        self.0
    }

    /// The body up to the content of a file.
    pub(crate) fn up_to_file(mut self, filename: &str) -> Vec<u8> {
        self.0
            .extend(Self::head(&Self::file_parameters(filename)).into_bytes());
        self.0
    }

    /// The end of a form after the content of its last field.
    pub(crate) fn tail_of_file() -> String {
        format!("\r\n{}", Self::tail())
    }

    fn tail() -> String {
        format!("--{BOUNDARY}--\r\n")
    }

    fn file_parameters(filename: &str) -> String {
        let mut parameters = String::from("name=\"file\"; filename=\"");
        for c in filename.chars() {
            if matches!(c, '"' | '\\') {
                parameters.push('\\');
            }
            parameters.push(c);
        }
        let _ = write!(parameters, "\"");
        parameters
    }

    fn head(parameters: &str) -> String {
        format!("--{BOUNDARY}\r\nContent-Disposition: form-data; {parameters}\r\n\r\n")
    }
}
