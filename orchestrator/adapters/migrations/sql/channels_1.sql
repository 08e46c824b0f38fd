-- Who works on which side of a channel, by this server's clock, and how that fares.

-- New columns of old tables: nothing is rewritten for that.
ALTER TABLE messages ALTER COLUMN extra TYPE text COLLATE "C";
ALTER TABLE outbox ALTER COLUMN reason TYPE text COLLATE "C";
ALTER TABLE channel_reports ALTER COLUMN channel_id TYPE text COLLATE "C", ALTER COLUMN side TYPE text COLLATE "C",
    ALTER COLUMN holder TYPE text COLLATE "C", ALTER COLUMN app_id TYPE text COLLATE "C",
    ALTER COLUMN trouble TYPE text COLLATE "C";

CREATE TABLE channel_leases (
    channel_id text COLLATE "C" NOT NULL,
    side text COLLATE "C" NOT NULL,
    holder text COLLATE "C" NOT NULL,
    until timestamptz NOT NULL,
    PRIMARY KEY (channel_id, side)
);

CREATE FUNCTION parley_lease_1(channel text, which text, who text, seconds double precision)
RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO channel_leases AS l (channel_id, side, holder, until)
    VALUES (channel, which, who, clock_timestamp() + seconds * interval '1 second')
    ON CONFLICT (channel_id, side) DO UPDATE SET holder = excluded.holder, until = excluded.until
    WHERE l.holder = excluded.holder OR l.until <= clock_timestamp();
    RETURN FOUND;
END
$$;
