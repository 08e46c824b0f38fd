-- Messages that went out in pieces: each piece has an id of the platform's, and any of them may come back.

-- How many renderings there are. What others than bots say stands under the role: {"agent": [...]}.
CREATE FUNCTION parley_size_1(renderings text) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE json_typeof(renderings::json) WHEN 'array' THEN json_array_length(renderings::json)
        ELSE (SELECT json_array_length(e.value) FROM json_each(renderings::json) AS e LIMIT 1) END
$$;

-- As in outbox_2.sql, and called alike; there it failed for what an agent said, and knew the last piece alone.
CREATE OR REPLACE FUNCTION parley_tracked_1(
    channel text, external text, row_id text, nth bigint, state text, error text, reason text, OUT known boolean, OUT rose text[])
LANGUAGE plpgsql AS $$
DECLARE
    line record;
BEGIN
    known := false;
    rose := '{}';
    SELECT o.conversation_id, o.message_id, o.seq, o.state, o.done, parley_size_1(o.renderings) AS size INTO line
    FROM outbox o WHERE o.id = row_id AND o.channel_id = channel FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    IF line.size > 1 AND external <> '' THEN
        INSERT INTO pieces AS p (channel_id, external_id, outgoing_id, conversation_id, message_id, nth)
        VALUES (channel, external, row_id, line.conversation_id, line.message_id, parley_tracked_1.nth)
        ON CONFLICT DO NOTHING;
    END IF;
    IF line.state = 'pending' THEN
        IF parley_tracked_1.state <> 'failed' THEN
            UPDATE outbox o SET done = parley_tracked_1.nth + 1,
                external_id = CASE WHEN external = '' THEN o.external_id ELSE external END
            WHERE o.id = row_id AND o.conversation_id = line.conversation_id AND o.done = parley_tracked_1.nth;
        END IF;
        RETURN;
    END IF;
    known := true;
    UPDATE outbox o SET external_id = external WHERE o.id = row_id AND o.conversation_id = line.conversation_id
    AND o.external_id = '' AND external <> '' AND parley_tracked_1.nth = line.size - 1;
    IF parley_tracked_1.state = 'failed' OR parley_tracked_1.nth >= line.size - 1 THEN
        IF parley_move_1(line.conversation_id, row_id, line.seq, parley_tracked_1.state, error, reason) THEN
            rose := rose || line.conversation_id;
        END IF;
    END IF;
END
$$;

-- As parley_settle_2, for a batch in which something has several pieces: `pieces` are those of this try, as
-- {"nth": 0, "external_id": "..."}. What was said of a piece before it was known is heard now.
CREATE FUNCTION parley_settle_3(outcomes json) RETURNS TABLE (place int, remaining text[]) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    early record;
BEGIN
    PERFORM parley_alone_1(array_agg(k.channel_id), array_agg(k.external_id)) FROM (
        SELECT n.channel_id, n.external_id
        FROM json_to_recordset(outcomes) AS n (channel_id text, external_id text)
        UNION
        SELECT n.channel_id, e.external_id
        FROM json_to_recordset(outcomes) AS n (channel_id text, pieces json)
        CROSS JOIN json_to_recordset(coalesce(n.pieces, '[]')) AS e (external_id text)
        UNION
        SELECT p.channel_id, p.external_id
        FROM json_to_recordset(outcomes) AS n (id text) JOIN pieces p ON p.outgoing_id = n.id
    ) AS k;
    RETURN QUERY SELECT s.place, s.remaining FROM parley_settle_2(outcomes) AS s;
    INSERT INTO pieces (channel_id, external_id, outgoing_id, conversation_id, message_id, nth)
    SELECT n.channel_id, e.external_id, n.id, n.conversation_id, n.message_id, e.nth
    FROM json_to_recordset(outcomes)
        AS n (channel_id text, id text, conversation_id text, message_id text, pieces json)
    CROSS JOIN json_to_recordset(coalesce(n.pieces, '[]')) AS e (external_id text, nth bigint)
    ON CONFLICT DO NOTHING;
    FOR early IN SELECT p.channel_id, p.external_id, p.outgoing_id, p.nth, s.state, s.error
        FROM json_to_recordset(outcomes) AS n (id text)
        JOIN pieces p ON p.outgoing_id = n.id
        JOIN outbox o ON o.id = p.outgoing_id AND o.conversation_id = p.conversation_id AND o.state <> 'pending'
        JOIN orphan_statuses s ON s.channel_id = p.channel_id AND s.external_id = p.external_id
        ORDER BY p.outgoing_id, p.nth
    LOOP
        DELETE FROM orphan_statuses s WHERE s.channel_id = early.channel_id AND s.external_id = early.external_id;
        PERFORM parley_tracked_1(early.channel_id, '', early.outgoing_id, early.nth, early.state, early.error, '');
    END LOOP;
END
$$;

-- As parley_status_2; what names a piece is heard as if it had come with our tracker.
CREATE FUNCTION parley_status_3(reports json, moment bigint, forget bigint)
RETURNS TABLE (place int, app_id text, id text, delivered bigint, read bigint, desk bigint) LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
    PERFORM parley_alone_1(array_agg(n.channel_id), array_agg(n.external_id))
    FROM json_to_recordset(reports) AS n (channel_id text, external_id text);
    RETURN QUERY SELECT s.place, s.app_id, s.id, s.delivered, s.read, s.desk FROM parley_status_2((
        SELECT json_agg(CASE WHEN p.outgoing_id IS NULL THEN r.report
            ELSE (r.report::jsonb || jsonb_build_object('outgoing_id', p.outgoing_id, 'nth', p.nth))::json END)
        FROM json_array_elements(reports) AS r (report)
        LEFT JOIN pieces p ON p.channel_id = r.report ->> 'channel_id' AND p.external_id = r.report ->> 'external_id'
    ), moment, forget) AS s;
END
$$;
