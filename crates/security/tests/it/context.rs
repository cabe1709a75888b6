//! Whether an operation is allowed.

use std::sync::Arc;

use suyuan_domain::clock::Timestamp;
use suyuan_domain::id::ObjectId;
use suyuan_domain::scope::Scope;
use suyuan_security::context::{Actor, ActorKind, OpContext};
use suyuan_security::policy::{Action, Kind, PolicySet, PolicySnapshot, RoleRules, compile};

fn context(role: &str, kind: ActorKind, policy: PolicySnapshot) -> OpContext {
    OpContext {
        actor: Actor {
            id: ObjectId::from_bytes([7; 16]),
            username: "zhang".into(),
            display_name: "张三".into(),
            role: role.into(),
            node: "370200".into(),
            kind,
        },
        scope: Scope::everything(),
        division: "370200".into(),
        address: "127.0.0.1".into(),
        request_id: "r1".into(),
        now: Timestamp::from_millis(0),
        policy: Arc::new(policy),
        session: None,
    }
}

#[tokio::test]
async fn g_5_4_2_an_actor_does_what_the_role_allows_and_nothing_else() {
    let rules = RoleRules { code: "clerk".into(), allow: vec!["subject.read".into()], ..RoleRules::default() };
    let set = PolicySet::from_roles(&[rules]).expect("known words");
    let policy = compile(&set).await.expect("valid policy");
    for kind in [ActorKind::Person, ActorKind::System, ActorKind::Node] {
        let clerk = context("clerk", kind, policy.clone());
        assert_eq!(clerk.authorize(Action::Read, Kind::Subject), Ok(()));
        let denied = clerk.authorize(Action::Review, Kind::Subject).expect_err("not granted");
        assert_eq!((denied.kind, denied.action), (Kind::Subject, Action::Review));
        assert!(denied.to_string().contains("“追溯责任主体”执行“审核”"), "{denied}");
        assert!(!context("", kind, policy.clone()).may(Action::Read, Kind::Subject));
        assert!(!context("clerk", kind, PolicySnapshot::nothing()).may(Action::Read, Kind::Subject));
    }
}

#[test]
fn g_5_4_2_work_of_the_node_itself_needs_no_role() {
    let job = OpContext::system("370200", "evaluation.compute", Timestamp::from_millis(5));
    assert_eq!(job.authorize(Action::Compute, Kind::Evaluation), Ok(()));
    assert_eq!(job.actor.kind.as_str(), "job");
    assert!(job.actor.role.is_empty());
    assert_eq!(job.scope, Scope::everything());
}
