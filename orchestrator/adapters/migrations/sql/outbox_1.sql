-- What is to be sent, who sends it now, and what came of it. Holds go by this server's clock alone.

-- Whichever state is further: a failure is final, but says nothing against a message that arrived.
CREATE FUNCTION parley_later_1(old text, new text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE
        WHEN old = 'failed' THEN old
        WHEN new = 'failed' THEN CASE WHEN old IN ('delivered', 'read') THEN old ELSE new END
        WHEN array_position(ARRAY['pending', 'sent', 'delivered', 'read'], new)
            > array_position(ARRAY['pending', 'sent', 'delivered', 'read'], old) THEN new
        ELSE old
    END
$$;

-- The oldest row of each conversation that is due, for `holder` alone while `hold` seconds last; 0 takes no hold. What
-- others hold is left out, what the holder has already is held anew.
CREATE FUNCTION parley_due_1(moment bigint, most bigint, holder text, hold double precision)
RETURNS SETOF outbox LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    taken text[];
    talks text[];
BEGIN
    SELECT array_agg(f.id), array_agg(f.conversation_id) INTO taken, talks FROM (
        SELECT o.id, o.conversation_id FROM outbox o
        WHERE o.state = 'pending' AND o.due_at <= moment
        AND (o.held_until IS NULL OR o.held_until <= clock_timestamp() OR o.held_by = holder)
        AND NOT EXISTS (
            SELECT FROM outbox p WHERE p.conversation_id = o.conversation_id AND p.state = 'pending'
            AND (p.seq, p.id) < (o.seq, o.id))
        ORDER BY o.due_at, o.seq LIMIT most
        FOR NO KEY UPDATE OF o SKIP LOCKED
    ) AS f;
    IF hold > 0 THEN
        UPDATE outbox o SET held_by = holder, held_until = clock_timestamp() + hold * interval '1 second'
        FROM unnest(taken, talks) AS f (id, conversation_id)
        WHERE o.id = f.id AND o.conversation_id = f.conversation_id;
    END IF;
    RETURN QUERY SELECT o.* FROM unnest(taken, talks) AS f (id, conversation_id)
    JOIN outbox o ON o.id = f.id AND o.conversation_id = f.conversation_id ORDER BY o.due_at, o.seq;
END
$$;

-- A status may come before we know the id it is about: the one who comes second must see what the first has written.
CREATE FUNCTION parley_alone_1(channels text[], externals text[]) RETURNS void LANGUAGE sql AS $$
    SELECT count(pg_advisory_xact_lock(k.key)) FROM (
        SELECT DISTINCT hashtextextended(e.channel_id || chr(1) || e.external_id, 0) AS key
        FROM unnest(channels, externals) AS e (channel_id, external_id) WHERE e.external_id <> '' ORDER BY 1
        OFFSET 0
    ) AS k
$$;

-- Move the rows with that id forward; false when there is none.
CREATE FUNCTION parley_progress_1(channel text, external text, state text, error text)
RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    line record;
    found_any boolean := false;
BEGIN
    FOR line IN SELECT o.id, o.conversation_id, o.seq, o.state FROM outbox o
        WHERE o.channel_id = channel AND o.external_id = external AND o.external_id <> '' ORDER BY o.id
    LOOP
        found_any := true;
        UPDATE outbox o SET state = parley_later_1(o.state, parley_progress_1.state), error = parley_progress_1.error
        WHERE o.id = line.id AND o.conversation_id = line.conversation_id
        AND parley_later_1(o.state, parley_progress_1.state) <> o.state;
        IF state IN ('delivered', 'read') THEN
            UPDATE conversations c SET customer_delivered = greatest(c.customer_delivered, line.seq),
                customer_read = greatest(c.customer_read, CASE WHEN parley_progress_1.state = 'read' THEN line.seq ELSE 0 END)
            WHERE c.id = line.conversation_id AND (c.customer_delivered < line.seq
                OR parley_progress_1.state = 'read' AND c.customer_read < line.seq);
        END IF;
    END LOOP;
    RETURN found_any;
END
$$;

CREATE TYPE parley_outcome_1 AS (
    place int, id text, conversation_id text, channel_id text, message_id text, seq bigint, state text,
    attempts bigint, done bigint, due_at bigint, external_id text, error text, holder text
);

-- Keep outcomes; in one call each conversation stands once. Returns what still waits there. Who lost the hold meanwhile
-- may say that it was sent, not that it waits.
CREATE FUNCTION parley_settle_1(outcomes json) RETURNS TABLE (place int, remaining text[]) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    given parley_outcome_1[];
    n parley_outcome_1;
    old record;
    early record;
BEGIN
    SELECT array_agg(r) INTO given FROM json_populate_recordset(NULL::parley_outcome_1, outcomes) AS r;
    PERFORM parley_alone_1(array_agg(g.channel_id), array_agg(g.external_id)) FROM unnest(given) AS g;
    PERFORM FROM conversations c WHERE c.id IN (SELECT g.conversation_id FROM unnest(given) AS g)
    ORDER BY c.id FOR NO KEY UPDATE OF c;
    FOREACH n IN ARRAY given LOOP
        SELECT o.state, coalesce(o.held_by <> n.holder AND o.held_until > clock_timestamp(), false) AS lost INTO old
        FROM outbox o WHERE o.id = n.id AND o.conversation_id = n.conversation_id FOR NO KEY UPDATE;
        IF NOT FOUND THEN
            IF n.state NOT IN ('pending', 'failed') THEN
                -- It was on its way when it was withdrawn: the customer has it, so the log says so.
                UPDATE messages m SET withdrawn = 0
                WHERE m.id = n.message_id AND m.conversation_id = n.conversation_id AND m.withdrawn = 1;
                IF FOUND THEN
                    UPDATE conversations c SET version = c.version + 1 WHERE c.id = n.conversation_id;
                END IF;
            END IF;
        ELSIF NOT (old.lost AND n.state IN ('pending', 'failed')) THEN
            UPDATE outbox o SET state = parley_later_1(o.state, n.state), attempts = n.attempts, done = n.done,
                due_at = n.due_at, external_id = n.external_id, error = n.error, held_by = NULL, held_until = NULL
            WHERE o.id = n.id AND o.conversation_id = n.conversation_id;
            IF parley_later_1(old.state, n.state) = 'pending' THEN
                UPDATE outbox o SET due_at = n.due_at
                WHERE o.conversation_id = n.conversation_id AND o.state = 'pending' AND o.seq > n.seq
                AND o.due_at < n.due_at;
            END IF;
            IF n.external_id <> '' THEN
                DELETE FROM orphan_statuses s
                WHERE s.channel_id = n.channel_id AND s.external_id = n.external_id RETURNING s.state, s.error INTO early;
                IF FOUND THEN
                    PERFORM parley_progress_1(n.channel_id, n.external_id, early.state, early.error);
                END IF;
            END IF;
        END IF;
    END LOOP;
    RETURN QUERY SELECT g.place, ARRAY(
        SELECT o.id FROM outbox o WHERE o.conversation_id = g.conversation_id AND o.state = 'pending'
        ORDER BY o.seq, o.id LIMIT 100)
    FROM unnest(given) AS g;
END
$$;

-- What platforms report; in one call each external id stands once. What nobody knows is kept until `forget`.
CREATE FUNCTION parley_status_1(reports json, moment bigint, forget bigint) RETURNS void LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    r record;
BEGIN
    PERFORM parley_alone_1(array_agg(n.channel_id), array_agg(n.external_id))
    FROM json_to_recordset(reports) AS n (channel_id text, external_id text);
    PERFORM FROM conversations c WHERE c.id IN (
        SELECT o.conversation_id FROM json_to_recordset(reports) AS n (channel_id text, external_id text)
        JOIN outbox o ON o.channel_id = n.channel_id AND o.external_id = n.external_id AND o.external_id <> '')
    ORDER BY c.id FOR NO KEY UPDATE OF c;
    FOR r IN SELECT * FROM json_to_recordset(reports)
        AS n (channel_id text, external_id text, state text, error text)
        ORDER BY n.channel_id, n.external_id
    LOOP
        IF NOT parley_progress_1(r.channel_id, r.external_id, r.state, r.error) THEN
            INSERT INTO orphan_statuses AS s (channel_id, external_id, state, error, at)
            VALUES (r.channel_id, r.external_id, r.state, r.error, moment)
            ON CONFLICT (channel_id, external_id) DO UPDATE SET state = excluded.state, error = excluded.error
            WHERE parley_later_1(s.state, excluded.state) <> s.state;
            DELETE FROM orphan_statuses s WHERE (s.channel_id, s.external_id) IN (
                SELECT z.channel_id, z.external_id FROM orphan_statuses z WHERE z.at < forget
                ORDER BY z.channel_id, z.external_id LIMIT 100 FOR UPDATE SKIP LOCKED);
        END IF;
    END LOOP;
END
$$;
