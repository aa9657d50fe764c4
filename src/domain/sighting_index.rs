//! Finds, among what pass one saw, the calls of a key, a session or a principal.

use crate::domain::lineage::{Node, NodeKind};
use crate::domain::lineage_call::Calls;
use crate::domain::record_text::is_key_id;
use crate::domain::sighted::{call, hosts, is_success, session_arn};
use crate::domain::time_order::in_time_order;
use crate::domain::trail_row::{Sighting, parse_time};
use crate::domain::user_names::UserNames;
use foldhash::fast::RandomState;
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet, HashMap as AnyMap, HashSet as AnySet};

/// A console session says it began within moments of the sign-in it came from.
const SIGN_IN_SLACK: SignedDuration = SignedDuration::from_secs(10);

/// Hashed several times as fast as by the standard hash, and by a seed of each process too.
type HashMap<K, V> = AnyMap<K, V, RandomState>;
type HashSet<K> = AnySet<K, RandomState>;

/// Sightings in time order, by key, by session, by principal.
#[derive(Debug, Default)]
pub struct SightingIndex<'a> {
    all: Vec<&'a Sighting>,
    by_key: HashMap<&'a str, Vec<&'a Sighting>>,
    by_session: HashMap<(&'a str, &'a str), Vec<&'a Sighting>>,
    by_arn: HashMap<&'a str, Vec<&'a Sighting>>,
    /// By the id that stays when a user is renamed or moved to another path.
    by_own_id: HashMap<&'a str, Vec<&'a Sighting>>,
    by_session_name: HashMap<&'a str, Vec<&'a Sighting>>,
    by_principal_id: HashMap<&'a str, Vec<&'a Sighting>>,
    by_provider: HashMap<&'a str, Vec<&'a Sighting>>,
    switches: HashMap<&'a str, Vec<&'a Sighting>>,
    hosts: HashMap<&'a str, Vec<&'a Sighting>>,
    mints: HashMap<&'a str, &'a Sighting>,
    unnamed_mints: HashMap<String, Vec<&'a Sighting>>,
    ends: Vec<&'a Sighting>,
    names: UserNames<'a>,
    /// When the sessions of each caller began.
    starts: HashMap<&'a str, BTreeMap<Timestamp, &'a str>>,
    /// The start that was read last: many sessions begin at once.
    last_start: (&'a str, Option<Timestamp>),
    /// The sessions that are console sessions.
    console: HashSet<(&'a str, &'a str)>,
    /// The start of the session each sign-in opened, by caller and time of the sign-in.
    login_starts: HashMap<(&'a str, &'a str), &'a str>,
}

impl<'a> SightingIndex<'a> {
    /// Orders and indexes; the order of the input does not matter.
    pub fn new(sightings: &'a [Sighting]) -> Self {
        let all = in_time_order(sightings);
        let names = UserNames::new(&all);
        let mut index = Self { all, names, ..Self::default() };
        for seen in index.all.clone() {
            index.insert(seen);
        }
        index.join_sign_ins();
        index
    }

    /// A sign-in carries no session start; it belongs to the session that began with it.
    fn join_sign_ins(&mut self) {
        let opened = |seen: &&Sighting| call(seen) == Calls::SignIn && is_success(seen);
        let logins = self.all.iter().copied().filter(opened);
        let logins: Vec<&Sighting> = logins.collect();
        for login in logins {
            let Some(arn) = login.identity_arn.as_deref() else {
                continue;
            };
            let starts = self.starts_near(arn, login);
            self.console.extend(starts.iter().map(|start| (arn, *start)));
            let start = starts.first().copied().unwrap_or(login.first_time.as_str());
            if start != login.first_time {
                self.by_session.entry((arn, start)).or_default().push(login);
            }
            self.login_starts.insert((arn, login.first_time.as_str()), start);
        }
    }

    /// Starts of this caller's sessions that fit a sign-in, the earliest first.
    fn starts_near(&self, arn: &str, login: &Sighting) -> Vec<&'a str> {
        let (Some(starts), Some(time)) = (self.starts.get(arn), parse_time(&login.first_time))
        else {
            return Vec::new();
        };
        let span = time - SIGN_IN_SLACK..=time + SIGN_IN_SLACK;
        let starts = starts.range(span).map(|(_, start)| *start);
        // What the trail saw being minted began with the mint, and not with the sign-in.
        let unminted = |seen: &&Sighting| {
            let key = seen.access_key_id.as_deref();
            key.is_none_or(|key| !self.mints.contains_key(key))
        };
        starts.filter(|start| self.session(arn, start).iter().any(unminted)).collect()
    }

    fn insert(&mut self, seen: &'a Sighting) {
        if let Some(key) = seen.access_key_id.as_deref() {
            self.by_key.entry(key).or_default().push(seen);
        }
        if let Some(arn) = seen.identity_arn.as_deref() {
            let login = call(seen) == Calls::SignIn;
            let start = seen.session_start.as_deref();
            if let Some(start) = start.or(login.then_some(seen.first_time.as_str())) {
                self.by_session.entry((arn, start)).or_default().push(seen);
            }
            if let Some(start) = start {
                if self.last_start.0 != start {
                    self.last_start = (start, parse_time(start));
                }
                let time = self.last_start.1.map(|time| (time, start));
                self.starts.entry(arn).or_default().extend(time);
                self.console.extend((seen.from_console == Some(1)).then_some((arn, start)));
            }
        }
        let issuer = seen.issuer_arn.as_deref();
        let target = seen.target_role.as_deref().filter(|_| call(seen) == Calls::Mint);
        let own = seen.identity_arn.as_deref();
        let role = target.filter(|arn| own != Some(arn) && issuer != Some(arn));
        for arn in [own, issuer.filter(|arn| own != Some(arn)), role].into_iter().flatten() {
            self.by_arn.entry(arn).or_default().push(seen);
        }
        let is_user = seen.identity_type.as_deref() == Some("IAMUser");
        if let (true, Some(id)) = (is_user, seen.principal_id.as_deref()) {
            self.by_own_id.entry(id).or_default().push(seen);
        }
        if let (Calls::Mint, Some(key)) = (call(seen), seen.minted_key.as_deref()) {
            self.mints.entry(key).or_insert(seen);
        }
        if call(seen) == Calls::End {
            self.ends.push(seen);
        }
        self.insert_indirect(seen);
    }

    /// The ways by which a session is found that the key that opened it does not lead to.
    fn insert_indirect(&mut self, seen: &'a Sighting) {
        let mints = call(seen) == Calls::Mint;
        let session = seen.identity_arn.as_deref().filter(|arn| arn.contains(":assumed-role/"));
        let session = session.and_then(|arn| arn.rsplit('/').next());
        let by_service = seen.identity_type.as_deref() == Some("AWSService");
        let named = seen.session_name.as_deref().filter(|_| mints && by_service);
        for name in session.into_iter().chain(named) {
            self.by_session_name.entry(name).or_default().push(seen);
        }
        let foreign = mints && seen.identity_type.as_deref() == Some("AWSAccount");
        if let (true, Some(id)) = (foreign, seen.principal_id.as_deref()) {
            self.by_principal_id.entry(id).or_default().push(seen);
        }
        let named = seen.minted_key.as_deref().is_some_and(is_key_id);
        if let (true, false, Some(arn)) = (mints, named, session_arn(seen)) {
            self.unnamed_mints.entry(arn).or_default().push(seen);
        }
        if let Some(origin) = seen.origin_arn.as_deref() {
            if mints {
                self.by_provider.entry(origin).or_default().push(seen);
            } else if call(seen) == Calls::SignIn && is_success(seen) {
                self.switches.entry(origin).or_default().push(seen);
            }
        }
        if matches!(call(seen), Calls::Launch | Calls::Alter | Calls::Enter) {
            for host in hosts(seen) {
                self.hosts.entry(host).or_default().push(seen);
            }
        }
    }

    /// Everything a key signed.
    pub fn signed_by(&self, key_id: &str) -> &[&'a Sighting] {
        self.by_key.get(key_id).map_or(&[], Vec::as_slice)
    }

    /// The call that made a credential.
    pub fn mint_of(&self, key_id: &str) -> Option<&'a Sighting> {
        self.mints.get(key_id).copied()
    }

    /// Mints whose record hides the key, by the session they opened.
    pub fn unnamed_mints_of(&self, arn: &str) -> &[&'a Sighting] {
        self.unnamed_mints.get(arn).map_or(&[], Vec::as_slice)
    }

    /// What signed as exactly this caller.
    pub fn called_as(&self, arn: &str) -> Vec<&'a Sighting> {
        let mut seen = self.by_arn.get(arn).cloned().unwrap_or_default();
        seen.retain(|seen| seen.identity_arn.as_deref() == Some(arn));
        seen
    }

    /// Whether a session is a console session.
    pub fn is_console(&self, arn: &str, start: &str) -> bool {
        self.console.contains(&(arn, start))
    }

    /// Sessions of this name, and the calls by which a service opened them: a host's credentials
    /// carry its name.
    pub fn sessions_of_host(&self, host: &str) -> &[&'a Sighting] {
        self.by_session_name.get(host).map_or(&[], Vec::as_slice)
    }

    /// Calls that started, changed or entered a host.
    pub fn calls_about_host(&self, host: &str) -> &[&'a Sighting] {
        self.hosts.get(host).map_or(&[], Vec::as_slice)
    }

    /// Mints by a caller of another account, of whom the record shows only the immutable id.
    pub fn mints_by_principal_id(&self, id: &str) -> &[&'a Sighting] {
        self.by_principal_id.get(id).map_or(&[], Vec::as_slice)
    }

    /// What users were called when.
    pub fn names(&self) -> &UserNames<'a> {
        &self.names
    }

    /// The ARNs that a user has signed under: a rename changes it, and so does another path.
    pub fn arns_of_user(&self, id: Option<&str>) -> BTreeSet<&'a str> {
        let seen = id.and_then(|id| self.by_own_id.get(id)).into_iter().flatten();
        seen.filter_map(|seen| seen.identity_arn.as_deref()).collect()
    }

    /// Switches of roles in the console by this caller.
    pub fn switches_from(&self, arn: &str) -> &[&'a Sighting] {
        self.switches.get(arn).map_or(&[], Vec::as_slice)
    }

    /// Mints that rest on the word of a provider.
    pub fn mints_by_provider(&self, arn: &str) -> &[&'a Sighting] {
        self.by_provider.get(arn).map_or(&[], Vec::as_slice)
    }

    /// The lineage calls a node made.
    pub fn edges_of(&self, node: &Node) -> Vec<&'a Sighting> {
        let calls = match node.kind {
            NodeKind::ConsoleSession => self.session_named(&node.id),
            NodeKind::LongTermKey
            | NodeKind::UserSession
            | NodeKind::RoleSession
            | NodeKind::ServiceSession
            | NodeKind::FederatedUser
            | NodeKind::ServiceCredential => self.signed_by(&node.id).to_vec(),
            // Forwarded sessions are followed one by one where they are found.
            NodeKind::ForwardedSession | NodeKind::User | NodeKind::Role => Vec::new(),
        };
        let calls = if node.is_switched_on() { Vec::new() } else { calls };
        calls.into_iter().filter(|seen| seen.event_name.is_some()).collect()
    }

    /// Everything one session did, under whatever keys.
    pub fn session(&self, arn: &str, start: &str) -> Vec<&'a Sighting> {
        self.by_session.get(&(arn, start)).cloned().unwrap_or_default()
    }

    /// The console session an id of the form `ARN@start` names.
    pub fn session_named(&self, id: &str) -> Vec<&'a Sighting> {
        id.rsplit_once('@').map_or_else(Vec::new, |(arn, start)| self.session(arn, start))
    }

    /// What one service did for a caller in one forwarded session.
    pub fn forwarded_session(&self, arn: &str, start: &str, service: &str) -> Vec<&'a Sighting> {
        let mut seen = self.session(arn, start);
        seen.retain(|seen| seen.invoked_by.as_deref() == Some(service));
        seen
    }

    /// Calls of the sessions a node's key belongs to, made under other keys.
    pub fn same_session(&self, node: &Node) -> Vec<&'a Sighting> {
        let mut seen: Vec<&Sighting> = Vec::new();
        for own in self.signed_by(&node.id).iter().filter(|_| !node.is_switched_on()) {
            if let (Some(arn), Some(start)) = (&own.identity_arn, &own.session_start) {
                seen.extend(self.session(arn, start));
            }
        }
        seen.retain(|seen| seen.access_key_id.as_deref() != Some(node.id.as_str()));
        seen
    }

    /// What a principal signed, under whatever name, and what was minted for it; another principal
    /// that has the same name at another time has another immutable id.
    pub fn acting_as(&self, principal: &Node) -> Vec<&'a Sighting> {
        let Some(arn) = principal.arn.as_deref() else {
            return Vec::new();
        };
        let named = self.by_arn.get(arn).into_iter().flatten();
        let named = named.filter(|seen| same_identity(principal, seen));
        let named = named.filter(|seen| self.names.is_named_then(principal, seen));
        let id = principal.principal_id.as_deref();
        let renamed = id.and_then(|id| self.by_own_id.get(id)).into_iter().flatten();
        let renamed = renamed.filter(|seen| seen.identity_arn.as_deref() != Some(arn));
        named.chain(renamed).copied().collect()
    }

    /// Whether a mint gave out a session of this role.
    pub fn is_issued_by(&self, seen: &Sighting, principal: &Node) -> bool {
        call(seen) == Calls::Mint
            && seen.minted_key.is_some()
            && seen.target_role.is_some()
            && seen.target_role == principal.arn
    }

    /// Calls that end something, in time order.
    pub(super) fn ends(&self) -> &[&'a Sighting] {
        &self.ends
    }

    /// Whether a call on a principal that was there before can only be explained by what the actor
    /// changed: a console session after a new password, a session for another account after a new
    /// trust policy.
    pub fn is_outsider_of(&self, principal: &Node, seen: &Sighting) -> bool {
        let later = match (principal.made, parse_time(&seen.first_time)) {
            (Some(made), Some(time)) => time >= made,
            _ => false,
        };
        let outside = if principal.kind == NodeKind::Role {
            self.is_issued_by(seen, principal)
                && seen.identity_account.is_some()
                && seen.identity_account != seen.recipient_account
        } else {
            call(seen) == Calls::SignIn || seen.from_console == Some(1)
        };
        later && outside
    }

    /// Calls a service made for this caller, outside the sessions of others.
    pub fn forwarded_for(&self, arn: &str) -> Vec<&'a Sighting> {
        let seen = self.by_arn.get(arn).cloned().unwrap_or_default();
        seen.into_iter()
            .filter(|seen| {
                seen.identity_arn.as_deref() == Some(arn)
                    && seen.invoked_by.is_some()
                    && seen.session_start.is_some()
            })
            .collect()
    }

    /// Successful console sign-ins of a caller.
    pub fn sign_ins_of(&self, arn: &str) -> Vec<&'a Sighting> {
        let seen = self.by_arn.get(arn).cloned().unwrap_or_default();
        seen.into_iter()
            .filter(|seen| call(seen) == Calls::SignIn && seen.identity_arn.as_deref() == Some(arn))
            .filter(|seen| is_success(seen))
            .collect()
    }

    /// The start of the console session a sighting belongs to, if it belongs to one.
    pub fn console_start(&self, seen: &'a Sighting) -> Option<&'a str> {
        let arn = seen.identity_arn.as_deref()?;
        if call(seen) == Calls::SignIn {
            return self.login_starts.get(&(arn, seen.first_time.as_str())).copied();
        }
        let start = seen.session_start.as_deref()?;
        self.console.contains(&(arn, start)).then_some(start)
    }

    /// The console sessions of a caller that began within a span.
    pub fn console_sessions(&self, arn: &str, from: Timestamp, to: Timestamp) -> Vec<&'a str> {
        let starts = self.starts.get(arn).into_iter().flat_map(|all| all.range(from..=to));
        starts
            .map(|(_, start)| *start)
            .filter(|start| self.console.contains(&(arn, *start)))
            .collect()
    }
}

fn same_identity(principal: &Node, seen: &Sighting) -> bool {
    let Some(id) = principal.principal_id.as_deref() else {
        return true;
    };
    let by_issuer = seen.issuer_arn == principal.arn;
    let other = if by_issuer { &seen.issuer_principal_id } else { &seen.principal_id };
    if seen.identity_arn != principal.arn && !by_issuer {
        return true; // a mint of the role by somebody else: the caller's id says nothing
    }
    other.as_deref().is_none_or(|other| other.is_empty() || other == id)
}
