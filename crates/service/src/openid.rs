//! Signing in across platforms (统一登录), both ways, by OpenID Connect.
//!
//! As provider for other government applications: who may ask ([`client`]), what a person lets them know ([`authorize`]),
//! what they are given for it ([`grant`]), and the keys it is signed with ([`key`]). As the other side: signing in with an
//! outside provider and the links of its identities to accounts ([`partner`]). Forms of the protocol come from
//! `suyuan-security` and `suyuan-exchange`, addresses from `suyuan-api`. Rows: H-9.4, G-5.4.2.

pub mod authorize;
pub mod client;
pub mod grant;
pub mod key;
pub mod partner;

use crate::node::Node;

/// An outside provider as configuration names it.
#[derive(Clone, Default)]
pub struct PartnerSettings {
    /// Its address.
    pub issuer: String,
    /// Its name on the button.
    pub name: String,
    /// Our name there.
    pub client_id: String,
    /// Our secret there; `None` for a public client.
    pub secret: Option<String>,
    /// Values of `acr` by which the provider says that it asked for a second factor.
    pub strong_acr: Vec<String>,
}

impl std::fmt::Debug for PartnerSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PartnerSettings").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}

/// What an application may ask for, with the words for people. The first is always part of it.
pub const SCOPES: [(&str, &str); 5] = [
    ("openid", "确认您的身份"),
    ("profile", "姓名和用户名"),
    ("organization", "所属区划、角色和负责的产品类别"),
    ("email", "电子邮箱"),
    ("offline_access", "在您的登录期间内保持登录"),
];

/// The provider's own address.
#[must_use]
pub fn issuer(node: &Node) -> &str {
    node.config.public_url.trim_end_matches('/')
}

/// `address` with parameters behind it.
fn with_query(address: &str, pairs: &[(&str, &str)]) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(pairs.iter().filter(|(_, value)| !value.is_empty()));
    let mark = if address.contains('?') { '&' } else { '?' };
    format!("{address}{mark}{}", query.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn h_9_4_parameters_are_escaped_and_empty_ones_left_out() {
        assert_eq!(
            with_query("https://a.example.cn/cb?x=1", &[("code", "a b&c"), ("state", ""), ("iss", "https://b")]),
            "https://a.example.cn/cb?x=1&code=a+b%26c&iss=https%3A%2F%2Fb"
        );
    }
}
