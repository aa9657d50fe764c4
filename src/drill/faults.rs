//! What can be made to go wrong while people play, and how each of it is told.

/// One thing that goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    RepeatDelivery,
    DoubleClick,
    SlackLimited,
    SlackDown,
    KillBot,
    IamThrottle,
    IamLag,
    DenyReverted,
    ApproverSuspect,
}

/// How a fault is told to people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Words {
    /// Its name for programs.
    pub name: &'static str,
    pub label: &'static str,
    /// What happens.
    pub does: &'static str,
    /// What a bot that is any good does about it.
    pub good: &'static str,
}

impl Fault {
    pub const ALL: [Self; 9] = [
        Self::RepeatDelivery,
        Self::DoubleClick,
        Self::SlackLimited,
        Self::SlackDown,
        Self::KillBot,
        Self::IamThrottle,
        Self::IamLag,
        Self::DenyReverted,
        Self::ApproverSuspect,
    ];

    /// The fault of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|fault| fault.words().name == name)
    }

    /// Whether it happens once and cannot be taken back.
    pub fn is_a_deed(self) -> bool {
        match self {
            Self::KillBot | Self::DenyReverted => true,
            Self::RepeatDelivery
            | Self::DoubleClick
            | Self::SlackLimited
            | Self::SlackDown
            | Self::IamThrottle
            | Self::IamLag
            | Self::ApproverSuspect => false,
        }
    }

    pub fn words(self) -> Words {
        let (name, label, does, good) = match self {
            Self::RepeatDelivery => (
                "repeat-delivery",
                "Repeat a delivery",
                "The next thing that somebody does reaches the bot a second time, three seconds \
                 after the first, as if Slack had not heard the answer.",
                "counts it once: one case, one decision.",
            ),
            Self::DoubleClick => (
                "double-click",
                "Double click",
                "Every press is sent twice at the same moment, until you switch this off.",
                "counts one approval and does nothing twice.",
            ),
            Self::SlackLimited => (
                "slack-429",
                "Slack says 429",
                "For a minute of the drill’s clock Slack answers every call of the bot with \
                 “too many requests” and with how long to wait.",
                "contains meanwhile, waits as long as it is told, and then says everything once.",
            ),
            Self::SlackDown => (
                "slack-down",
                "Slack is down",
                "Every connection that the bot makes to Slack breaks, until you switch this off.",
                "does what was approved all the same, and tells it once Slack is back.",
            ),
            Self::KillBot => (
                "kill-bot",
                "Kill the bot",
                "The bot ends this instant, whatever it is doing, and is started again on the \
                 same journal four seconds later.",
                "goes on where its journal says it was, and does nothing twice.",
            ),
            Self::IamThrottle => (
                "iam-throttle",
                "IAM throttles",
                "AWS refuses the next five changes that the bot makes: there were too many.",
                "says so in the channel and tries again until each step is done.",
            ),
            Self::IamLag => (
                "iam-lag",
                "IAM is slow",
                "A change shows at once but is enforced only 25 to 30 seconds later, until you \
                 switch this off.",
                "does not say “contained” while AWS still lets the actor in.",
            ),
            Self::DenyReverted => (
                "deny-reverted",
                "Revert the deny",
                "The administrator ops-admin, whom nobody suspects, takes the deny off again and \
                 activates the leaked key.",
                "finds it when it reads back, raises the alarm, and asks to put it back.",
            ),
            Self::ApproverSuspect => (
                "approver-suspect",
                "The approver is the suspect",
                "Whoever runs the bot writes Bob into people.suspects and deploys it again.",
                "refuses Bob’s approval, tells him alone why, and takes Cyn’s.",
            ),
        };
        Words { name, label, does, good }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_fault_is_found_by_a_name_of_its_own_and_no_other_name_finds_one() {
        let names: BTreeSet<_> = Fault::ALL.iter().map(|fault| fault.words().name).collect();
        assert_eq!(names.len(), Fault::ALL.len());
        for fault in Fault::ALL {
            assert_eq!(Fault::named(fault.words().name), Some(fault));
        }
        for other in ["", "kill", "KILL-BOT", "kill-bot ", "__proto__"] {
            assert_eq!(Fault::named(other), None, "{other}");
        }
    }

    #[test]
    fn each_is_told_in_whole_sentences() {
        for fault in Fault::ALL {
            let Words { does, good, .. } = fault.words();
            assert!(does.ends_with('.') && good.ends_with('.'), "{fault:?}");
            assert!(does.starts_with(char::is_uppercase) && good.starts_with(char::is_lowercase));
        }
    }
}
