//! Personal data of accounts (个人信息): sealed under a key per person wherever they are kept. Rows: G-10.4, H-6.5.

use serde::{Deserialize, Serialize};
use suyuan_domain::fault::Fault;
use suyuan_domain::id::ObjectId;
use suyuan_domain::search::{mask_phone, normalise};
use suyuan_store::Tx;
use suyuan_store::account::Account;
use suyuan_store::side_car::open_for_person;

use crate::access::{is_mail_address, mask_mail};
use crate::{Node, Result};

/// Where the sealed value stands.
const PLACE: &str = "account";

/// Most characters of a name.
const NAME_LIMIT: usize = 50;

/// Who a person is; all empty once erased.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Personal {
    /// Name for people.
    pub display_name: String,
    /// Telephone; may be empty.
    pub phone: String,
    /// Address for mail; may be empty.
    pub email: String,
}

impl Personal {
    pub(super) fn trimmed(self) -> Self {
        let trim = |text: String| text.trim().to_owned();
        Self { display_name: trim(self.display_name), phone: trim(self.phone), email: trim(self.email) }
    }

    /// With telephone and address masked.
    #[must_use]
    pub fn masked(&self) -> Self {
        Self { display_name: self.display_name.clone(), phone: mask_phone(&self.phone), email: mask_mail(&self.email) }
    }

    /// Everything that is wrong with it.
    pub(super) fn faults(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        let chars = self.display_name.chars().count();
        if chars == 0 || chars > NAME_LIMIT || self.display_name.chars().any(char::is_control) {
            faults.push(Fault::new("AUTH-0119", "display_name", "姓名为空或过长", "请填写 1 至 50 个字的姓名"));
        }
        let plain = self.phone.chars().all(|c| c.is_ascii_digit() || "+- ".contains(c));
        if !self.phone.is_empty() && (!plain || !(5..=20).contains(&self.phone.len())) {
            faults.push(Fault::new("AUTH-0117", "phone", "联系电话不正确", "请填写 5 至 20 位数字，可含 + 和 -"));
        }
        if !is_mail_address(&self.email) {
            faults.push(Fault::new("AUTH-0118", "email", "邮箱地址不正确", "请填写形如 name@example.cn 的地址"));
        }
        faults
    }

    /// Whether one of them holds `words`, whatever widths and cases.
    pub(super) fn holds(&self, words: &str) -> bool {
        let words = normalise(words);
        [&self.display_name, &self.phone, &self.email].into_iter().any(|text| normalise(text).contains(&words))
    }
}

pub(super) async fn seal(node: &Node, tx: &Tx, person: ObjectId, personal: &Personal) -> Result<Vec<u8>> {
    let plain = zeroize::Zeroizing::new(serde_json::to_vec(personal)?);
    Ok(tx.seal_for_person(&node.sealing_key, person, PLACE, &plain, &*node.entropy).await?)
}

/// Who the person of an account is; nobody once erased.
pub(crate) fn open(node: &Node, account: &Account) -> Result<Personal> {
    let (Some(sealed), Some(wrapped)) = (&account.personal, &account.person_key) else {
        return Ok(Personal::default());
    };
    let plain = open_for_person(&node.sealing_key, account.id, PLACE, wrapped, sealed)?;
    Ok(serde_json::from_slice(&plain)?)
}

/// Seals what earlier versions have kept in plain columns.
pub(super) async fn seal_plain(node: &Node) -> Result<()> {
    for plain in node.store.plain_accounts().await? {
        let personal = Personal { display_name: plain.display_name, phone: String::new(), email: plain.email };
        let tx = node.store.begin().await?;
        let sealed = seal(node, &tx, plain.id, &personal).await?;
        tx.seal_plain_account(plain.id, &sealed).await?;
        tx.commit().await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn h_6_5_personal_data_are_checked_masked_and_found() {
        let check = |name: &str, phone: &str, email: &str, expected: &[&str]| {
            let personal = Personal { display_name: name.into(), phone: phone.into(), email: email.into() };
            let codes: Vec<String> = personal.faults().into_iter().map(|fault| fault.code).collect();
            assert_eq!(codes, expected, "{name} {phone} {email}");
        };
        check("赵敏", "13800001234", "zhao@example.cn", &[]);
        check("赵敏", "", "", &[]);
        check("", "12", "zhao", &["AUTH-0119", "AUTH-0117", "AUTH-0118"]);
        let personal =
            Personal { display_name: "赵敏".into(), phone: "13800001234".into(), email: "Zhao@example.cn".into() };
        assert!(personal.holds("敏") && personal.holds("zhao@example") && personal.holds("1380000"));
        assert!(!personal.holds("钱"));
        assert!(!format!("{:?}", personal.masked()).contains("0000123"));
    }
}
