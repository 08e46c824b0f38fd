-- As outbox_1.sql, now with messages of which nobody knows whether they went out, trackers, and watermarks.

CREATE FUNCTION parley_later_2(old text, new text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE
        WHEN old = 'failed' THEN old
        WHEN new = 'failed' THEN CASE WHEN old IN ('delivered', 'read') THEN old ELSE new END
        WHEN array_position(ARRAY['pending', 'unknown', 'sent', 'delivered', 'read'], new)
            > array_position(ARRAY['pending', 'unknown', 'sent', 'delivered', 'read'], old) THEN new
        ELSE old
    END
$$;

-- Move one row that is no longer pending; true when the customer's marks rose. What did not arrive goes again when
-- somebody revives it.
CREATE FUNCTION parley_move_1(conversation text, row_id text, place bigint, state text, error text, reason text)
RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    UPDATE outbox o SET state = parley_later_2(o.state, parley_move_1.state), error = parley_move_1.error,
        reason = CASE WHEN parley_move_1.state = 'failed' THEN parley_move_1.reason ELSE o.reason END,
        done = CASE WHEN parley_move_1.state = 'failed' THEN greatest(o.done - 1, 0) ELSE o.done END
    WHERE o.id = row_id AND o.conversation_id = conversation
    AND parley_later_2(o.state, parley_move_1.state) <> o.state;
    IF parley_move_1.state NOT IN ('delivered', 'read') THEN
        RETURN false;
    END IF;
    UPDATE conversations c SET customer_delivered = greatest(c.customer_delivered, place),
        customer_read = greatest(c.customer_read, CASE WHEN parley_move_1.state = 'read' THEN place ELSE 0 END)
    WHERE c.id = conversation AND (c.customer_delivered < place
        OR parley_move_1.state = 'read' AND c.customer_read < place);
    RETURN FOUND;
END
$$;

-- Move the rows with that id forward; `known` is false when there is none, `rose` names whose marks did. A row that
-- still waits has more to send: what became of the last of it says nothing of the rest.
CREATE FUNCTION parley_progress_2(
    channel text, external text, state text, error text, reason text, OUT known boolean, OUT rose text[])
LANGUAGE plpgsql AS $$
DECLARE
    line record;
BEGIN
    known := false;
    rose := '{}';
    FOR line IN SELECT o.id, o.conversation_id, o.seq, o.state FROM outbox o
        WHERE o.channel_id = channel AND o.external_id = external AND o.external_id <> '' AND o.state <> 'pending'
        ORDER BY o.id
    LOOP
        known := true;
        IF parley_move_1(line.conversation_id, line.id, line.seq, state, error, reason) THEN
            rose := rose || line.conversation_id;
        END IF;
    END LOOP;
END
$$;

-- By what we sent along: the row learns its id. One that waits was being sent when the process died, or still is.
CREATE FUNCTION parley_tracked_1(
    channel text, external text, row_id text, nth bigint, state text, error text, reason text, OUT known boolean, OUT rose text[])
LANGUAGE plpgsql AS $$
DECLARE
    line record;
BEGIN
    known := false;
    rose := '{}';
    SELECT o.conversation_id, o.seq, o.state, o.done, json_array_length(o.renderings::json) AS size INTO line
    FROM outbox o WHERE o.id = row_id AND o.channel_id = channel FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    IF line.state = 'pending' THEN
        IF parley_tracked_1.state <> 'failed' THEN
            UPDATE outbox o SET done = nth + 1,
                external_id = CASE WHEN external = '' THEN o.external_id ELSE external END
            WHERE o.id = row_id AND o.conversation_id = line.conversation_id AND o.done = nth;
        END IF;
        RETURN;
    END IF;
    known := true;
    UPDATE outbox o SET external_id = external WHERE o.id = row_id AND o.conversation_id = line.conversation_id
    AND o.external_id = '' AND external <> '' AND nth = line.size - 1;
    IF parley_tracked_1.state = 'failed' OR nth >= line.size - 1 THEN
        IF parley_move_1(line.conversation_id, row_id, line.seq, parley_tracked_1.state, error, reason) THEN
            rose := rose || line.conversation_id;
        END IF;
    END IF;
END
$$;

CREATE TYPE parley_outcome_2 AS (
    place int, id text, conversation_id text, channel_id text, message_id text, seq bigint, state text,
    attempts bigint, done bigint, due_at bigint, renderings text, external_id text, error text, reason text, holder text
);

-- `renderings` are null where they stayed.
CREATE FUNCTION parley_settle_2(outcomes json) RETURNS TABLE (place int, remaining text[]) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    given parley_outcome_2[];
    n parley_outcome_2;
    old record;
    early record;
BEGIN
    SELECT array_agg(r) INTO given FROM json_populate_recordset(NULL::parley_outcome_2, outcomes) AS r;
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
            UPDATE outbox o SET state = parley_later_2(o.state, n.state), attempts = n.attempts, done = n.done,
                due_at = n.due_at, renderings = coalesce(n.renderings, o.renderings), external_id = n.external_id,
                error = n.error, reason = n.reason, held_by = NULL, held_until = NULL
            WHERE o.id = n.id AND o.conversation_id = n.conversation_id;
            IF parley_later_2(old.state, n.state) = 'pending' THEN
                UPDATE outbox o SET due_at = n.due_at
                WHERE o.conversation_id = n.conversation_id AND o.state = 'pending' AND o.seq > n.seq
                AND o.due_at < n.due_at;
            ELSIF n.external_id <> '' THEN
                DELETE FROM orphan_statuses s
                WHERE s.channel_id = n.channel_id AND s.external_id = n.external_id RETURNING s.state, s.error INTO early;
                IF FOUND THEN
                    PERFORM parley_progress_2(n.channel_id, n.external_id, early.state, early.error, '');
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

-- What platforms report; in one call each external id and each tracker stands once. What nobody knows is kept until
-- `forget`. Returns, by place, whose marks rose.
CREATE FUNCTION parley_status_2(reports json, moment bigint, forget bigint)
RETURNS TABLE (place int, app_id text, id text, delivered bigint, read bigint, desk bigint) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    r record;
    found_one boolean;
    rose text[];
    risen text[] := '{}';
    places int[] := '{}';
BEGIN
    PERFORM parley_alone_1(array_agg(n.channel_id), array_agg(n.external_id))
    FROM json_to_recordset(reports) AS n (channel_id text, external_id text);
    PERFORM FROM conversations c WHERE c.id IN (
        SELECT o.conversation_id FROM json_to_recordset(reports) AS n (channel_id text, external_id text)
        JOIN outbox o ON o.channel_id = n.channel_id AND o.external_id = n.external_id AND o.external_id <> ''
        UNION
        SELECT o.conversation_id FROM json_to_recordset(reports) AS n (channel_id text, outgoing_id text)
        JOIN outbox o ON o.id = n.outgoing_id AND o.channel_id = n.channel_id)
    ORDER BY c.id FOR NO KEY UPDATE OF c;
    FOR r IN SELECT * FROM json_to_recordset(reports)
        AS n (
            place int, channel_id text, external_id text, state text, error text, reason text, outgoing_id text,
            nth bigint)
        ORDER BY n.channel_id, n.external_id
    LOOP
        SELECT p.known, p.rose INTO found_one, rose
        FROM parley_progress_2(r.channel_id, r.external_id, r.state, r.error, r.reason) AS p;
        IF NOT found_one AND r.outgoing_id IS NOT NULL THEN
            SELECT p.known, p.rose INTO found_one, rose
            FROM parley_tracked_1(
                r.channel_id, r.external_id, r.outgoing_id, r.nth, r.state, r.error, r.reason) AS p;
        END IF;
        IF NOT found_one AND r.external_id <> '' THEN
            INSERT INTO orphan_statuses AS s (channel_id, external_id, state, error, at)
            VALUES (r.channel_id, r.external_id, r.state, r.error, moment)
            ON CONFLICT (channel_id, external_id) DO UPDATE SET state = excluded.state, error = excluded.error
            WHERE parley_later_2(s.state, excluded.state) <> s.state;
            DELETE FROM orphan_statuses s WHERE (s.channel_id, s.external_id) IN (
                SELECT z.channel_id, z.external_id FROM orphan_statuses z WHERE z.at < forget
                ORDER BY z.channel_id, z.external_id LIMIT 100 FOR UPDATE SKIP LOCKED);
        END IF;
        risen := risen || rose;
        places := places || array_fill(r.place, ARRAY[coalesce(array_length(rose, 1), 0)]);
    END LOOP;
    RETURN QUERY SELECT p.place, c.app_id, c.id, c.customer_delivered, c.customer_read, c.desk_read
    FROM unnest(places, risen) AS p (place, talk) JOIN conversations c ON c.id = p.talk;
END
$$;

-- Everything that was said to an address by `moment` and went out has come so far.
CREATE FUNCTION parley_seen_1(channel text, address text, state text, moment bigint)
RETURNS TABLE (app_id text, id text, delivered bigint, read bigint, desk bigint) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    talk text;
    last bigint;
BEGIN
    SELECT i.conversation_id INTO talk FROM identities i WHERE i.channel_id = channel AND i.address = parley_seen_1.address;
    PERFORM FROM conversations c WHERE c.id = talk FOR NO KEY UPDATE OF c;
    WITH behind AS (
        SELECT o.id FROM outbox o JOIN messages m ON m.conversation_id = o.conversation_id AND m.id = o.message_id
        WHERE o.conversation_id = talk AND m.at <= moment
        AND o.state = ANY (CASE WHEN parley_seen_1.state = 'read' THEN ARRAY['unknown', 'sent', 'delivered']
            ELSE ARRAY['unknown', 'sent'] END)
        ORDER BY o.id FOR NO KEY UPDATE OF o
    ), moved AS (
        UPDATE outbox o SET state = parley_seen_1.state FROM behind b
        WHERE o.id = b.id AND o.conversation_id = talk RETURNING o.seq
    )
    SELECT max(v.seq) INTO last FROM moved v;
    RETURN QUERY UPDATE conversations c SET customer_delivered = greatest(c.customer_delivered, last),
        customer_read = greatest(c.customer_read, CASE WHEN parley_seen_1.state = 'read' THEN last ELSE 0 END)
    WHERE c.id = talk AND (c.customer_delivered < last OR parley_seen_1.state = 'read' AND c.customer_read < last)
    RETURNING c.app_id, c.id, c.customer_delivered, c.customer_read, c.desk_read;
END
$$;

CREATE FUNCTION parley_refuse_1(conversation text, why text, said text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    refused bigint;
BEGIN
    PERFORM FROM conversations c WHERE c.id = conversation FOR NO KEY UPDATE;
    UPDATE outbox o SET state = 'failed', reason = why, error = said, held_by = NULL, held_until = NULL
    WHERE o.conversation_id = conversation AND o.state = 'pending';
    GET DIAGNOSTICS refused = ROW_COUNT;
    RETURN refused;
END
$$;
