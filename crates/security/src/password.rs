//! Passwords (口令): Argon2id hashes as PHC text, and the rules for choosing one.
//!
//! Hashing blocks a thread and takes memory: requests go through [`Gate`], which bounds how many run at once. Keeping the
//! text, its age and its history belongs to `store`. Rows, H-9, G-10.3b.

use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use suyuan_crypto::random::{Entropy, array};
use suyuan_domain::fault::Fault;
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

use crate::{Result, SecurityError};

/// Longest password that is hashed, in bytes.
pub const MAX_BYTES: usize = 512;

/// Fewest characters of a new password.
pub const MIN_CHARS: usize = 12;

/// Of capital letters, small letters, digits and signs, how many sorts a new password must have.
pub const CLASSES: usize = 3;

/// Most memory that a stored hash may ask for, in KiB; guards against a planted row.
const MEMORY_LIMIT: u32 = 1 << 20;

/// Cost of one hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes.
    pub passes: u32,
    /// Lanes.
    pub lanes: u32,
}

impl Default for Cost {
    fn default() -> Self {
        Self { memory_kib: 19_456, passes: 2, lanes: 1 }
    }
}

/// Result of comparing a password with a stored hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is the password.
    Ok,
    /// It is the password, and the hash was made at another cost: hash again and store.
    OkNeedsRehash,
    /// It is not the password, or the stored text is no hash.
    Wrong,
}

/// Makes and checks hashes; blocks while it works.
#[derive(Clone, Debug)]
pub struct Hasher {
    argon: Argon2<'static>,
    cost: Cost,
}

impl Hasher {
    /// A hasher of this cost.
    ///
    /// # Errors
    /// When Argon2 does not allow the cost.
    pub fn new(cost: Cost) -> Result<Self> {
        let params = Params::new(cost.memory_kib, cost.passes, cost.lanes, None)
            .map_err(|_| SecurityError::Password("口令散列参数无效"))?;
        Ok(Self { argon: Argon2::new(Algorithm::Argon2id, Version::V0x13, params), cost })
    }

    /// The PHC text of a password, with a salt of its own.
    ///
    /// # Errors
    /// When the password has more than [`MAX_BYTES`] bytes or the source of randomness fails.
    pub fn hash(&self, password: &str, entropy: &dyn Entropy) -> Result<String> {
        if password.len() > MAX_BYTES {
            return Err(SecurityError::Password("口令过长"));
        }
        let salt = array::<16>(entropy)?;
        self.hash_with(password, &salt)
    }

    /// Compares a password with a stored PHC text.
    #[must_use]
    pub fn verify(&self, phc: &str, password: &str) -> Verdict {
        let Some((hash, cost)) = parse(phc).filter(|_| password.len() <= MAX_BYTES) else {
            // The same work as for a real hash, so that the answer's time tells nothing.
            self.verify_absent();
            return Verdict::Wrong;
        };
        if self.argon.verify_password(password.as_bytes(), &hash).is_err() {
            return Verdict::Wrong;
        }
        if cost == self.cost { Verdict::Ok } else { Verdict::OkNeedsRehash }
    }

    /// Does the work of one comparison for a name that does not exist, so that the time of the answer does not tell.
    pub fn verify_absent(&self) {
        // A failure here changes nothing: the answer is "wrong" in any case.
        drop(self.hash_with("absent", &[0; 16]));
    }

    fn hash_with(&self, password: &str, salt: &[u8]) -> Result<String> {
        self.argon
            .hash_password_with_salt(password.as_bytes(), salt)
            .map(|hash: PasswordHash| hash.to_string())
            .map_err(|_| SecurityError::Password("口令散列失败"))
    }
}

fn parse(phc: &str) -> Option<(PasswordHash, Cost)> {
    let hash = PasswordHash::new(phc).ok()?;
    let params = Params::try_from(&hash).ok()?;
    let cost = Cost { memory_kib: params.m_cost(), passes: params.t_cost(), lanes: params.p_cost() };
    let sane = hash.algorithm.as_str() == "argon2id" && cost.memory_kib <= MEMORY_LIMIT && cost.passes <= 64;
    (sane && hash.hash.is_some()).then_some((hash, cost))
}

/// Hashing from asynchronous code: on threads that may block, and only a few at once.
#[derive(Clone, Debug)]
pub struct Gate {
    hasher: Hasher,
    permits: Arc<Semaphore>,
}

impl Gate {
    /// Lets at most `at_once` hashes run together (at least one); the others wait.
    #[must_use]
    pub fn new(hasher: Hasher, at_once: usize) -> Self {
        Self { hasher, permits: Arc::new(Semaphore::new(at_once.max(1))) }
    }

    /// [`Hasher::hash`] behind the gate.
    ///
    /// # Errors
    /// As there, or when the process is stopping.
    pub async fn hash(&self, password: Zeroizing<String>, entropy: Arc<dyn Entropy>) -> Result<String> {
        self.run(move |hasher| hasher.hash(&password, &*entropy)).await?
    }

    /// [`Hasher::verify`] behind the gate; without a stored hash the same work is done and the verdict is wrong.
    ///
    /// # Errors
    /// Only when the process is stopping.
    pub async fn verify(&self, phc: Option<String>, password: Zeroizing<String>) -> Result<Verdict> {
        self.run(move |hasher| match phc {
            Some(phc) => hasher.verify(&phc, &password),
            None => {
                hasher.verify_absent();
                Verdict::Wrong
            }
        })
        .await
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce(&Hasher) -> T + Send + 'static) -> Result<T> {
        let permit = Arc::clone(&self.permits).acquire_owned().await.map_err(|_| SecurityError::Interrupted)?;
        let hasher = self.hasher.clone();
        // The permit moves along: a caller that goes away does not free a place while the thread still works.
        let task = tokio::task::spawn_blocking(move || {
            let done = work(&hasher);
            drop(permit);
            done
        });
        task.await.map_err(|_| SecurityError::Interrupted)
    }
}

/// How many passwords before the present one may not come again.
pub const REMEMBERED: usize = 5;

/// A password to be given to a person once, who then chooses another: 20 characters of three classes.
///
/// # Errors
/// When the source of randomness fails.
pub fn one_time_password(entropy: &dyn Entropy) -> Result<String> {
    // The ends make three classes certain and are known; 80 random bits stand between.
    Ok(format!("{}-z9", crate::second_factor::characters(entropy, 16, 4)?))
}

/// Passwords that satisfy the form and are guessed first all the same, in lower case without digits and signs around.
#[rustfmt::skip]
const COMMON: &[&str] = &[
    "password", "passw0rd", "p@ssw0rd", "p@ssword", "pa55word", "pass", "passwd", "secret", "admin", "administrator",
    "admin888", "root", "toor", "superuser", "sysadmin", "system", "manager", "guest", "user", "username", "login",
    "default", "public", "master", "oracle", "mysql", "postgres", "tomcat", "cisco", "huawei", "lenovo", "xiaomi",
    "alibaba", "tencent", "weixin", "wechat", "taobao", "baidu", "jingdong", "qwerty", "qwertyui", "qwertyuiop",
    "qweasd", "qweasdzxc", "qwe123", "qwer1234", "qwer", "1qaz2wsx", "1qaz@wsx", "1q2w3e4r", "1q2w3e", "1q2w3e4r5t",
    "zaq12wsx", "zaq1@wsx", "qazwsx", "qazwsxedc", "asdf", "asdfgh", "asdfghjkl", "zxcv", "zxcvbn", "zxcvbnm", "abc",
    "abc123", "abcd", "abcd1234", "abcdef", "abcdefg", "abcdefgh", "a123456", "aa123456", "123456", "12345678",
    "123456789", "1234567890", "654321", "987654321", "111111", "000000", "666666", "888888", "123123", "112233",
    "147258369", "5201314", "iloveyou", "woaini", "woaini1314", "love", "forever", "princess", "dragon", "monkey",
    "sunshine", "football", "baseball", "welcome", "letmein", "changeme", "change", "hello", "helloworld", "trustno1",
    "whatever", "freedom", "shadow", "michael", "superman", "batman", "starwars", "computer", "internet", "server",
    "test", "testing", "tester", "demo", "temp", "temporary", "monday", "january", "spring", "summer", "autumn",
    "winter", "china", "zhongguo", "zhonghua", "beijing", "shanghai", "shandong", "qingdao", "jinan", "guangzhou",
    "shenzhen", "nihao", "haoren", "suyuan", "zhuisu", "jianguan", "shichang", "shangwu", "zhengfu", "gongan",
    "caizheng", "yuangong", "bangong", "kehu", "fuwu", "anquan", "mima", "yonghu", "guanliyuan",
];

/// Everything that is wrong with a new password; empty when it may be used (口令复杂度).
#[must_use]
pub fn password_rules(password: &str, username: &str) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut fault = |code: &str, reason: String, advice: &str| {
        faults.push(Fault::new(code, "password", reason, advice));
    };
    let chars = password.chars().count();
    if chars < MIN_CHARS {
        fault("SEC-0111", format!("口令只有 {chars} 位"), "请使用不少于 12 位的口令");
    }
    if password.len() > MAX_BYTES {
        fault("SEC-0112", "口令过长".to_owned(), "请使用不超过 128 位的口令");
    }
    let classes = classes(password);
    if classes < CLASSES {
        fault("SEC-0113", format!("口令只含 {classes} 类字符"), "大写字母、小写字母、数字、符号中至少使用三类");
    }
    let lower = password.to_lowercase();
    let name = username.trim().to_lowercase();
    if name.chars().count() >= 3 && lower.contains(&name) {
        fault("SEC-0114", "口令包含用户名".to_owned(), "请去掉口令中的用户名");
    }
    if is_common(&lower) {
        fault("SEC-0115", "口令过于常见，容易被猜到".to_owned(), "请使用几个互不相关的词语和数字、符号组合");
    }
    faults
}

fn classes(password: &str) -> usize {
    let has = |class: fn(&char) -> bool| usize::from(password.chars().any(|c| class(&c)));
    has(|c| c.is_lowercase())
        + has(|c| c.is_uppercase())
        + has(|c| c.is_numeric())
        + has(|c| !c.is_lowercase() && !c.is_uppercase() && !c.is_numeric())
}

/// Whether the password is one of the common ones, repeated or with digits and signs before and after.
fn is_common(lower: &str) -> bool {
    let core = lower.trim_matches(|c: char| !c.is_alphabetic());
    let whole = lower.trim_end_matches(|c: char| !c.is_alphanumeric());
    let mut distinct: Vec<char> = lower.chars().collect();
    distinct.sort_unstable();
    distinct.dedup();
    distinct.len() < 5 || COMMON.iter().any(|common| made_of(core, common) || made_of(whole, common))
}

fn made_of(text: &str, word: &str) -> bool {
    !text.is_empty() && text.split(word).all(str::is_empty)
}

#[cfg(test)]
mod tests {
    use super::*;
    use suyuan_crypto::random::SeededEntropy;

    const CHEAP: Cost = Cost { memory_kib: 64, passes: 1, lanes: 1 };

    fn hasher(cost: Cost) -> Hasher {
        Hasher::new(cost).expect("allowed cost")
    }

    #[test]
    fn a_6_1_a_password_is_known_again_and_no_other() {
        let hasher = hasher(CHEAP);
        let entropy = SeededEntropy::new(1);
        let phc = hasher.hash("正确的口令 Abc1", &entropy).expect("hash");
        assert!(phc.starts_with("$argon2id$v=19$m=64,t=1,p=1$"), "{phc}");
        assert_eq!(hasher.verify(&phc, "正确的口令 Abc1"), Verdict::Ok);
        assert_eq!(hasher.verify(&phc, "正确的口令 Abc2"), Verdict::Wrong);
        assert_eq!(hasher.verify(&phc, ""), Verdict::Wrong);
        assert_ne!(phc, hasher.hash("正确的口令 Abc1", &entropy).expect("hash"), "each hash has its own salt");
    }

    #[test]
    fn h_9_hashes_of_another_cost_are_made_anew() {
        let old = hasher(CHEAP).hash("secret", &SeededEntropy::new(1)).expect("hash");
        let new = hasher(Cost { memory_kib: 128, ..CHEAP });
        assert_eq!(new.verify(&old, "secret"), Verdict::OkNeedsRehash);
        assert_eq!(new.verify(&old, "wrong"), Verdict::Wrong);
    }

    #[test]
    fn h_9_the_default_cost_is_the_recommended_one() {
        let phc = hasher(Cost::default()).hash("secret", &SeededEntropy::new(1)).expect("hash");
        assert!(phc.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{phc}");
        assert!(matches!(Hasher::new(Cost { memory_kib: 1, ..CHEAP }), Err(SecurityError::Password(_))));
    }

    #[test]
    fn h_9_stored_text_that_is_no_hash_matches_nothing() {
        let hasher = hasher(CHEAP);
        let planted = "$argon2id$v=19$m=4294967295,t=2,p=1$c2FsdHNhbHRzYWx0$aGFzaGhhc2hoYXNoaGFzaA";
        for phc in ["", "secret", "$argon2id$", "$argon2i$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$aGFzaGhhc2g", planted] {
            assert_eq!(hasher.verify(phc, "secret"), Verdict::Wrong, "{phc}");
        }
        let long = "a".repeat(MAX_BYTES + 1);
        assert!(matches!(hasher.hash(&long, &SeededEntropy::new(1)), Err(SecurityError::Password(_))));
    }

    #[tokio::test]
    async fn h_9_the_gate_lets_every_caller_through_in_turn() {
        let gate = Gate::new(hasher(CHEAP), 0);
        let entropy: Arc<dyn Entropy> = Arc::new(SeededEntropy::new(1));
        let phc = gate.hash(Zeroizing::new("secret".into()), entropy).await.expect("hash");
        let waiting: Vec<_> = (0..8)
            .map(|n| {
                let (gate, phc) = (gate.clone(), phc.clone());
                let password = Zeroizing::new(if n % 2 == 0 { "secret" } else { "wrong" }.to_owned());
                tokio::spawn(async move { gate.verify(Some(phc), password).await })
            })
            .collect();
        for (n, task) in waiting.into_iter().enumerate() {
            let expected = if n % 2 == 0 { Verdict::Ok } else { Verdict::Wrong };
            assert_eq!(task.await.expect("task").expect("verdict"), expected, "{n}");
        }
        assert_eq!(gate.verify(None, Zeroizing::new("secret".into())).await.expect("verdict"), Verdict::Wrong);
    }

    #[test]
    fn h_9_weak_passwords_are_refused_with_a_reason() {
        let check = |password: &str, expected: &[&str]| {
            let faults = password_rules(password, "zhangwei");
            let codes: Vec<&str> = faults.iter().map(|fault| fault.code.as_str()).collect();
            assert_eq!(codes, expected, "{password}");
            assert!(faults.iter().all(|fault| !fault.reason.is_empty() && !fault.advice.is_empty()));
        };
        check("Lvcha-7-Shanlin", &[]);
        check("茶山Qingdao2026", &[]);
        check("Ab1-x", &["SEC-0111"]);
        check("abcdefghijkmnop", &["SEC-0113"]);
        check("abcdef12345678xz", &["SEC-0113"]);
        check("ZhangWei-2026-x!", &["SEC-0114"]);
        check("Password2026!!", &["SEC-0115"]);
        check("Admin@12345678", &["SEC-0115"]);
        check("Aa1!Aa1!Aa1!", &["SEC-0115"]);
        check("", &["SEC-0111", "SEC-0113", "SEC-0115"]);
        check(&"Ab1-xyzQ".repeat(80), &["SEC-0112"]);
    }

    #[test]
    fn h_9_without_randomness_nothing_is_hashed() {
        struct Empty;
        impl Entropy for Empty {
            fn fill(&self, _: &mut [u8]) -> suyuan_crypto::Result<()> {
                Err(suyuan_crypto::CryptoError::Random)
            }
        }
        let error = hasher(CHEAP).hash("secret", &Empty).expect_err("no salt");
        assert!(matches!(error, SecurityError::Crypto(_)));
        assert_eq!(error.code(), "SEC-0101");
        assert!(crate::session::new_session(&Empty).is_err());
    }

    #[test]
    fn h_9_a_password_given_once_keeps_the_rules() {
        let entropy = SeededEntropy::new(8);
        let first = one_time_password(&entropy).expect("seeded");
        assert_ne!(first, one_time_password(&entropy).expect("seeded"));
        for _ in 0..200 {
            let password = one_time_password(&entropy).expect("seeded");
            assert_eq!(password_rules(&password, "zhangwei"), [], "{password}");
        }
    }

    #[test]
    fn h_9_a_short_name_does_not_forbid_half_the_alphabet() {
        assert!(password_rules("Lvcha-7-Shanlin", "li").is_empty());
        assert!(password_rules("Lvcha-7-Shanlin", "").is_empty());
    }
}
