-- What was begun of late, for the caps per hour: one row, replaced by the one with the next number.
CREATE TABLE tally (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    number INTEGER NOT NULL,
    tally TEXT NOT NULL
) STRICT;
