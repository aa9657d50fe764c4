//! What `/keyleak help` says.

/// Every command, in a line or two.
pub(super) const HELP: &str = "keyleak responds to exposed AWS access keys.\n\
• `/keyleak AKIA…` opens a private channel for the key (several ids: one case each)\n\
• `/keyleak` alone opens a form: key, where it was found, since when\n\
• `/keyleak list` lists the open cases\n\
• `/keyleak status [key or case]` says where a case stands\n\
• `/keyleak exposed [key or case] 2026-11-20T08:00Z` corrects since when the key is exposed\n\
• `/keyleak break-glass [key or case] PLAN reason` runs a plan on your word alone; another \
approver reviews it with `/keyleak review [key or case] PLAN verdict`\n\
• `/keyleak leave-out [key or case] role/NAME` leaves a principal out of the plan, `take-in` \
contains one whole that is only listed, `contain-by WAY` chooses another way\n\
• `/keyleak undo [key or case] 1.2 1.3` proposes to take single steps back, `undo all` all\n\
• `/keyleak replace [key or case] role|key reason` says what takes the place of the key\n\
• `/keyleak rotate-owner [key or case] LOSS who` says who sees to a loss\n\
• `/keyleak impact [key or case]` lists the nine impact questions; `/keyleak impact exfiltration \
no`, or `yes` or `unknown`, and why, answers one\n\
• `/keyleak ask` lists the questions of the trail, `/keyleak ask [key or case] Q10 Q12` asks them, \
`/keyleak ask SELECT …` asks in your own SQL where you may\n\
• `/keyleak allow [key or case] READING` lets a reading scan more than one may by itself\n\
• `/keyleak reopen CASE reason` takes a closed case up again, in a new channel\n\
• `/keyleak severity [key or case] P1 reason` raises or lowers the severity, `auto reason` leaves it \
to the facts; `/keyleak lead`, `/keyleak scribe [key or case] [@person]` takes or gives a role\n\
• `/keyleak tasks [key or case]` lists what people do in each phase; `/keyleak task [key or case] \
12 [@person]` takes a task or gives it, `task 12 done` ends it\n\
• `/keyleak note [key or case] words` puts your words into the timeline; the emoji that is set for \
it, under a message of the channel, puts that message there\n\
• `/keyleak clock [key or case] gdpr reason` starts the clock of a reporting duty, `clock gdpr \
stop reason` ends it\n\
• `/keyleak cause [key or case] code reason` says what let the key out (`phishing`, `environment`, \
`code`, `malware`, `ssrf`, `third-party`, `insider`), for the report\n\
• `/keyleak summary [key or case]` posts the story so far into the case's channel\n\
Never paste the secret key; the id is enough.";
