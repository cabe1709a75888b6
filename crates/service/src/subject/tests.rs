//! What a document of a subject says by itself.

use super::*;

#[test]
fn g_10_4_personal_values_are_masked_and_masking_twice_changes_nothing() {
    let doc = SubjectDoc {
        name: "王小明".into(),
        org_form: "person".into(),
        id_no: "11010519491231002X".into(),
        contact: "王小明".into(),
        phone: "13812345678".into(),
        email: "wang@example.cn".into(),
        legal_person: "李四".into(),
        legal_phone: "0532-88881234".into(),
        bases: vec![Base { charge: "赵六".into(), ..Base::default() }],
        ..SubjectDoc::default()
    };
    let masked = doc.masked();
    assert_eq!((masked.name.as_str(), masked.contact.as_str(), masked.legal_person.as_str()), ("王**", "王**", "李*"));
    assert_eq!((masked.id_no.as_str(), masked.email.as_str()), ("110***********002X", "w***@example.cn"));
    assert_eq!((masked.phone.as_str(), masked.bases[0].charge.as_str()), ("138****5678", "赵*"));
    assert_eq!(masked.masked(), masked);
    let firm = SubjectDoc { org_form: "company".into(), name: "青岛甲公司".into(), ..doc };
    assert_eq!(firm.masked().name, "青岛甲公司");
}

#[test]
fn g_6_2_1a_documents_of_earlier_versions_are_read() {
    let old = r#"{"code":"S1","name":"甲","uscc":"","org_form":"company","node_type":"farm","category":"agri",
        "stages":["farming"],"division":"370202","address":"","lon":null,"lat":null,"contact":"","phone":""}"#;
    let doc: SubjectDoc = serde_json::from_str(old).expect("an old document");
    assert_eq!((doc.class.as_str(), doc.name.as_str(), doc.licences.len()), (SUBJECT, "甲", 0));
    let columns = doc.columns();
    assert!(columns.facets.contains(&("stage".to_owned(), "farming".to_owned())));
}
