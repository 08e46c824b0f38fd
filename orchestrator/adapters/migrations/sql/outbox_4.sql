-- What the platform said of a message while it was being sent is heard, though the answer to sending it never came: the id
-- stays, with what was reported under it, and a part that went out by its word does not go again.

-- What was reported under this id before anybody knew what it is of.
CREATE FUNCTION parley_early_1(channel text, external text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    early record;
BEGIN
    DELETE FROM orphan_statuses s
    WHERE s.channel_id = channel AND s.external_id = external AND external <> '' RETURNING s.state, s.error INTO early;
    IF FOUND THEN
        PERFORM parley_progress_2(channel, external, early.state, early.error, '');
    END IF;
END
$$;

-- As in outbox_3.sql, and called alike. `renderings` are null where they stayed: else the message is another one, of which
-- nothing went out yet.
CREATE OR REPLACE FUNCTION parley_settle_2(outcomes json)
RETURNS TABLE (place int, remaining text[]) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    given parley_outcome_2[];
    n parley_outcome_2;
    old record;
BEGIN
    SELECT array_agg(r) INTO given FROM json_populate_recordset(NULL::parley_outcome_2, outcomes) AS r;
    PERFORM parley_alone_1(array_agg(g.channel_id), array_agg(g.external_id)) FROM unnest(given) AS g;
    PERFORM FROM conversations c WHERE c.id IN (SELECT g.conversation_id FROM unnest(given) AS g)
    ORDER BY c.id FOR NO KEY UPDATE OF c;
    FOREACH n IN ARRAY given LOOP
        SELECT o.state, o.state = 'pending' AND o.withdrawn = 1 AS overtaken,
            coalesce(nullif(n.external_id, ''), o.external_id) AS external_id,
            CASE WHEN n.renderings IS NULL THEN greatest(o.done, n.done) ELSE n.done END AS done,
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
            UPDATE outbox o SET state = 'unknown', reason = 'unknown', attempts = n.attempts, done = old.done,
                external_id = old.external_id, error = n.error, held_by = NULL, held_until = NULL, withdrawn = 0
            WHERE o.id = n.id AND o.conversation_id = n.conversation_id;
            PERFORM parley_early_1(n.channel_id, old.external_id);
        ELSIF old.overtaken AND n.state IN ('pending', 'failed') THEN
            DELETE FROM outbox o WHERE o.id = n.id AND o.conversation_id = n.conversation_id;
            UPDATE messages m SET withdrawn = 1
            WHERE m.id = n.message_id AND m.conversation_id = n.conversation_id AND m.withdrawn = 0 AND old.done = 0;
            IF FOUND THEN
                UPDATE conversations c SET version = c.version + 1 WHERE c.id = n.conversation_id;
            END IF;
        ELSIF NOT (old.lost AND n.state IN ('pending', 'failed')) THEN
            UPDATE outbox o SET state = parley_later_2(o.state, n.state), attempts = n.attempts, done = old.done,
                due_at = n.due_at, renderings = coalesce(n.renderings, o.renderings), external_id = old.external_id,
                error = CASE WHEN o.state = 'failed' AND n.state <> 'failed' THEN o.error ELSE n.error END,
                reason = CASE WHEN o.state = 'failed' AND n.state <> 'failed' THEN o.reason ELSE n.reason END,
                held_by = NULL, held_until = NULL, withdrawn = 0
            WHERE o.id = n.id AND o.conversation_id = n.conversation_id;
            IF parley_later_2(old.state, n.state) = 'pending' THEN
                UPDATE outbox o SET due_at = n.due_at
                WHERE o.conversation_id = n.conversation_id AND o.state = 'pending' AND o.seq > n.seq
                AND o.due_at < n.due_at;
            ELSE
                PERFORM parley_early_1(n.channel_id, old.external_id);
            END IF;
        END IF;
    END LOOP;
    RETURN QUERY SELECT g.place, ARRAY(
        SELECT o.id FROM outbox o WHERE o.conversation_id = g.conversation_id AND o.state = 'pending'
        ORDER BY o.seq, o.id LIMIT 100)
    FROM unnest(given) AS g;
END
$$;
