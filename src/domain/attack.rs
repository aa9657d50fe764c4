//! The techniques of MITRE ATT&CK that the questions' headers name, as v18 and as v19 call them.
//!
//! Ids and names are those of the Enterprise matrix: v18.1, and v19 of April 2026, which split
//! Impair Defenses (T1562) into techniques of their own. No id here was revoked or deprecated in
//! the release it stands for.

/// One technique, in both releases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Technique {
    /// As a header spells it, which is as v18 does.
    pub id: &'static str,
    pub name: &'static str,
    /// Id and name in v19.
    pub v19: (&'static str, &'static str),
}

/// Every technique that a header may name, in the order of ids.
pub const TECHNIQUES: &[Technique] = &[
    same("T1021.007", "Remote Services: Cloud Services"),
    same("T1069.003", "Permission Groups Discovery: Cloud Groups"),
    same("T1078.004", "Valid Accounts: Cloud Accounts"),
    same("T1087.004", "Account Discovery: Cloud Account"),
    same("T1098", "Account Manipulation"),
    same("T1098.001", "Account Manipulation: Additional Cloud Credentials"),
    same("T1098.003", "Account Manipulation: Additional Cloud Roles"),
    same("T1136.003", "Create Account: Cloud Account"),
    same("T1213.006", "Data from Information Repositories: Databases"),
    same("T1485", "Data Destruction"),
    same("T1485.001", "Data Destruction: Lifecycle-Triggered Deletion"),
    same("T1486", "Data Encrypted for Impact"),
    same("T1490", "Inhibit System Recovery"),
    same("T1496.001", "Resource Hijacking: Compute Hijacking"),
    same("T1496.003", "Resource Hijacking: SMS Pumping"),
    same("T1496.004", "Resource Hijacking: Cloud Service Hijacking"),
    same("T1530", "Data from Cloud Storage"),
    same("T1537", "Transfer Data to Cloud Account"),
    same("T1546", "Event Triggered Execution"),
    same("T1548.005", "Abuse Elevation Control Mechanism: Temporary Elevated Cloud Access"),
    same("T1550.001", "Use Alternate Authentication Material: Application Access Token"),
    same("T1552", "Unsecured Credentials"),
    same("T1555.006", "Credentials from Password Stores: Cloud Secrets Management Stores"),
    same("T1556.006", "Modify Authentication Process: Multi-Factor Authentication"),
    moved(
        ("T1562.001", "Impair Defenses: Disable or Modify Tools"),
        ("T1685", "Disable or Modify Tools"),
    ),
    moved(
        ("T1562.007", "Impair Defenses: Disable or Modify Cloud Firewall"),
        ("T1686.001", "Disable or Modify System Firewall: Cloud Firewall"),
    ),
    moved(
        ("T1562.008", "Impair Defenses: Disable or Modify Cloud Logs"),
        ("T1685.002", "Disable or Modify Tools: Disable or Modify Cloud Log"),
    ),
    same("T1578.002", "Modify Cloud Compute Infrastructure: Create Cloud Instance"),
    same("T1648", "Serverless Execution"),
    same("T1651", "Cloud Administration Command"),
    same("T1666", "Modify Cloud Resource Hierarchy"),
];

const fn same(id: &'static str, name: &'static str) -> Technique {
    Technique { id, name, v19: (id, name) }
}

const fn moved(v18: (&'static str, &'static str), v19: (&'static str, &'static str)) -> Technique {
    Technique { id: v18.0, name: v18.1, v19 }
}

impl Technique {
    /// Its id and name; both releases', where they differ.
    pub fn words(&self) -> String {
        let Self { id, name, v19: (later, called) } = self;
        match (id == later, name == called) {
            (true, true) => format!("{id} {name}"),
            (_, _) => format!("{id} {name} (v19: {later} {called})"),
        }
    }
}

/// The technique with this id, as v18 spells it.
pub fn technique(id: &str) -> Option<&'static Technique> {
    TECHNIQUES.iter().find(|technique| technique.id == id)
}

/// What rows may be signs of, in one line; none where a question names no technique.
pub fn line(ids: &[String]) -> Option<String> {
    // A record of a later version may name what this one does not know.
    let words = |id: &String| technique(id).map_or_else(|| id.clone(), Technique::words);
    let words: Vec<String> = ids.iter().map(words).collect();
    (!words.is_empty()).then(|| format!("ATT&CK v18: {}", words.join("; ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Revoked or deprecated by v18.1, and still met in collections of queries.
    const GONE: [&str; 9] =
        ["T1043", "T1054", "T1064", "T1081", "T1089", "T1097", "T1108", "T1522", "T1527"];

    fn is_id(id: &str) -> bool {
        let digits = |text: &str, count| {
            text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit())
        };
        let (parent, sub) = id.split_once('.').unwrap_or((id, "001"));
        parent.strip_prefix('T').is_some_and(|number| digits(number, 4)) && digits(sub, 3)
    }

    /// What is wrong with the ids of a table.
    fn wrong(table: &[Technique]) -> Vec<&'static str> {
        let ids = table.iter().flat_map(|one| [one.id, one.v19.0]);
        let malformed = ids.filter(|id| !is_id(id) || GONE.contains(id));
        // v19 revoked T1562 with all below it, and v18 had none of what took its place.
        let mixed_up = table.iter().filter_map(|one| {
            let early = ["T1685", "T1686"].iter().any(|new| one.id.starts_with(new));
            let late = one.v19.0.starts_with("T1562");
            (early || late).then_some(one.id)
        });
        malformed.chain(mixed_up).collect()
    }

    #[test]
    fn ids_have_mitres_form_and_none_was_revoked_in_its_release() {
        assert_eq!(wrong(TECHNIQUES), [""; 0]);
        assert!(TECHNIQUES.is_sorted_by(|one, next| one.id < next.id), "each once, in order");
        for id in ["1562", "T15", "T1562.8", "t1530", "T1530.", "T1089", "T1562.008", "T1685"] {
            assert!(wrong(&[same(id, "sabotage")]).contains(&id), "{id}");
        }
    }

    #[test]
    fn what_v19_moved_is_named_twice_and_the_rest_once() {
        let line = line(&["T1562.008".to_owned(), "T1530".to_owned(), "T9999".to_owned()]);
        assert_eq!(
            line.unwrap(),
            "ATT&CK v18: T1562.008 Impair Defenses: Disable or Modify Cloud Logs (v19: T1685.002 \
             Disable or Modify Tools: Disable or Modify Cloud Log); T1530 Data from Cloud Storage; \
             T9999"
        );
        assert_eq!(super::line(&[]), None);
    }
}
