//! What an OpenID provider says (统一登录提供方): ID tokens, the set of public keys, the document of discovery, and the check of
//! a code verifier. Forms and names come from the `openidconnect` crate; which token is given to whom is decided in
//! `suyuan-service`. Rows: H-9.4.

use std::str::FromStr;

use openidconnect::core::{
    CoreClaimName, CoreClientAuthMethod, CoreGenderClaim, CoreGrantType, CoreIdTokenVerifier, CoreJsonCurveType,
    CoreJsonWebKey, CoreJsonWebKeySet, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm,
    CoreProviderMetadata, CoreResponseType, CoreSubjectIdentifierType,
};
use openidconnect::{
    AccessToken, AdditionalClaims, Audience, AuthUrl, AuthenticationContextClass, AuthenticationMethodReference,
    ClientId, EmptyAdditionalProviderMetadata, EndUserEmail, EndUserName, EndUserUsername, IdToken, IdTokenClaims,
    IssuerUrl, JsonWebKeyId, JsonWebKeySetUrl, LocalizedClaim, Nonce, PkceCodeChallenge, PkceCodeVerifier,
    PrivateSigningKey, ResponseTypes, Scope, SigningError, StandardClaims, SubjectIdentifier, TokenUrl, UserInfoUrl,
};
use serde::{Deserialize, Serialize};
use suyuan_crypto::es256::TokenKey;
use suyuan_domain::clock::Timestamp;

use crate::{Result, SecurityError};

/// What is told of a person beyond the standard claims (组织信息).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Organization {
    /// Division.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub division: Option<String>,
    /// Name of the division.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub division_name: Option<String>,
    /// Code of the role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// Name of the role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role_name: Option<String>,
    /// Categories that the person works on; absent for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub categories: Option<Vec<String>>,
}

impl AdditionalClaims for Organization {}

type Token = IdToken<Organization, CoreGenderClaim, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm>;

/// What an ID token says.
#[derive(Clone, Debug, Default)]
pub struct Claims {
    /// Who says it.
    pub issuer: String,
    /// To which application.
    pub audience: String,
    /// Of whom.
    pub subject: String,
    /// The application's own mark of its request.
    pub nonce: Option<String>,
    /// Full name, where the application may know it.
    pub name: Option<String>,
    /// Name for signing in, where the application may know it.
    pub username: Option<String>,
    /// Address for mail, where the application may know it.
    pub email: Option<String>,
    /// Where the person works, where the application may know it.
    pub organization: Organization,
    /// When the person showed who he is.
    pub auth_time: Timestamp,
    /// Whether a second factor was shown.
    pub second_factor: bool,
    /// When it is said.
    pub issued: Timestamp,
    /// Until when it holds.
    pub expires: Timestamp,
}

/// A key with its name.
#[derive(Clone, Debug)]
pub struct NamedKey {
    /// Name under which it is published.
    pub kid: String,
    /// The key.
    pub key: TokenKey,
}

/// Signed in with a password.
pub const ACR_PASSWORD: &str = "urn:suyuan:acr:password";
/// Signed in with a second factor as well.
pub const ACR_SECOND_FACTOR: &str = "urn:suyuan:acr:mfa";

impl NamedKey {
    fn public(&self) -> CoreJsonWebKey {
        let (x, y) = self.key.public();
        CoreJsonWebKey::new_ec(
            x.to_vec(),
            y.to_vec(),
            CoreJsonCurveType::P256,
            Some(JsonWebKeyId::new(self.kid.clone())),
        )
    }
}

impl PrivateSigningKey for NamedKey {
    type VerificationKey = CoreJsonWebKey;

    fn sign(&self, alg: &CoreJwsSigningAlgorithm, message: &[u8]) -> std::result::Result<Vec<u8>, SigningError> {
        if *alg != CoreJwsSigningAlgorithm::EcdsaP256Sha256 {
            return Err(SigningError::UnsupportedAlg("only ES256".to_owned()));
        }
        let signed = self.key.sign(message).map_err(|error| SigningError::Other(error.to_string()))?;
        Ok(signed.to_vec())
    }

    fn as_verification_key(&self) -> CoreJsonWebKey {
        self.public()
    }
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn refused(error: impl ToString) -> SecurityError {
    SecurityError::OpenId(error.to_string())
}

/// An ID token; with `access_token` it is bound to that one.
///
/// # Errors
/// When the issuer is no address, or the key refuses.
pub fn id_token(claims: &Claims, key: &NamedKey, access_token: Option<&str>) -> Result<String> {
    let text = |text: &Option<String>| text.clone();
    let standard = StandardClaims::<CoreGenderClaim>::new(SubjectIdentifier::new(claims.subject.clone()))
        .set_name(text(&claims.name).map(|name| LocalizedClaim::from(EndUserName::new(name))))
        .set_preferred_username(text(&claims.username).map(EndUserUsername::new))
        .set_email(text(&claims.email).map(EndUserEmail::new));
    let (acr, methods): (&str, &[&str]) =
        if claims.second_factor { (ACR_SECOND_FACTOR, &["pwd", "otp", "mfa"]) } else { (ACR_PASSWORD, &["pwd"]) };
    let methods = methods.iter().map(|method| AuthenticationMethodReference::new((*method).to_owned())).collect();
    let told = IdTokenClaims::new(
        IssuerUrl::new(claims.issuer.clone()).map_err(refused)?,
        vec![Audience::new(claims.audience.clone())],
        claims.expires.to_utc(),
        claims.issued.to_utc(),
        standard,
        claims.organization.clone(),
    )
    .set_nonce(claims.nonce.clone().map(Nonce::new))
    .set_auth_time(Some(claims.auth_time.to_utc()))
    .set_auth_context_ref(Some(AuthenticationContextClass::new(acr.to_owned())))
    .set_auth_method_refs(Some(methods));
    let access_token = access_token.map(|token| AccessToken::new(token.to_owned()));
    let token = Token::new(told, key, CoreJwsSigningAlgorithm::EcdsaP256Sha256, access_token.as_ref(), None);
    Ok(token.map_err(refused)?.to_string())
}

/// Subject and audience of an ID token that these keys signed, expired or not: for signing out with it.
#[must_use]
pub fn hinted(token: &str, issuer: &str, audience: &str, keys: &[NamedKey]) -> Option<String> {
    let issuer = IssuerUrl::new(issuer.to_owned()).ok()?;
    let set = CoreJsonWebKeySet::new(keys.iter().map(NamedKey::public).collect());
    let verifier = CoreIdTokenVerifier::new_public_client(ClientId::new(audience.to_owned()), issuer, set)
        .set_allowed_algs([CoreJwsSigningAlgorithm::EcdsaP256Sha256])
        .set_time_fn(|| Timestamp::from_millis(0).to_utc());
    let token = Token::from_str(token).ok()?;
    let claims = token.claims(&verifier, |_: Option<&Nonce>| Ok(())).ok()?;
    Some(claims.subject().to_string())
}

/// The public keys as other software reads them.
///
/// # Errors
/// Never in practice.
pub fn key_set(keys: &[NamedKey]) -> Result<String> {
    let set = CoreJsonWebKeySet::new(keys.iter().map(NamedKey::public).collect());
    serde_json::to_string(&set).map_err(refused)
}

/// What of a provider stands in its document of discovery beyond the form's own fields.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Further {
    code_challenge_methods_supported: Vec<String>,
    introspection_endpoint: String,
    revocation_endpoint: String,
    end_session_endpoint: String,
    authorization_response_iss_parameter_supported: bool,
}

/// The document of discovery of the provider at `issuer`.
///
/// # Errors
/// When the issuer is no address.
pub fn discovery(issuer: &str, scopes: &[&str]) -> Result<String> {
    let at = |path: &str| format!("{}/oidc/{path}", issuer.trim_end_matches('/'));
    let claims =
        ["sub", "name", "preferred_username", "email", "division", "division_name", "role", "role_name", "categories"];
    let metadata = CoreProviderMetadata::new(
        IssuerUrl::new(issuer.to_owned()).map_err(refused)?,
        AuthUrl::new(at("authorize")).map_err(refused)?,
        JsonWebKeySetUrl::new(at("jwks")).map_err(refused)?,
        vec![ResponseTypes::new(vec![CoreResponseType::Code])],
        vec![CoreSubjectIdentifierType::Public],
        vec![CoreJwsSigningAlgorithm::EcdsaP256Sha256],
        EmptyAdditionalProviderMetadata {},
    )
    .set_token_endpoint(Some(TokenUrl::new(at("token")).map_err(refused)?))
    .set_userinfo_endpoint(Some(UserInfoUrl::new(at("userinfo")).map_err(refused)?))
    .set_scopes_supported(Some(scopes.iter().map(|scope| Scope::new((*scope).to_owned())).collect()))
    .set_grant_types_supported(Some(vec![CoreGrantType::AuthorizationCode, CoreGrantType::RefreshToken]))
    .set_acr_values_supported(Some(
        [ACR_PASSWORD, ACR_SECOND_FACTOR].map(|acr| AuthenticationContextClass::new(acr.to_owned())).to_vec(),
    ))
    .set_token_endpoint_auth_methods_supported(Some(vec![
        CoreClientAuthMethod::ClientSecretBasic,
        CoreClientAuthMethod::ClientSecretPost,
        CoreClientAuthMethod::None,
    ]))
    .set_claims_supported(Some(claims.map(|claim| CoreClaimName::new(claim.to_owned())).to_vec()))
    .set_request_parameter_supported(Some(false))
    .set_request_uri_parameter_supported(Some(false))
    .set_claims_parameter_supported(Some(false));
    let further = Further {
        code_challenge_methods_supported: vec!["S256".to_owned()],
        introspection_endpoint: at("introspect"),
        revocation_endpoint: at("revoke"),
        end_session_endpoint: at("logout"),
        authorization_response_iss_parameter_supported: true,
    };
    let mut document = serde_json::to_value(metadata).map_err(refused)?;
    if let (Some(fields), serde_json::Value::Object(more)) =
        (document.as_object_mut(), serde_json::to_value(further).map_err(refused)?)
    {
        fields.extend(more);
    }
    Ok(document.to_string())
}

/// Whether a text can be a code verifier or challenge (RFC 7636 4.1).
#[must_use]
pub fn is_verifier(text: &str) -> bool {
    (43..=128).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~'))
}

/// The challenge of a verifier by S256; `None` for what is no verifier.
#[must_use]
pub fn challenge(verifier: &str) -> Option<String> {
    is_verifier(verifier).then(|| {
        let verifier = PkceCodeVerifier::new(verifier.to_owned());
        PkceCodeChallenge::from_code_verifier_sha256(&verifier).as_str().to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use suyuan_crypto::random::SeededEntropy;

    fn key(seed: u64) -> NamedKey {
        NamedKey { kid: format!("k{seed}"), key: TokenKey::generate(&SeededEntropy::new(seed)).expect("a key") }
    }

    fn claims() -> Claims {
        Claims {
            issuer: "https://platform.example.cn".to_owned(),
            audience: "app".to_owned(),
            subject: "u1".to_owned(),
            expires: Timestamp::from_millis(600_000),
            ..Claims::default()
        }
    }

    #[test]
    fn h_9_4_the_challenge_is_that_of_the_standard() {
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        assert_eq!(challenge(verifier).as_deref(), Some("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"));
        for wrong in ["", "short", &"a".repeat(129), &"ä".repeat(43)] {
            assert_eq!(challenge(wrong), None);
        }
    }

    #[test]
    fn h_9_4_a_hint_counts_only_with_our_own_signature_and_for_its_application() {
        let (ours, theirs) = (key(1), key(2));
        let token = id_token(&claims(), &ours, Some("access")).expect("a token");
        let hint = |keys: &[NamedKey], issuer: &str, audience: &str| hinted(&token, issuer, audience, keys);
        assert_eq!(hint(std::slice::from_ref(&ours), "https://platform.example.cn", "app").as_deref(), Some("u1"));
        assert_eq!(hint(std::slice::from_ref(&theirs), "https://platform.example.cn", "app"), None);
        assert_eq!(hint(std::slice::from_ref(&ours), "https://other.example.cn", "app"), None);
        assert_eq!(hint(std::slice::from_ref(&ours), "https://platform.example.cn", "other"), None);
        assert_eq!(hinted("a.b.c", "https://platform.example.cn", "app", &[ours]), None);
    }

    #[test]
    fn h_9_4_discovery_names_what_is_there_and_nothing_secret() {
        let text = discovery("https://platform.example.cn", &["openid"]).expect("a document");
        let document: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(document["issuer"], "https://platform.example.cn");
        assert_eq!(document["code_challenge_methods_supported"], serde_json::json!(["S256"]));
        assert_eq!(document["id_token_signing_alg_values_supported"], serde_json::json!(["ES256"]));
        let set: serde_json::Value = serde_json::from_str(&key_set(&[key(1)]).expect("a set")).expect("JSON");
        assert_eq!(set["keys"][0]["kid"], "k1");
        assert!(set["keys"][0].get("d").is_none());
    }
}
