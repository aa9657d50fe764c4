-- What each person's one-time codes came to of late: one row, replaced by the one with the next number.
CREATE TABLE codes (
    person TEXT NOT NULL PRIMARY KEY,
    number INTEGER NOT NULL,
    book TEXT NOT NULL
) STRICT;
