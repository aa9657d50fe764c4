//! What somebody types, as Slack's own client sends it: text, in which the names it knows are live.

use crate::sim::slack::seen::shows;
use crate::sim::slack::state::State;

/// How the ids of people and channels stand in what is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Names {
    /// `<@U1>`, as in messages.
    Bare,
    /// `<@U1|bob>`, as after slash commands.
    Labelled,
}

/// The text as it is sent; nothing that was typed is live but a known `@name` or `#channel`.
pub(super) fn sent(state: &State, (user, typed): (&str, &str), names: Names) -> String {
    let mut out = String::with_capacity(typed.len());
    let (mut rest, mut inside_word, mut inside_code) = (typed, false, false);
    while let Some(c) = rest.chars().next() {
        let after = &rest[c.len_utf8()..];
        let may_name = (c == '@' || c == '#') && !inside_word && !inside_code;
        let found = may_name.then(|| named(state, user, (c, after), names)).flatten();
        let taken = match found {
            Some((live, length)) => {
                out.push_str(&live);
                c.len_utf8() + length
            }
            None => {
                match c {
                    '&' => out.push_str("&amp;"),
                    '<' => out.push_str("&lt;"),
                    '>' => out.push_str("&gt;"),
                    other => out.push(other),
                }
                c.len_utf8()
            }
        };
        inside_code ^= c == '`';
        inside_word = c.is_alphanumeric();
        rest = &rest[taken..];
    }
    out
}

/// What the name at the start of `after` stands for, and how long it is.
fn named(
    state: &State,
    user: &str,
    (sign, after): (char, &str),
    names: Names,
) -> Option<(String, usize)> {
    let part = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_');
    let end = after.find(|c| !part(c)).unwrap_or(after.len());
    // A full stop behind a name is not of the name.
    let name = after[..end].trim_end_matches(['.', '-', '_']);
    let labelled = |mark: &str, id: &str| match names {
        Names::Bare => format!("<{mark}{id}>"),
        Names::Labelled => format!("<{mark}{id}|{name}>"),
    };
    let live = match sign {
        '#' => {
            let seen = state.channels.iter().filter(|channel| shows(state, channel, Some(user)));
            let id = seen.into_iter().find(|channel| !name.is_empty() && channel.name == name)?;
            labelled("#", &id.id)
        }
        _ => match name {
            "here" | "channel" | "everyone" => format!("<!{name}>"),
            _ => person(state, name).map(|id| labelled("@", &id)).or_else(|| group(state, name))?,
        },
    };
    Some((live, name.len()))
}

fn person(state: &State, name: &str) -> Option<String> {
    if name == "keyleak" {
        return Some(state.config.bot_user_id.clone());
    }
    let known = state.config.people.iter().find(|person| person.name == name && !person.deleted);
    known.map(|person| person.id.clone())
}

fn group(state: &State, name: &str) -> Option<String> {
    let mut known = state.config.groups.iter().filter(|group| group.enabled);
    let group = known.find(|group| group.handle == name)?;
    Some(format!("<!subteam^{}|@{name}>", group.id))
}
