-- What PostgreSQL keeps otherwise than SQLite. The tables are empty when this runs: no release before it knew PostgreSQL.

-- Compared byte by byte, whatever the locale of the database: faster, and the order of ids is that of their creation.
DO $$
DECLARE
    place record;
BEGIN
    FOR place IN
        -- Ours alone: an extension may keep its views here too.
        SELECT table_name, column_name FROM information_schema.columns
        WHERE table_schema = current_schema() AND data_type = 'text' AND table_name IN (
            'agents', 'api_keys', 'conversations', 'customers', 'debts', 'handoffs', 'identities', 'late_answers',
            'messages', 'orphan_statuses', 'outbox', 'reviewed', 'sessions', 'traces', 'usage')
        ORDER BY table_name, ordinal_position
    LOOP
        EXECUTE 'ALTER TABLE ' || quote_ident(place.table_name) || ' ALTER COLUMN ' || quote_ident(place.column_name)
            || ' TYPE text COLLATE "C"';
    END LOOP;
END
$$;

-- Every unique key of what grows holds conversation_id: each of these tables can be partitioned by a hash of it.
ALTER TABLE messages DROP CONSTRAINT messages_pkey;
DROP INDEX messages_seq;
DROP INDEX messages_external;
ALTER TABLE messages ADD PRIMARY KEY (conversation_id, seq);
CREATE UNIQUE INDEX messages_id ON messages (id, conversation_id);
ALTER TABLE outbox DROP CONSTRAINT outbox_pkey, ADD PRIMARY KEY (id, conversation_id);
ALTER TABLE handoffs DROP CONSTRAINT handoffs_pkey, ADD PRIMARY KEY (id, conversation_id);
ALTER TABLE traces DROP CONSTRAINT traces_pkey, ADD PRIMARY KEY (id, conversation_id);

-- Which platform message is which of ours. A table of its own: it can be partitioned by a hash of its own key.
CREATE TABLE externals (
    channel_id text COLLATE "C" NOT NULL,
    external_id text COLLATE "C" NOT NULL,
    conversation_id text COLLATE "C" NOT NULL,
    message_id text COLLATE "C" NOT NULL,
    PRIMARY KEY (channel_id, external_id)
);

-- What a turn loads besides the head, named in the head: so one statement finds it.
ALTER TABLE conversations ADD COLUMN handoff_id text COLLATE "C", ADD COLUMN awaiting_turn text COLLATE "C";

-- Who sends a row now, and until when nobody else may, by this server's clock.
ALTER TABLE outbox ADD COLUMN held_by text COLLATE "C", ADD COLUMN held_until timestamptz;

-- Where the sweep of all workers together goes on.
CREATE TABLE sweeps (name text COLLATE "C" PRIMARY KEY, after text COLLATE "C" NOT NULL DEFAULT '');
INSERT INTO sweeps (name) VALUES ('unfinished');

-- Heads are rewritten with each turn: room for the next version on the same page.
ALTER TABLE conversations SET (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05);
ALTER TABLE outbox SET (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.05);
