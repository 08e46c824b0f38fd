-- What a bot's message on its way means for a person who takes over: it goes before what they say, or not at all. Where a
-- function is replaced nothing changes for its callers: so workers of the version before heed it as well.

-- The bots' undelivered messages; what an agent or the system said stays in line. Nothing goes before the oldest row, so
-- that one alone may be on its way or, when its hold ended and nobody settled it, have gone out: it stays, everything
-- behind waits for it, and it is not tried again.
CREATE OR REPLACE FUNCTION parley_withdraw_1(conversation text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    leaving text;
BEGIN
    PERFORM FROM outbox o WHERE o.conversation_id = conversation AND o.state = 'pending'
    ORDER BY o.seq, o.id FOR NO KEY UPDATE OF o;
    SELECT CASE WHEN o.held_until IS NOT NULL THEN o.id END INTO leaving FROM outbox o
    WHERE o.conversation_id = conversation AND o.state = 'pending' ORDER BY o.seq, o.id LIMIT 1;
    UPDATE outbox o SET withdrawn = 1 FROM messages m
    WHERE o.id = leaving AND o.conversation_id = conversation AND m.conversation_id = conversation
    AND m.id = o.message_id AND m.role = 'bot';
    -- Tried, and never answered: whether it arrived nobody knows. The log goes on showing it.
    UPDATE outbox o SET state = 'unknown', reason = 'unknown', held_by = NULL, held_until = NULL FROM messages m
    WHERE o.conversation_id = conversation AND o.state = 'pending' AND o.reason = 'unanswered'
    AND o.id IS DISTINCT FROM leaving AND m.conversation_id = conversation AND m.id = o.message_id AND m.role = 'bot';
    WITH gone AS (
        UPDATE messages m SET withdrawn = 1 FROM outbox o
        WHERE o.conversation_id = conversation AND o.state = 'pending' AND o.id IS DISTINCT FROM leaving
        AND m.conversation_id = conversation AND m.id = o.message_id AND m.role = 'bot'
        RETURNING m.id
    )
    DELETE FROM outbox o USING gone g
    WHERE o.conversation_id = conversation AND o.state = 'pending' AND o.id IS DISTINCT FROM leaving
    AND o.message_id = g.id;
END
$$;

-- As parley_due_1. Rows that were on their way when a person took over, and whose holder never said what came of them,
-- are told once, as unknown; what waited behind them is due.
CREATE FUNCTION parley_due_2(moment bigint, most bigint, holder text, hold double precision)
RETURNS SETOF outbox LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    taken text[];
    talks text[];
    unsure text[];
    told text[] := '{}';
    whose text[] := '{}';
BEGIN
    LOOP
        SELECT array_agg(f.id), array_agg(f.conversation_id), array_agg(f.id) FILTER (WHERE f.withdrawn = 1)
        INTO taken, talks, unsure FROM (
            SELECT o.id, o.conversation_id, o.withdrawn FROM outbox o
            WHERE o.state = 'pending' AND o.due_at <= moment
            AND (o.held_until IS NULL OR o.held_until <= clock_timestamp() OR o.held_by = holder AND o.withdrawn = 0)
            AND NOT EXISTS (
                SELECT FROM outbox p WHERE p.conversation_id = o.conversation_id AND p.state = 'pending'
                AND (p.seq, p.id) < (o.seq, o.id))
            ORDER BY o.due_at, o.seq LIMIT most
            FOR NO KEY UPDATE OF o SKIP LOCKED
        ) AS f;
        told := told || coalesce(taken, '{}');
        whose := whose || coalesce(talks, '{}');
        EXIT WHEN unsure IS NULL;
        UPDATE outbox o SET state = 'unknown', reason = 'unknown', withdrawn = 0, held_by = NULL, held_until = NULL,
            error = 'who was sending it when a person took over never said what came of it'
        FROM unnest(taken, talks) AS f (id, conversation_id)
        WHERE o.id = f.id AND o.conversation_id = f.conversation_id AND o.id = ANY (unsure);
    END LOOP;
    IF hold > 0 THEN
        UPDATE outbox o SET held_by = holder, held_until = clock_timestamp() + hold * interval '1 second'
        FROM unnest(taken, talks) AS f (id, conversation_id)
        WHERE o.id = f.id AND o.conversation_id = f.conversation_id;
    END IF;
    RETURN QUERY SELECT o.* FROM (SELECT DISTINCT u.id, u.talk FROM unnest(told, whose) AS u (id, talk)) AS f
    JOIN outbox o ON o.id = f.id AND o.conversation_id = f.talk ORDER BY o.due_at, o.seq;
END
$$;

CREATE OR REPLACE FUNCTION parley_due_1(moment bigint, most bigint, holder text, hold double precision)
RETURNS SETOF outbox LANGUAGE sql AS $$
    SELECT * FROM parley_due_2(moment, most, holder, hold) AS d WHERE d.state = 'pending'
$$;

-- `renderings` are null where they stayed. A row that a person overtook and that did not go out does not any more; where
-- a part of it went out, or all of it may have, the log goes on showing it.
CREATE OR REPLACE FUNCTION parley_settle_2(outcomes json)
RETURNS TABLE (place int, remaining text[]) LANGUAGE plpgsql AS $$
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
        SELECT o.state, o.state = 'pending' AND o.withdrawn = 1 AS overtaken,
            coalesce(o.held_by <> n.holder AND o.held_until > clock_timestamp(), false) AS lost INTO old
        FROM outbox o WHERE o.id = n.id AND o.conversation_id = n.conversation_id FOR NO KEY UPDATE;
        IF NOT FOUND THEN
            IF n.state NOT IN ('pending', 'failed') OR n.reason = 'unanswered' THEN
                -- It was on its way when it was withdrawn: the customer has it, or may have it, so the log says so.
                UPDATE messages m SET withdrawn = 0
                WHERE m.id = n.message_id AND m.conversation_id = n.conversation_id AND m.withdrawn = 1;
                IF FOUND THEN
                    UPDATE conversations c SET version = c.version + 1 WHERE c.id = n.conversation_id;
                END IF;
            END IF;
        ELSIF old.overtaken AND n.state IN ('pending', 'failed') AND n.reason = 'unanswered' THEN
            UPDATE outbox o SET state = 'unknown', reason = 'unknown', attempts = n.attempts, done = n.done,
                external_id = n.external_id, error = n.error, held_by = NULL, held_until = NULL, withdrawn = 0
            WHERE o.id = n.id AND o.conversation_id = n.conversation_id;
        ELSIF old.overtaken AND n.state IN ('pending', 'failed') THEN
            DELETE FROM outbox o WHERE o.id = n.id AND o.conversation_id = n.conversation_id;
            UPDATE messages m SET withdrawn = 1
            WHERE m.id = n.message_id AND m.conversation_id = n.conversation_id AND m.withdrawn = 0 AND n.done = 0;
            IF FOUND THEN
                UPDATE conversations c SET version = c.version + 1 WHERE c.id = n.conversation_id;
            END IF;
        ELSIF NOT (old.lost AND n.state IN ('pending', 'failed')) THEN
            UPDATE outbox o SET state = parley_later_2(o.state, n.state), attempts = n.attempts, done = n.done,
                due_at = n.due_at, renderings = coalesce(n.renderings, o.renderings), external_id = n.external_id,
                error = CASE WHEN o.state = 'failed' AND n.state <> 'failed' THEN o.error ELSE n.error END,
                reason = CASE WHEN o.state = 'failed' AND n.state <> 'failed' THEN o.reason ELSE n.reason END,
                held_by = NULL, held_until = NULL, withdrawn = 0
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
