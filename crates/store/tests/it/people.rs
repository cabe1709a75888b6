//! Accounts, roles and what is kept beside them: what counts once counts once, and what is erased is gone.

use suyuan_crypto::random::SeededEntropy;
use suyuan_crypto::seal::SecretKey;
use suyuan_domain::id::ObjectId;
use suyuan_domain::scope::Scope;
use suyuan_store::StoreError;
use suyuan_store::account::Account;
use suyuan_store::role::RoleRow;
use suyuan_store::side_car::open_for_person;

use crate::support::{Outcome, World, at, on_both};

const PLACE: &str = "account";

fn key() -> SecretKey {
    SecretKey::from_bytes([7; 16])
}

fn person() -> ObjectId {
    ObjectId::from_bytes([9; 16])
}

/// An account as versions before the sealing have left it.
async fn old_account(world: &World) -> Outcome {
    let insert = |id: &str| {
        format!(
            "INSERT INTO account (id, username, display_name, role, division, password, email, state, failures, version, \
             created_at, updated_at) VALUES ({id}, 'old', '旧时姓名', 'supervisor', '370202', '!', 'old@example.cn', \
             'active', 0, 1, 0, 0)"
        )
    };
    let hex = "09".repeat(16);
    world.run_either(&insert(&format!("X'{hex}'")), &insert(&format!("'\\x{hex}'::bytea"))).await
}

#[tokio::test]
async fn h_6_5_names_in_plain_columns_are_sealed_and_erased_with_their_key() -> Outcome {
    on_both(async |world| {
        let (store, entropy) = (world.store("370200").await?, SeededEntropy::new(1));
        old_account(world).await?;
        let plain = store.plain_accounts().await?;
        assert_eq!((plain[0].display_name.as_str(), plain[0].email.as_str()), ("旧时姓名", "old@example.cn"));
        let tx = store.begin().await?;
        let sealed = tx.seal_for_person(&key(), person(), PLACE, "旧时姓名".as_bytes(), &entropy).await?;
        tx.seal_plain_account(person(), &sealed).await?;
        tx.commit().await?;
        assert!(store.plain_accounts().await?.is_empty());
        assert_eq!(world.number("SELECT COUNT(*) FROM account WHERE display_name <> '' OR email <> ''").await?, 0);
        let account = store.system_account(person()).await?.ok_or("no account")?;
        let (sealed, wrapped) =
            (account.personal.clone().ok_or("unsealed")?, account.person_key.clone().ok_or("no key")?);
        let opened = open_for_person(&key(), person(), PLACE, &wrapped, &sealed)?;
        assert_eq!(opened.as_slice(), "旧时姓名".as_bytes());
        assert!(open_for_person(&key(), person(), "elsewhere", &wrapped, &sealed).is_err(), "bound to its place");

        let tx = store.begin().await?;
        let nameless = Account { username: "deleted-1".into(), personal: None, version: 2, ..account };
        tx.erase_account(&nameless, 1, at(5)).await?;
        tx.commit().await?;
        let erased = store.system_account(person()).await?.ok_or("no account")?;
        assert_eq!((erased.personal, erased.person_key), (None, None));
        let tx = store.begin().await?;
        let again = tx.seal_for_person(&key(), person(), PLACE, b"x", &entropy).await;
        assert!(matches!(again, Err(StoreError::Conflict { .. })), "nobody comes back under this key");
        tx.rollback().await?;
        Ok(())
    })
    .await
}

#[tokio::test]
async fn h_9_codes_tickets_and_steps_count_once() -> Outcome {
    on_both(async |world| {
        let store = world.store("370200").await?;
        old_account(world).await?;
        let tx = store.begin().await?;
        tx.set_recovery_codes(person(), &[[1; 32], [2; 32]]).await?;
        assert!(tx.use_recovery_code(person(), &[1; 32]).await?);
        assert!(!tx.use_recovery_code(person(), &[1; 32]).await?);
        assert!(!tx.use_recovery_code(ObjectId::from_bytes([8; 16]), &[2; 32]).await?, "somebody else's");
        assert!(tx.spend_ticket(&[3; 32], at(10)).await?);
        assert!(!tx.spend_ticket(&[3; 32], at(10)).await?);
        assert!(tx.use_step(person(), 7).await?);
        assert!(!tx.use_step(person(), 7).await? && !tx.use_step(person(), 6).await?);
        for number in 0..8 {
            tx.remember_password(person(), &format!("phc-{number}"), 4, at(number)).await?;
        }
        tx.commit().await?;
        assert_eq!(store.recovery_codes_left(person()).await?, 1);
        assert_eq!(store.former_passwords(person()).await?, ["phc-7", "phc-6", "phc-5", "phc-4"]);
        assert_eq!(store.delete_spent_tickets(at(9), 10).await?, 0);
        assert_eq!(store.delete_spent_tickets(at(10), 10).await?, 1);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn g_5_4_3b_roles_are_kept_as_written() -> Outcome {
    on_both(async |world| {
        let store = world.store("370200").await?;
        old_account(world).await?;
        let role = RoleRow {
            code: "clerk".into(),
            name: "登记员".into(),
            parent: Some("supervisor".into()),
            allow: vec!["subject.write".into()],
            deny: vec![],
            grants: None,
            note: String::new(),
            version: 1,
            created_at: at(1),
            updated_at: at(1),
            updated_by: "security".into(),
        };
        let tx = store.begin().await?;
        tx.add_role(&role).await?;
        tx.decide_second_factor("clerk", true).await?;
        tx.decide_second_factor("supervisor", false).await?;
        tx.commit().await?;
        assert_eq!(store.roles().await?, std::slice::from_ref(&role));
        let factors: Vec<(String, bool)> = store.second_factors().await?.into_iter().collect();
        assert_eq!(factors, [("clerk".to_owned(), true), ("supervisor".to_owned(), false)]);
        assert_eq!(store.role_counts(&Scope::everything()).await?.get("supervisor"), Some(&1));
        let tx = store.begin().await?;
        let newer = RoleRow { version: 2, grants: Some(vec!["subject.*".into()]), ..role.clone() };
        tx.change_role(&newer, 1).await?;
        assert!(matches!(tx.change_role(&newer, 1).await, Err(StoreError::Conflict { .. })));
        assert_eq!(tx.roles().await?, [newer]);
        assert!(tx.remove_role("clerk").await? && !tx.remove_role("clerk").await?);
        assert_eq!(tx.accounts_of_role("supervisor").await?, 1);
        assert_eq!(tx.others_of_roles(person(), &["supervisor".to_owned()], at(1)).await?, 0);
        assert_eq!(tx.others_of_roles(ObjectId::from_bytes([8; 16]), &["supervisor".to_owned()], at(1)).await?, 1);
        tx.commit().await?;
        assert!(!store.second_factors().await?.contains_key("clerk"));
        Ok(())
    })
    .await
}
