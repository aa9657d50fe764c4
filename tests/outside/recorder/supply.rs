//! What is answered in place of an emulator that does not know a call, once it has let it through.

/// The credentials of a user besides the access keys, of which the emulator knows none.
#[derive(Debug)]
pub(super) enum Supply {
    /// Nobody has any.
    EmptyLists,
    /// Everybody has one of each.
    OneOfEach,
}

/// A call, and what one of the kind looks like in its answer.
const LISTS: [(&str, &str, &str); 3] = [
    (
        "ListServiceSpecificCredentials",
        "ServiceSpecificCredentials",
        "<member><UserName>u</UserName><Status>Active</Status><ServiceUserName>u-at</ServiceUserName>\
         <CreateDate>2026-01-01T00:00:00Z</CreateDate>\
         <ServiceSpecificCredentialId>ACCAEXAMPLE234567890</ServiceSpecificCredentialId>\
         <ServiceName>codecommit.amazonaws.com</ServiceName></member>",
    ),
    (
        "ListSSHPublicKeys",
        "SSHPublicKeys",
        "<member><UserName>u</UserName><SSHPublicKeyId>APKAEXAMPLE234567890</SSHPublicKeyId>\
         <Status>Active</Status><UploadDate>2026-01-01T00:00:00Z</UploadDate></member>",
    ),
    (
        "ListSigningCertificates",
        "Certificates",
        "<member><UserName>u</UserName><CertificateId>EXAMPLE23456789012345678</CertificateId>\
         <CertificateBody>-</CertificateBody><Status>Active</Status></member>",
    ),
];
/// Calls about one of them, with what their answer holds.
const OF_ONE: [(&str, &str); 7] = [
    (
        "GetSSHPublicKey",
        "<SSHPublicKey><UserName>u</UserName><SSHPublicKeyId>APKAEXAMPLE234567890</SSHPublicKeyId>\
         <Fingerprint>-</Fingerprint><SSHPublicKeyBody>ssh-rsa A</SSHPublicKeyBody>\
         <Status>Active</Status></SSHPublicKey>",
    ),
    ("UpdateSSHPublicKey", ""),
    ("UpdateSigningCertificate", ""),
    ("UpdateServiceSpecificCredential", ""),
    ("DeleteSSHPublicKey", ""),
    ("DeleteSigningCertificate", ""),
    ("DeleteServiceSpecificCredential", ""),
];
/// How the emulator says that it does not know a call.
const UNKNOWN: &str = "<Code>InvalidAction</Code>";

impl Supply {
    /// What is answered instead of `answer`; nothing where the emulator knows the call.
    pub(super) fn instead(&self, request: &[u8], answer: &[u8]) -> Option<String> {
        if !String::from_utf8_lossy(answer).contains(UNKNOWN) {
            return None;
        }
        let request = String::from_utf8_lossy(request);
        let asked = |call: &str| request.contains(&format!("Action={call}&"));
        let list = LISTS.iter().find(|(call, ..)| asked(call)).map(|(call, list, one)| {
            let members = match self {
                Self::EmptyLists => "",
                Self::OneOfEach => one,
            };
            (*call, format!("<{list}>{members}</{list}><IsTruncated>false</IsTruncated>"))
        });
        let of_one = OF_ONE.iter().find(|(call, _)| asked(call));
        let (call, result) = list.or(of_one.map(|(call, held)| (*call, (*held).to_owned())))?;
        Some(format!("<{call}Response><{call}Result>{result}</{call}Result></{call}Response>"))
    }
}
