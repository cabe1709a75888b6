//! Who may do what (安全): passwords, captcha, second factor, permission policy, the context of one operation, rules for
//! sessions and logins.
//!
//! Permissions are roles × kinds × actions, written and validated in casbin and compiled to a map ([`policy`]). Which
//! data an actor sees is [`suyuan_domain::scope::Scope`], never policy. Storing accounts, sessions and failures belongs
//! to `store`, cookies to `api`. Rows: G-5.4.2, G-5.4.3, A-6.1, H-6.5, H-9.

pub mod captcha;
pub mod context;
pub mod openid;
pub mod password;
pub mod policy;
pub mod second_factor;
pub mod session;
pub mod throttle;

/// Everything that can go wrong in this crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SecurityError {
    /// The source of randomness failed or a token could not be made.
    #[error("安全组件出错：{0}")]
    Crypto(#[from] suyuan_crypto::CryptoError),
    /// The work of hashing was refused: bad parameters or a password beyond the limit.
    #[error("口令处理失败：{0}")]
    Password(&'static str),
    /// A second factor could not be made or read.
    #[error("双因素认证出错：{0}")]
    SecondFactor(&'static str),
    /// The picture of a captcha could not be written.
    #[error("验证码生成失败")]
    Captcha,
    /// The hashing task was cut off, because the process is stopping.
    #[error("口令校验被中断，请重试")]
    Interrupted,
    /// A policy was refused; the one in force stays.
    #[error(transparent)]
    Policy(#[from] policy::PolicyError),
    /// An ID token, key set or document of discovery could not be made.
    #[error("统一登录出错：{0}")]
    OpenId(String),
}

impl SecurityError {
    /// Stable code for the error envelope.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Crypto(_) => "SEC-0101",
            Self::Password(_) => "SEC-0102",
            Self::Interrupted => "SEC-0103",
            Self::SecondFactor(_) => "SEC-0104",
            Self::Captcha => "SEC-0105",
            Self::OpenId(_) => "SEC-0106",
            Self::Policy(_) => "SEC-0201",
        }
    }
}

/// Result of this crate.
pub type Result<T> = std::result::Result<T, SecurityError>;
