//! Writes objects as CloudTrail does, and as nobody should.

const KEYS: [&str; 24] = [
    "eventTime",
    "eventSource",
    "eventName",
    "awsRegion",
    "sourceIPAddress",
    "userAgent",
    "errorCode",
    "errorMessage",
    "readOnly",
    "eventType",
    "eventCategory",
    "recipientAccountId",
    "sessionCredentialFromConsole",
    "@timestamp",
    "eventID",
    "requestID",
    "accessKeyId",
    "arn",
    "sharedEventID",
    "vpcEndpointId",
    "userName",
    "type",
    "principalId",
    "eventVersion",
];
const PARTS: [&str; 6] = [
    "requestParameters",
    "responseElements",
    "additionalEventData",
    "resources",
    "tlsDetails",
    "serviceEventDetails",
];
const TEXTS: [&str; 14] = [
    "",
    "AKIAZZZZLEAKEDKEY234",
    "2026-08-01T10:00:00Z",
    "ListUsers",
    "userIdentity",
    "Grüße",
    "😀 x",
    "a\"b",
    "back\\slash",
    "line\nbreak",
    "\u{1}",
    "\"accessKeyId\":\"AKIA\"",
    "{\"eventName\":\"X\"}",
    "arn:aws:sts::123456789012:assumed-role/a-role-with-a-long-name/and-a-long-session-name",
];
const NUMBERS: [&str; 16] = [
    "0",
    "7",
    "12.0",
    "12.50",
    "-3",
    "-0",
    "1e3",
    "1E-2",
    "9007199254740993",
    "123456789012345",
    "1234567890123456",
    "18446744073709551616",
    "0.1",
    "100.000",
    "1.0000000000000000",
    "999",
];

/// Chance from a number; how odd what it writes is.
pub(super) struct Pen {
    pub(super) state: u64,
    pub(super) oddness: u64,
}

impl Pen {
    fn below(&mut self, count: usize) -> usize {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        (self.state >> 11) as usize % count
    }

    /// Whether to do something odd, for which chance is one in so many, times the oddness.
    fn is_odd(&mut self, one_in: usize) -> bool {
        (self.below(one_in) as u64) < self.oddness
    }

    fn of<'t>(&mut self, choices: &[&'t str]) -> &'t str {
        choices[self.below(choices.len())]
    }

    fn blank(&mut self) -> &'static str {
        if self.is_odd(8) { self.of(&["", " ", "\n", "\t\r\n  "]) } else { "" }
    }

    fn quoted(&mut self, text: &str) -> String {
        let mut quoted = "\"".to_owned();
        for c in text.chars() {
            let must = c == '"' || c == '\\' || c.is_control();
            if must || self.is_odd(400) {
                let mut units = [0; 2];
                for unit in c.encode_utf16(&mut units) {
                    quoted.push_str(&format!("\\u{unit:04x}"));
                }
            } else {
                quoted.push(c);
            }
        }
        quoted + "\""
    }

    fn text(&mut self) -> String {
        let texts = if self.is_odd(6) { &TEXTS[..] } else { &TEXTS[1..7] };
        let text = self.of(texts);
        self.quoted(text)
    }

    fn value(&mut self, depth: usize) -> String {
        match self.below(if depth == 0 { 4 } else { 6 }) {
            0 => self.of(&["null", "true", "false"]).to_owned(),
            1 => self.of(&NUMBERS).to_owned(),
            2 | 3 => self.text(),
            4 => {
                let items: Vec<String> =
                    (0..self.below(4)).map(|_| self.value(depth - 1)).collect();
                self.list(('[', ']'), &items)
            }
            _ => {
                let first = self.below(KEYS.len());
                let members: Vec<String> = (0..self.below(5))
                    .map(|number| {
                        let twice = self.is_odd(30);
                        let key = KEYS[(first + if twice { 0 } else { number }) % KEYS.len()];
                        let value = self.value(depth - 1);
                        self.member(key, &value)
                    })
                    .collect();
                self.list(('{', '}'), &members)
            }
        }
    }

    fn list(&mut self, (open, close): (char, char), items: &[String]) -> String {
        let mut text = format!("{open}{}", self.blank());
        for (at, item) in items.iter().enumerate() {
            let comma = if at == 0 { "" } else { "," };
            text.push_str(&format!("{comma}{}{item}{}", self.blank(), self.blank()));
        }
        text.push(close);
        text
    }

    fn member(&mut self, key: &str, value: &str) -> String {
        let key = self.quoted(key);
        format!("{key}{}:{}{value}", self.blank(), self.blank())
    }

    fn identity(&mut self) -> String {
        let mut members = Vec::new();
        for key in ["type", "principalId", "arn", "accountId", "accessKeyId", "userName"] {
            let value = if self.is_odd(12) { self.value(2) } else { self.text() };
            members.push(self.member(key, &value));
        }
        if self.below(2) == 0 {
            let issuer: Vec<String> = ["type", "arn", "principalId", "userName"]
                .map(|key| {
                    let value = self.text();
                    self.member(key, &value)
                })
                .into();
            let issuer = self.list(('{', '}'), &issuer);
            let dated = self.member("creationDate", "\"2026-08-01T09:00:00Z\"");
            let dated = self.list(('{', '}'), &[dated]);
            let mut session =
                vec![self.member("sessionIssuer", &issuer), self.member("attributes", &dated)];
            if self.is_odd(8) {
                let twice = session[0].clone();
                session.push(twice);
            }
            let session = self.list(('{', '}'), &session);
            members.push(self.member("sessionContext", &session));
        }
        self.list(('{', '}'), &members)
    }

    fn record(&mut self) -> String {
        let mut members = vec![self.member("eventName", "\"ListUsers\"")];
        for key in &KEYS[..2] {
            let value = self.text();
            members.push(self.member(key, &value));
        }
        for _ in 0..self.below(8) {
            let key = self.of(&KEYS[3..]);
            let value = if self.is_odd(5) { self.value(2) } else { self.text() };
            let known = format!("\"{key}\"");
            if self.oddness > 0 || !members.iter().any(|one| one.starts_with(&known)) {
                members.push(self.member(key, &value));
            }
        }
        let part = self.of(&PARTS);
        let depth = if self.is_odd(200) { 90 } else { 3 };
        let deep = format!("{}{}{}", "[".repeat(depth), self.value(2), "]".repeat(depth));
        let value = if self.below(2) == 0 { deep } else { self.value(3) };
        let is_tls = part == "tlsDetails" && self.oddness == 0;
        let tls = r#"{"tlsVersion":"TLSv1.3"}"#;
        members.push(self.member(part, if is_tls { tls } else { &value }));
        let who = if self.is_odd(9) { self.value(1) } else { self.identity() };
        members.push(self.member("userIdentity", &who));
        let first = self.below(members.len());
        members.rotate_left(first);
        self.list(('{', '}'), &members)
    }

    pub(super) fn object(&mut self) -> String {
        let records: Vec<String> = (0..self.below(6))
            .map(|_| if self.is_odd(12) { self.value(2) } else { self.record() })
            .collect();
        let list = self.list(('[', ']'), &records);
        let member = self.member("Records", &list);
        self.list(('{', '}'), &[member])
    }
}
