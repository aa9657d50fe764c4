-- What was taken in and is still to be read, such as a file with ids.
CREATE TABLE inbox (
    id TEXT NOT NULL PRIMARY KEY,
    what TEXT NOT NULL
) STRICT;
