-- Committing steps of turns, as commit_1.sql says: now with why a message failed, and with what few messages have.

CREATE TYPE parley_line_2 AS (
    place int, nth int, id text, app_id text, conversation_id text, channel_id text, role text, author text, at bigint,
    language text, visibility text, epoch bigint, turn_id text, external_id text, withdrawn bigint, parts text,
    translations text, understanding text, extra text
);

CREATE TYPE parley_letter_2 AS (
    place int, nth int,
    line int,  -- which of the step's messages it carries, or null: then `seq` counts
    id text, app_id text, conversation_id text, channel_id text, address text, message_id text, epoch bigint,
    due_at bigint, attempts bigint, renderings text, done bigint, state text, external_id text, error text, reason text,
    seq bigint
);

CREATE FUNCTION parley_commit_2(
    steps json, lines json, understood json, letters json, cases json, traces json, owed json, repaid json)
RETURNS TABLE (
    place int, passed boolean, held boolean, version bigint, last_seq bigint, processed_seq bigint, status text,
    updated_at bigint, customer_delivered bigint, customer_read bigint, desk_read bigint, context text
) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    asked parley_step_1[];
    passed int[];
    bases bigint[];
    blocked int[] := '{}';
BEGIN
    SELECT array_agg(s) INTO asked FROM json_populate_recordset(NULL::parley_step_1, steps) AS s;
    PERFORM FROM conversations c WHERE c.id IN (SELECT s.id FROM unnest(asked) AS s)
    ORDER BY c.id FOR NO KEY UPDATE OF c;

    -- Once every customer message is processed nothing waits: then the whole log counts as processed. A customer who
    -- wrote while a turn closed the conversation finds it open.
    WITH moved AS (
        UPDATE conversations c SET
            version = c.version + 1,
            last_seq = c.last_seq + s.added,
            processed_seq = CASE
                WHEN s.last_heard IS NOT NULL THEN least(
                    CASE WHEN c.customer_seq > s.processed_seq THEN greatest(c.processed_seq, s.processed_seq)
                        ELSE c.last_seq + s.added END,
                    greatest(s.processed_seq, c.last_seq + s.first_heard - 1))
                WHEN c.customer_seq > s.processed_seq THEN greatest(c.processed_seq, s.processed_seq)
                ELSE c.last_seq + s.added
            END,
            customer_seq = CASE WHEN s.last_heard IS NULL THEN c.customer_seq ELSE c.last_seq + s.last_heard END,
            status = CASE WHEN c.customer_seq > s.processed_seq THEN 'open' ELSE s.status END,
            updated_at = greatest(c.updated_at, s.updated_at),
            head = s.head, controller_kind = s.controller_kind, controller_name = s.controller_name, team = s.team,
            wake_at = s.wake_at, handoff_id = s.handoff_id, awaiting_turn = s.awaiting_turn
        FROM unnest(asked) AS s WHERE c.id = s.id AND c.version = s.version
        RETURNING s.place, c.last_seq - s.added AS base
    )
    SELECT coalesce(array_agg(m.place), '{}'), coalesce(array_agg(m.base), '{}') INTO passed, bases FROM moved m;

    IF lines IS NOT NULL THEN
        WITH line AS (
            SELECT l.*, p.base + l.nth AS seq FROM json_populate_recordset(NULL::parley_line_2, lines) AS l
            JOIN unnest(passed, bases) AS p (place, base) ON p.place = l.place
        ), known AS (
            INSERT INTO externals (channel_id, external_id, conversation_id, message_id)
            SELECT channel_id, external_id, conversation_id, id FROM line
            WHERE external_id <> '' ORDER BY channel_id, external_id
        )
        INSERT INTO messages (
            id, app_id, conversation_id, channel_id, seq, role, author, at, language, visibility, epoch, turn_id,
            external_id, withdrawn, parts, translations, understanding, extra)
        SELECT id, app_id, conversation_id, channel_id, seq, role, author, at, language, visibility, epoch, turn_id,
            external_id, withdrawn, parts, translations, understanding, extra
        FROM line;
    END IF;

    IF understood IS NOT NULL THEN
        UPDATE messages m SET language = u.language, translations = u.translations, understanding = u.understanding
        FROM json_to_recordset(understood)
            AS u (place int, id text, conversation_id text, language text, translations text, understanding text)
        WHERE u.place = ANY (passed) AND m.id = u.id AND m.conversation_id = u.conversation_id;
    END IF;

    IF cases IS NOT NULL THEN
        INSERT INTO handoffs AS h (
            id, app_id, conversation_id, state, team, priority, reason, language, agent_id, note, offered_at,
            accepted_at, ended_at, expires_at, packet)
        SELECT n.id, n.app_id, n.conversation_id, n.state, n.team, n.priority, n.reason, n.language, n.agent_id,
            n.note, n.offered_at, n.accepted_at, n.ended_at, n.expires_at, n.packet
        FROM json_to_recordset(cases) AS n (
            place int, id text, app_id text, conversation_id text, state text, team text, priority text, reason text,
            language text, agent_id text, note text, offered_at bigint, accepted_at bigint, ended_at bigint,
            expires_at bigint, packet text)
        WHERE n.place = ANY (passed)
        ON CONFLICT (id, conversation_id) DO UPDATE SET
            state = excluded.state, team = excluded.team, priority = excluded.priority, reason = excluded.reason,
            language = excluded.language, agent_id = excluded.agent_id, note = excluded.note,
            offered_at = excluded.offered_at, accepted_at = excluded.accepted_at, ended_at = excluded.ended_at,
            expires_at = excluded.expires_at, packet = excluded.packet;
    END IF;

    IF traces IS NOT NULL THEN
        INSERT INTO traces (id, app_id, conversation_id, turn_id, at, body)
        SELECT t.id, t.app_id, t.conversation_id, t.turn_id, t.at, t.body
        FROM json_to_recordset(traces)
            AS t (place int, id text, app_id text, conversation_id text, turn_id text, at bigint, body text)
        WHERE t.place = ANY (passed);
    END IF;

    PERFORM parley_learn_1(array_agg(c.customer_id), array_agg(s.facts), false, max(s.moment))
    FROM unnest(asked) AS s JOIN conversations c ON c.id = s.id
    WHERE s.facts IS NOT NULL AND s.place = ANY (passed) HAVING count(*) > 0;

    IF EXISTS (SELECT FROM unnest(asked) AS s WHERE s.withdraw AND s.place = ANY (passed)) THEN
        PERFORM parley_withdraw_1(s.id) FROM unnest(asked) AS s
        WHERE s.withdraw AND s.place = ANY (passed) ORDER BY s.id;
    END IF;

    IF letters IS NOT NULL THEN
        blocked := parley_post_2(asked, passed, bases, letters);
    END IF;
    IF owed IS NOT NULL THEN
        INSERT INTO debts (message_id, target, source, app_id, conversation_id, at)
        SELECT d.message_id, d.target, d.source, d.app_id, d.conversation_id, d.at FROM json_to_recordset(owed)
            AS d (place int, message_id text, target text, source text, app_id text, conversation_id text, at bigint)
        WHERE d.place = ANY (passed) ORDER BY d.message_id, d.target ON CONFLICT DO NOTHING;
    END IF;
    IF repaid IS NOT NULL THEN
        DELETE FROM debts d USING json_to_recordset(repaid) AS r (place int, message_id text, target text)
        WHERE r.place = ANY (passed) AND d.message_id = r.message_id AND d.target = r.target;
    END IF;

    RETURN QUERY
    SELECT s.place, s.place = ANY (passed), NOT s.place = ANY (blocked), c.version, c.last_seq, c.processed_seq,
        c.status, c.updated_at, c.customer_delivered, c.customer_read, c.desk_read, c.context
    FROM unnest(asked) AS s JOIN conversations c ON c.id = s.id;
END
$$;

-- Queue what is to be sent; returns the places whose letters wait behind what somebody else may be sending. Behind a row
-- that waits to be tried again a new one would be blocked anyway: out of the way of `due` until then.
CREATE FUNCTION parley_post_2(asked parley_step_1[], passed int[], bases bigint[], letters json)
RETURNS int[] LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    blocked int[];
BEGIN
    SELECT coalesce(array_agg(DISTINCT s.place), '{}') INTO blocked FROM unnest(asked) AS s
    JOIN outbox o ON o.conversation_id = s.id AND o.state = 'pending'
    WHERE s.hold > 0 AND NOT coalesce(o.held_by = s.holder AND o.held_until > clock_timestamp(), false);

    INSERT INTO outbox (
        id, app_id, conversation_id, channel_id, address, message_id, seq, epoch, due_at, attempts, renderings, done,
        state, external_id, error, reason, held_by, held_until)
    SELECT l.id, l.app_id, l.conversation_id, l.channel_id, l.address, l.message_id, coalesce(p.base + l.line, l.seq),
        l.epoch, greatest(max(l.due_at) OVER (PARTITION BY l.place ORDER BY l.nth), w.latest), l.attempts,
        l.renderings, l.done, l.state, l.external_id, l.error, l.reason,
        CASE WHEN s.hold > 0 AND NOT s.place = ANY (blocked) THEN s.holder END,
        CASE WHEN s.hold > 0 AND NOT s.place = ANY (blocked) THEN clock_timestamp() + s.hold * interval '1 second' END
    FROM json_populate_recordset(NULL::parley_letter_2, letters) AS l
    JOIN unnest(passed, bases) AS p (place, base) ON p.place = l.place
    JOIN unnest(asked) AS s ON s.place = l.place
    CROSS JOIN LATERAL (
        SELECT max(o.due_at) AS latest FROM outbox o WHERE o.conversation_id = s.id AND o.state = 'pending'
    ) AS w;
    RETURN blocked;
END
$$;
