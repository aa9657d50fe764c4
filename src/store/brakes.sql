-- Every move of the brake is kept: who froze and thawed the bot, and why.
CREATE TABLE brakes (
    number INTEGER NOT NULL PRIMARY KEY,
    brake TEXT NOT NULL
) STRICT;

CREATE TRIGGER brakes_are_not_altered BEFORE UPDATE ON brakes
BEGIN SELECT RAISE(ABORT, 'moves of the brake are append-only'); END;

CREATE TRIGGER brakes_are_not_cut BEFORE DELETE ON brakes
BEGIN SELECT RAISE(ABORT, 'moves of the brake are append-only'); END;

-- When a case was first listed and when its work ended, for the caps per hour.
ALTER TABLE cases ADD COLUMN listed_at_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE cases ADD COLUMN unlisted_at_ms INTEGER;
