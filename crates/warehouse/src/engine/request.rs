//! Reads a request in the shape of ClickHouse's HTTP interface: URL parameters, form fields, the key.
//!
//! It leaves to others: the body of an insert (`spool`) and what the statement may do (`guard`).

use super::run::Fault;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use hyper::{
    HeaderMap,
    header::{AUTHORIZATION, HeaderValue},
};

/// ClickHouse `NOT_IMPLEMENTED`.
const NOT_IMPLEMENTED: u32 = 48;
/// ClickHouse `BAD_ARGUMENTS`.
const BAD_ARGUMENTS: u32 = 36;

/// Parameters without effect here.
const IGNORED: &[&str] = &[
    "buffer_size",
    "client_protocol_version",
    "enable_http_compression",
    "query_id",
    "quota_key",
    "user",
    "wait_end_of_query",
];

/// What URL and form say.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Parameters {
    /// The statement.
    pub(super) query: Option<String>,
    /// Where unqualified names are looked up.
    pub(super) database: Option<String>,
    /// Output format where the statement names none.
    pub(super) default_format: Option<String>,
    /// The key given as a parameter.
    password: Option<String>,
    /// Name of a backup.
    pub(super) name: Option<String>,
    /// Values for `{name:Type}`.
    pub(super) params: Vec<(String, String)>,
    /// Everything else is a setting.
    pub(super) settings: Vec<(String, String)>,
}

impl Parameters {
    /// Reads the query part of the URL.
    ///
    /// # Errors
    /// A parameter asks for something this interface does not do.
    pub(super) fn from_url(query: Option<&str>) -> Result<Self, Fault> {
        let mut parameters = Self::default();
        for (name, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
            parameters.add(&name, value.into_owned())?;
        }
        Ok(parameters)
    }

    /// Adds one URL parameter or form field.
    ///
    /// # Errors
    /// As [`Parameters::from_url`].
    pub(super) fn add(&mut self, name: &str, value: String) -> Result<(), Fault> {
        match name {
            "query" => self.query = Some(value),
            "database" if !value.is_empty() => self.database = Some(value),
            "default_format" => self.default_format = Some(value),
            "password" => self.password = Some(value),
            "name" => self.name = Some(value),
            "compress" | "decompress" if value != "0" => {
                return Err(Fault::new(
                    NOT_IMPLEMENTED,
                    "本机引擎不支持压缩的请求与应答，请在客户端使用 Compression::None",
                ));
            }
            "session_id" | "role" => {
                return Err(Fault::new(NOT_IMPLEMENTED, "本机引擎没有会话与角色"));
            }
            "compress" | "decompress" | "database" => {}
            _ if IGNORED.contains(&name) => {}
            _ => match name.strip_prefix("param_") {
                Some(param) => self.params.push((param.to_owned(), value)),
                None => self.settings.push((name.to_owned(), value)),
            },
        }
        Ok(())
    }

    /// Adds the fields of a form body.
    ///
    /// # Errors
    /// The body is not a form, a field is not UTF-8, or as [`Parameters::from_url`].
    pub(super) async fn add_form(&mut self, body: bytes::Bytes, boundary: String) -> Result<(), Fault> {
        let bad = |error: multer::Error| Fault::new(BAD_ARGUMENTS, &error.to_string());
        let whole = futures::stream::once(async move { Ok::<_, std::io::Error>(body) });
        let mut form = multer::Multipart::new(whole, boundary);
        while let Some(field) = form.next_field().await.map_err(bad)? {
            let name = field.name().unwrap_or_default().to_owned();
            let value = field.bytes().await.map_err(bad)?;
            let value =
                String::from_utf8(value.to_vec()).map_err(|_| Fault::new(BAD_ARGUMENTS, "表单字段不是 UTF-8 文本"))?;
            self.add(&name, value)?;
        }
        Ok(())
    }

    /// Whether the request carries the key, in a header or as a parameter.
    pub(super) fn carries(&self, key: &str, headers: &HeaderMap) -> bool {
        let header = headers.get("X-ClickHouse-Key").map(HeaderValue::as_bytes);
        let basic = headers
            .get(AUTHORIZATION)
            .and_then(|value| value.as_bytes().strip_prefix(b"Basic "))
            .and_then(decode_basic);
        let given = header.or(basic.as_deref()).or(self.password.as_deref().map(str::as_bytes));
        given.is_some_and(|given| same(given, key.as_bytes()))
    }
}

/// The password of a basic authentication.
fn decode_basic(encoded: &[u8]) -> Option<Vec<u8>> {
    let mut decoded = STANDARD.decode(encoded).ok()?;
    let colon = decoded.iter().position(|byte| *byte == b':')?;
    Some(decoded.split_off(colon + 1))
}

/// Compares without telling by its duration where the difference is.
fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0_u8, |sum, (x, y)| sum | (x ^ y)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn carries(url: &str, headers: &[(&'static str, &'static str)]) -> bool {
        let headers = headers
            .iter()
            .filter_map(|(name, value)| Some((name.parse().ok()?, HeaderValue::from_static(value))))
            .collect();
        Parameters::from_url(Some(url)).is_ok_and(|p| p.carries("secret", &headers))
    }

    #[test]
    fn the_key_is_taken_from_header_basic_or_parameter() {
        assert!(carries("", &[("x-clickhouse-key", "secret")]));
        assert!(carries("password=secret", &[]));
        assert!(carries("", &[("authorization", "Basic dTpzZWNyZXQ=")]));
        assert!(!carries("", &[]));
        assert!(!carries("password=secre", &[]));
        assert!(!carries("password=secret", &[("x-clickhouse-key", "other")]));
        assert!(!carries("", &[("authorization", "Basic !!")]));
        assert!(!carries("", &[("authorization", "Bearer secret")]));
    }

    #[test]
    fn parameters_are_sorted_by_what_they_mean() -> Result<(), Fault> {
        let parameters = Parameters::from_url(Some(
            "database=d&default_format=CSV&param_a=%E6%BA%AF%3F&max_threads=2&query_id=x&decompress=0",
        ))?;
        assert_eq!(parameters.database.as_deref(), Some("d"));
        assert_eq!(parameters.default_format.as_deref(), Some("CSV"));
        assert_eq!(parameters.params, [(String::from("a"), String::from("溯?"))]);
        assert_eq!(parameters.settings, [(String::from("max_threads"), String::from("2"))]);
        assert!(Parameters::from_url(Some("decompress=1")).is_err());
        assert!(Parameters::from_url(Some("session_id=1")).is_err());
        Ok(())
    }
}
