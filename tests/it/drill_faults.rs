//! The switches of the drill's page: what they refuse, and that each does what it says.

use jiff::SignedDuration;
use keyleak::domain::ids::CaseId;
use keyleak::domain::principal::PrincipalName;
use keyleak::drill::fault_board::Board;
use keyleak::drill::faults::Fault;
use keyleak::drill::keeper::{Health, Keeper};
use keyleak::drill::people::{APPROVER, REPORTER};
use keyleak::drill::scenario;
use keyleak::drill::stage::stage_router;
use keyleak::drill::world::{PLANS_EXPIRE_AFTER, World, WorldOptions, production_timing};
use keyleak::ports::clock::Clock;
use keyleak::ports::journal::{Claim, Work};
use keyleak::sim::attacker::Operation;
use keyleak::sim::slack::delivered::Turn;
use keyleak::store::sqlite::Sqlite;
use serde_json::Value;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::task::TaskTracker;

const SPEED: u32 = 60;
const JSON: &str = "application/json";

struct Played {
    world: World,
    keeper: Arc<Keeper>,
    _folder: TempDir,
}

impl Played {
    async fn start() -> (Self, Board) {
        let folder = tempfile::tempdir().unwrap();
        let options = WorldOptions {
            scenario: scenario::find("public-repository").unwrap(),
            clock: Clock::accelerated(SPEED).with_dial(),
            folder: folder.path().to_owned(),
            seed: 11,
            lag: Duration::ZERO..=Duration::from_secs(4),
            timing: production_timing(),
            plans_expire_after: PLANS_EXPIRE_AFTER,
        };
        let world = World::start_empty(options).await.unwrap();
        let keeper = Keeper::start(&world).unwrap();
        let board = Board::of(&world, &keeper).unwrap();
        (Self { world, keeper, _folder: folder }, board)
    }

    async fn end(self) {
        self.keeper.shut_down().await;
        self.world.shut_down().await;
    }

    /// Ana's command, and the case that it opens.
    async fn open(&self) -> CaseId {
        let key = &self.world.leaked.access_key_id;
        let slash = self.world.slack.slash(REPORTER, &self.world.lobby, "/keyleak", key).await;
        assert!(slash.unwrap().accepted());
        let cases = self.keeper.desk().unwrap().work.open_cases().await.unwrap();
        cases.into_iter().next().unwrap()
    }

    async fn help(&self) -> bool {
        let lobby = &self.world.lobby;
        let slash = self.world.slack.slash(REPORTER, lobby, "/keyleak", "help").await;
        slash.unwrap().accepted()
    }

    /// Who holds the lease on a case; whoever asks holds it for no time.
    async fn holder(&self, case: &CaseId) -> Option<String> {
        let now = self.world.clock.now();
        let work = Sqlite::open(&self.world.journal).unwrap();
        let until = now + SignedDuration::from_nanos(1);
        match work.lease(case, "somebody", now, until).await.unwrap() {
            Claim::Mine(_) => None,
            Claim::Theirs(lease) => Some(lease.holder),
        }
    }

    /// Waits until somebody other than this one holds it.
    async fn other_holder(&self, case: &CaseId, than: Option<&str>) -> String {
        for _ in 0..2_000 {
            let holder = self.holder(case).await.filter(|holder| Some(holder.as_str()) != than);
            if let Some(holder) = holder {
                return holder;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("nobody takes the case up")
    }
}

/// The page's server, and where it is.
async fn served(played: &Played, board: Board) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = stage_router(&played.world, board);
    TaskTracker::new().spawn(async move { axum::serve(listener, router).await });
    address
}

async fn post(
    at: SocketAddr,
    path: &str,
    (kind, origin, body): (&str, &str, &str),
) -> (u16, Value) {
    let mut stream = TcpStream::connect(at).await.unwrap();
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: {at}\r\nOrigin: {origin}\r\nContent-Type: {kind}\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
    let body = answer.split_once("\r\n\r\n").map(|(_, body)| body).unwrap_or_default();
    (status, serde_json::from_str(body).unwrap_or_default())
}

/// Looks until it is so.
async fn until(words: &str, mut so: impl FnMut() -> bool) {
    for _ in 0..3_000 {
        if so() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("not {words}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_there_is_not_is_refused_with_what_there_is_and_no_other_page_may_ask() {
    let (played, board) = Played::start().await;
    let at = served(&played, board).await;
    let own = format!("http://{at}");
    let clock = played.world.clock;
    for (path, body, words) in [
        ("/stage/faults", r#"{"fault": "format-the-disk"}"#, "kill-bot"),
        ("/stage/faults", r#"{"fault": "kill-bot", "on": false}"#, "cannot be undone"),
        ("/stage/faults", r#"{"fault": "deny-reverted"}"#, "nothing is denied yet"),
        ("/stage/clock", r#"{"speed": 0}"#, "1, 10, 60"),
        ("/stage/clock", r#"{"speed": 7}"#, "1, 10, 60"),
        ("/stage/clock", r#"{"speed": -1}"#, ""),
        ("/stage/faults", r#"{"faults": []}"#, ""),
    ] {
        let (status, said) = post(at, path, (JSON, &own, body)).await;
        let error = said["error"].as_str().unwrap_or_default();
        assert!(status == 422 && error.contains(words), "{body}: {status} {said}");
    }
    let down = r#"{"fault": "slack-down"}"#;
    for (kind, origin) in [(JSON, "http://evil.example"), ("text/plain", own.as_str())] {
        assert_eq!(post(at, "/stage/faults", (kind, origin, down)).await.0, 403);
        let slower = post(at, "/stage/clock", (kind, origin, r#"{"speed": 1}"#)).await;
        assert_eq!(slower.0, 403);
    }
    assert!(!played.world.slack.standing_faults().down && clock.speed() == SPEED);
    assert_eq!(played.keeper.health(), Health::Running);
    // The control: asked rightly, it is done.
    let (status, said) = post(at, "/stage/faults", (JSON, &own, down)).await;
    assert!(status == 200 && said["ok"] == true, "{said}");
    let (status, said) = post(at, "/stage/clock", (JSON, &own, r#"{"speed": 1}"#)).await;
    assert!(status == 200 && said["speed"] == 1, "{said}");
    assert!(played.world.slack.standing_faults().down && clock.speed() == 1);
    played.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_is_delivered_once_without_the_switch_and_once_more_with_it() {
    let (played, board) = Played::start().await;
    let slack = &played.world.slack;
    let turns = || slack.delivered().iter().map(|one| one.turn).collect::<Vec<_>>();
    assert!(played.help().await);
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(turns(), [Turn::First]);
    board.turn(Fault::RepeatDelivery, true).await.unwrap();
    assert!(played.help().await);
    until("delivered again", || turns().len() == 3).await;
    assert_eq!(turns(), [Turn::First, Turn::First, Turn::Again]);
    let last = slack.delivered().pop().unwrap();
    assert_eq!((last.who.as_str(), last.what.as_str()), ("Ana Ruiz", "/keyleak"));
    assert!(played.help().await);
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(turns().len(), 4, "the switch is for one delivery");
    played.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_that_is_killed_gives_nothing_back_and_one_that_is_deployed_does() {
    let (played, board) = Played::start().await;
    let case = played.open().await;
    let keeper = &played.keeper;
    board.run_at(1).unwrap();
    let first = played.other_holder(&case, None).await;
    board.turn(Fault::KillBot, true).await.unwrap();
    assert_eq!(keeper.health(), Health::Dead);
    assert!(board.turn(Fault::KillBot, true).await.is_err(), "nobody dies twice");
    assert!(!played.help().await && keeper.desk().is_none(), "nobody answers");
    until("running again", || keeper.health() == Health::Running).await;
    assert!(played.help().await);
    let held = played.holder(&case).await;
    assert_eq!(held.as_ref(), Some(&first), "a dead bot gives no lease back");
    // A lease is for thirty seconds of the clock.
    board.run_at(SPEED).unwrap();
    let second = played.other_holder(&case, Some(&first)).await;
    board.run_at(1).unwrap();
    let deployed = Instant::now();
    board.turn(Fault::ApproverSuspect, true).await.unwrap();
    let third = played.other_holder(&case, Some(&second)).await;
    assert!(third != first && deployed.elapsed() < Duration::from_secs(20), "it was given back");
    played.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspect_is_written_into_the_settings_and_taken_out_again() {
    let (played, board) = Played::start().await;
    let marked = || {
        let desk = played.keeper.desk();
        desk.map(|desk| desk.rules.policy.is_suspect(APPROVER))
    };
    assert_eq!(marked(), Some(false));
    for on in [true, false] {
        board.turn(Fault::ApproverSuspect, on).await.unwrap();
        until("deployed with it", || marked() == Some(on)).await;
        assert!(played.help().await);
    }
    played.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_reverts_a_deny_is_somebody_of_their_own_in_the_account() {
    let (played, board) = Played::start().await;
    let (world, deny) = (&played.world, "arn:aws:iam::aws:policy/AWSDenyAll");
    let denied = || {
        let user = world.cloud.user_state("ci-deployer").unwrap();
        user.attached.iter().any(|policy| policy.arn == deny)
    };
    let attach = Operation::AttachPolicy {
        to: PrincipalName::user("ci-deployer"),
        policy_arn: deny.to_owned(),
    };
    assert!(board.turn(Fault::DenyReverted, true).await.is_err(), "there is nothing to revert");
    assert!(world.actor.attempt(&world.leaked, &attach, None).await.worked() && denied());
    board.turn(Fault::DenyReverted, true).await.unwrap();
    assert!(!denied());
    let calls = world.cloud.calls();
    let last = calls.iter().rfind(|call| call.name == "DetachUserPolicy").unwrap();
    assert!(last.by.ends_with(":user/ops-admin") && last.refused.is_none(), "{last:?}");
    let known = [&world.leaked.access_key_id];
    assert!(world.actor.loot().iter().all(|held| known.contains(&&held.access_key_id)));
    played.end().await;
}
