//! An unrelated implementation must agree in both directions. It is unsafe on hostile input and so lives in tests only.

use crate::{Outcome, key_of};
use suyuan_crypto::hash::{hex, sm3};
use suyuan_crypto::random::{Entropy, SeededEntropy, array};
use suyuan_crypto::sign::VerifyingKey;

#[test]
fn h_8_second_implementation_agrees_on_sm3() -> Outcome {
    let entropy = SeededEntropy::new(1);
    for length in 0..300 {
        let mut data = vec![0; length];
        entropy.fill(&mut data)?;
        assert_eq!(hex(&sm3(&data)), sm_crypto::sm3::sm3_hash(&data), "length {length}");
    }
    Ok(())
}

#[test]
fn h_8_second_implementation_agrees_on_signatures() -> Outcome {
    let entropy = SeededEntropy::new(2);
    for round in 0..12_usize {
        let scalar = hex(&array::<32>(&entropy)?);
        let ours = key_of(&scalar)?;
        let public = sm_crypto::sm2::pk_from_sk(&scalar);
        let verifying = VerifyingKey::from_sec1_bytes(&hex::decode(format!("04{public}"))?)?;
        assert_eq!(verifying, ours.verifying_key());
        let mut message = vec![0; round * 11];
        entropy.fill(&mut message)?;

        let signature = ours.sign(&message, &entropy)?;
        assert!(sm_crypto::sm2::Verify::new(&public).verify_der(&message, &signature, true));
        let theirs = sm_crypto::sm2::Sign::new(&scalar).sign_der(&message, true);
        verifying.verify(&message, &theirs)?;
    }
    Ok(())
}
