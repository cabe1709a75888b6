//! The compiled map and casbin must agree on everything, and bad policies must not come into force.

use casbin::CoreApi;
use suyuan_domain::pack::Packs;
use suyuan_security::policy::{
    AUDITOR, Action, Effect, Kind, POWERS, PolicyError, PolicyRow, PolicySet, PolicySnapshot, RoleRules,
    SECURITY_ADMIN, SYSTEM_ADMIN, SharedPolicy, compile, enforcer, parse_permission,
};

fn role(code: &str, parent: Option<&str>, allow: &[&str], deny: &[&str]) -> RoleRules {
    RoleRules {
        code: code.into(),
        parent: parent.map(Into::into),
        allow: allow.iter().map(|text| (*text).into()).collect(),
        deny: deny.iter().map(|text| (*text).into()).collect(),
    }
}

fn roles() -> Vec<RoleRules> {
    vec![
        role("county", None, &["subject.read", "finding.*", "complaint.answer", "map.read"], &[]),
        role("city", Some("county"), &["evaluation.compute", "report.send", "subject.review"], &["finding.delete"]),
        role("province", Some("city"), &["rule.publish", "finding.delete"], &["complaint.answer"]),
        role("auditor_aide", Some(AUDITOR), &["setting.update", "report.read"], &[]),
        role(SYSTEM_ADMIN, None, &["job.*", "setting.*", "account.*", "audit.*", "exchange.approve"], &[]),
        role(SECURITY_ADMIN, None, &["account.*", "role.*", "audit.read", "setting.update", "job.read"], &[]),
        role(AUDITOR, None, &["audit.*", "account.read", "account.update"], &[]),
    ]
}

async fn agree(set: &PolicySet, snapshot: &PolicySnapshot, roles: &[&str]) {
    let enforcer = enforcer(set).await.expect("casbin takes the rows");
    for role in roles {
        for kind in Kind::ALL {
            for action in Action::ALL {
                let asked = enforcer.enforce((*role, kind.as_str(), action.as_str())).expect("a judgement");
                assert_eq!(snapshot.allows(role, *kind, *action), asked, "{role} {kind} {action}");
            }
        }
    }
}

#[tokio::test]
async fn g_5_4_2_the_map_and_casbin_agree_on_every_role_kind_and_action() {
    let set = PolicySet::from_roles(&roles()).expect("known words");
    let snapshot = compile(&set).await.expect("valid policy");
    let codes: Vec<&str> = snapshot.roles().chain(["nobody"]).collect();
    assert_eq!(codes.len(), 8);
    agree(&set, &snapshot, &codes).await;
}

#[tokio::test]
async fn g_5_4_2_the_map_and_casbin_agree_on_seeded_policies() {
    let mut state = 0x5eed_u64;
    let mut below = |limit: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap_or(0) % limit
    };
    for _ in 0..4 {
        let roles: Vec<String> = (0..5).map(|n| format!("r{n}")).collect();
        // Parents have smaller numbers, so there is no cycle.
        let parents = (1..5).filter(|n| n % 3 != 0).map(|n| (roles[n].clone(), roles[below(n)].clone())).collect();
        let rows = (0..40)
            .map(|n| PolicyRow {
                role: roles[below(5)].clone(),
                kind: Kind::ALL[below(4)],
                action: Action::ALL[below(4)],
                effect: if n > 0 && below(4) == 0 { Effect::Deny } else { Effect::Allow },
            })
            .collect();
        let set = PolicySet { roles: roles.clone(), rows, parents };
        let snapshot = compile(&set).await.expect("valid policy");
        agree(&set, &snapshot, &roles.iter().map(String::as_str).collect::<Vec<_>>()).await;
    }
}

#[tokio::test]
async fn g_5_4_2_roles_inherit_grants_and_bans() {
    let snapshot = compile(&PolicySet::from_roles(&roles()).expect("known words")).await.expect("valid policy");
    assert!(snapshot.allows("province", Kind::Subject, Action::Read));
    assert!(!snapshot.allows("province", Kind::Finding, Action::Delete), "an inherited ban beats a grant");
    assert!(!snapshot.allows("province", Kind::Complaint, Action::Answer), "a ban beats an inherited grant");
    assert!(snapshot.allows("city", Kind::Complaint, Action::Answer), "a ban does not reach the parent");
    assert!(!snapshot.allows("county", Kind::Subject, Action::Review));
    let permissions = snapshot.permissions("city");
    assert!(permissions.contains(&"subject.review".to_owned()) && permissions.contains(&"map.read".to_owned()));
    for permission in permissions {
        let (kind, action) = parse_permission(&permission).expect("known words");
        assert!(snapshot.allows("city", kind, action));
    }
    assert!(snapshot.permissions("nobody").is_empty());
}

#[tokio::test]
async fn h_9_the_three_powers_exclude_each_other() {
    let snapshot = compile(&PolicySet::from_roles(&roles()).expect("known words")).await.expect("valid policy");
    for (role, kind, action, allowed) in [
        (SYSTEM_ADMIN, Kind::Setting, Action::Update, true),
        (SYSTEM_ADMIN, Kind::Account, Action::Read, true),
        (SYSTEM_ADMIN, Kind::Account, Action::Create, true),
        (SYSTEM_ADMIN, Kind::Account, Action::Authorise, false),
        (SYSTEM_ADMIN, Kind::Role, Action::Update, false),
        (SECURITY_ADMIN, Kind::Account, Action::Authorise, true),
        (SECURITY_ADMIN, Kind::Account, Action::Create, false),
        (SYSTEM_ADMIN, Kind::Audit, Action::Read, false),
        (SECURITY_ADMIN, Kind::Role, Action::Update, true),
        (SECURITY_ADMIN, Kind::Setting, Action::Update, false),
        (SECURITY_ADMIN, Kind::Audit, Action::Read, false),
        (AUDITOR, Kind::Audit, Action::Export, true),
        (AUDITOR, Kind::Account, Action::Update, false),
        ("auditor_aide", Kind::Setting, Action::Update, false),
        ("auditor_aide", Kind::Report, Action::Read, true),
    ] {
        assert_eq!(snapshot.allows(role, kind, action), allowed, "{role} {kind} {action}");
    }
    for power in POWERS {
        for other in POWERS.iter().filter(|other| **other != power) {
            let set =
                PolicySet::from_roles(&[role(power, Some(other), &["job.read"], &[]), role(other, None, &[], &[])]);
            let refused = compile(&set.expect("known words")).await;
            assert_eq!(refused, Err(PolicyError::Powers(power.into())));
        }
    }
}

#[tokio::test]
async fn h_9_nothing_is_allowed_by_empty_words_or_an_empty_policy() {
    let snapshot = compile(&PolicySet::from_roles(&roles()).expect("known words")).await.expect("valid policy");
    for kind in Kind::ALL {
        for action in Action::ALL {
            assert!(!snapshot.allows("", *kind, *action));
            assert!(!PolicySnapshot::nothing().allows("county", *kind, *action));
        }
    }
    assert_eq!(compile(&PolicySet::default()).await, Err(PolicyError::Empty));
    let only_bans = PolicySet::from_roles(&[role("clerk", None, &[], &["subject.read"])]).expect("known words");
    assert_eq!(compile(&only_bans).await, Err(PolicyError::Empty));
    for text in [
        "",
        ".",
        "subject",
        "subject.",
        ".read",
        "subject.read.all",
        "Subject.read",
        "subject.fly",
        "*.*",
        "subject.write.x",
        "**",
    ] {
        assert!(parse_permission(text).is_err(), "{text}");
        let wrong = PolicyError::Permission { role: "clerk".into(), permission: text.into() };
        assert_eq!(PolicySet::from_roles(&[role("clerk", None, &[text], &[])]), Err(wrong));
    }
}

#[tokio::test]
async fn h_9_a_refused_policy_leaves_the_old_one_in_force() {
    let shared = SharedPolicy::default();
    assert!(!shared.current().allows("county", Kind::Subject, Action::Read));
    shared.load(&PolicySet::from_roles(&roles()).expect("known words")).await.expect("valid policy");
    let long = "a".repeat(65);
    let ok: &[&str] = &["job.read"];
    let refused: Vec<(Vec<RoleRules>, PolicyError)> = vec![
        (vec![], PolicyError::Empty),
        (vec![role("Clerk", None, ok, &[])], PolicyError::RoleCode("Clerk".into())),
        (vec![role("", None, ok, &[])], PolicyError::RoleCode(String::new())),
        (vec![role(&long, None, ok, &[])], PolicyError::RoleCode(long.clone())),
        (vec![role("a", None, ok, &[]), role("a", None, ok, &[])], PolicyError::Duplicate("a".into())),
        (vec![role("a", Some("b"), ok, &[])], PolicyError::UnknownRole("b".into())),
        (vec![role("a", Some("a"), ok, &[])], PolicyError::Cycle("a".into())),
        (vec![role("a", Some("b"), ok, &[]), role("b", Some("a"), ok, &[])], PolicyError::Cycle("a".into())),
    ];
    for (roles, error) in refused {
        let set = PolicySet::from_roles(&roles).expect("known words");
        assert_eq!(shared.load(&set).await, Err(error.clone()));
        assert!(error.to_string().chars().any(|c| c as u32 > 0x4e00), "{error}");
        assert!(shared.current().allows("county", Kind::Subject, Action::Read));
    }
    let mut chain: Vec<RoleRules> =
        (0..8).map(|n| role(&format!("r{n}"), Some(&format!("r{}", n + 1)), ok, &[])).collect();
    chain.push(role("r8", None, ok, &[]));
    let set = PolicySet::from_roles(&chain).expect("known words");
    assert_eq!(shared.load(&set).await, Err(PolicyError::Depth("r0".into())));
}

#[tokio::test]
async fn g_5_4_2_the_shipped_roles_come_into_force() {
    let packs = Packs::shipped().expect("packs");
    let rules: Vec<RoleRules> = packs.roles.iter().map(RoleRules::from).collect();
    let set = PolicySet::from_roles(&rules).expect("known words");
    let snapshot = compile(&set).await.expect("valid policy");
    assert_eq!(snapshot.roles().count(), packs.roles.len());
    for role in &packs.roles {
        assert!(!snapshot.permissions(&role.code).is_empty(), "{}", role.code);
        // Nothing is granted that the pack does not grant; `write` is the pack's word for create and update.
        for permission in snapshot.permissions(&role.code) {
            let write = permission.replace(".create", ".write").replace(".update", ".write");
            let granted = role.allows(&permission) || role.allows(&write);
            assert!(granted, "{} {permission}", role.code);
        }
    }
    for power in POWERS {
        assert!(snapshot.has_role(power), "{power}");
    }
}

#[tokio::test]
async fn g_5_4_2_groups_of_permissions_are_spelled_out() {
    let roles = [role("all", None, &["*"], &["audit.*"]), role("clerk", None, &["subject.write"], &[])];
    let set = PolicySet::from_roles(&roles).expect("known words");
    let snapshot = compile(&set).await.expect("valid policy");
    assert_eq!(snapshot.permissions("clerk"), ["subject.create", "subject.update"]);
    let every = Kind::ALL.len() * Action::ALL.len();
    assert_eq!(snapshot.permissions("all").len(), every - Action::ALL.len());
}
