//! Tasks: who has which, and what is done.

use super::*;
use crate::domain::sample::{at, opened, person};
use crate::domain::sample_tasks::{given, minute, say};

#[test]
fn a_task_is_open_then_somebodys_then_done_and_may_be_taken_up_again() {
    let mut case = opened();
    let task = Task::SavePlace;
    assert_eq!((standing(&case, task), last_word(&case, task)), (Standing::Open, 0));
    assert_eq!((lines(&case, None), tally(&case, at(60))), (Vec::new(), None));
    let seq = given(&mut case, task, 30);
    assert!(matches!(standing(&case, task), Standing::Given(one) if one.owner == person("ana")));
    assert_eq!(last_word(&case, task), seq);
    assert_eq!(tally(&case, at(60)).unwrap(), "1 taken, 0 done");
    let late = minute(31);
    assert!(tally(&case, late).unwrap().contains("OVERDUE: 4 ("), "{:?}", tally(&case, late));
    assert!(lines(&case, Some(late))[0].ends_with("OVERDUE"), "{:?}", lines(&case, Some(late)));
    say(&mut case, "ana", TeamStep::TaskDone { task });
    assert!(matches!(standing(&case, task), Standing::Done(press) if press.name == "ana"));
    assert_eq!(tally(&case, late).unwrap(), "0 taken, 1 done");
    given(&mut case, task, 30);
    assert!(matches!(standing(&case, task), Standing::Given(_)), "taken up again");
}
