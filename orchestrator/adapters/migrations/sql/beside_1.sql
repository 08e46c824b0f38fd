-- Beside the fence: marks, pages, late answers; and the sweep that finds what nobody works on.

-- A mark beyond the log counts as its end: else messages to come would be read already.
CREATE FUNCTION parley_mark_1(marks json)
RETURNS TABLE (place int, customer_delivered bigint, customer_read bigint, desk_read bigint) LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
    PERFORM FROM conversations c WHERE c.id IN (SELECT m.id FROM json_to_recordset(marks) AS m (id text))
    ORDER BY c.id FOR NO KEY UPDATE OF c;
    UPDATE conversations c SET customer_delivered = greatest(c.customer_delivered, least(m.delivered, c.last_seq)),
        customer_read = greatest(c.customer_read, least(m.read, c.last_seq)),
        desk_read = greatest(c.desk_read, least(m.desk, c.last_seq))
    FROM json_to_recordset(marks) AS m (id text, delivered bigint, read bigint, desk bigint)
    WHERE c.id = m.id AND (c.customer_delivered < least(m.delivered, c.last_seq)
        OR c.customer_read < least(m.read, c.last_seq) OR c.desk_read < least(m.desk, c.last_seq));
    RETURN QUERY SELECT m.place, c.customer_delivered, c.customer_read, c.desk_read
    FROM json_to_recordset(marks) AS m (place int, id text) JOIN conversations c ON c.id = m.id;
END
$$;

-- Returns the places whose conversation exists.
CREATE FUNCTION parley_context_1(pages json, moment bigint) RETURNS SETOF int LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
    PERFORM FROM conversations c WHERE c.id IN (SELECT p.id FROM json_to_recordset(pages) AS p (id text))
    ORDER BY c.id FOR NO KEY UPDATE OF c;
    UPDATE conversations c SET context = p.context FROM json_to_recordset(pages) AS p (id text, context text)
    WHERE c.id = p.id AND c.context <> p.context;
    PERFORM parley_learn_1(array_agg(c.customer_id), array_agg(p.facts), true, moment)
    FROM json_to_recordset(pages) AS p (id text, facts text) JOIN conversations c ON c.id = p.id
    WHERE p.facts IS NOT NULL HAVING count(*) > 0;
    RETURN QUERY SELECT p.place FROM json_to_recordset(pages) AS p (place int, id text)
    JOIN conversations c ON c.id = p.id;
END
$$;

-- Null when there is no such conversation; false when that turn has its late answer. Should the wake-up be lost with the
-- process, the sweep finds the answer.
CREATE FUNCTION parley_late_1(conversation text, turn text, given text, moment bigint)
RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM conversations c WHERE c.id = conversation FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    INSERT INTO late_answers (conversation_id, turn_id, actions, at) VALUES (conversation, turn, given, moment)
    ON CONFLICT (conversation_id, turn_id) DO NOTHING;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    UPDATE conversations c SET wake_at = least(coalesce(c.wake_at, moment), moment) WHERE c.id = conversation;
    RETURN true;
END
$$;

-- Whoever asks gets the next part, so that workers share the sweep, and conversations nobody can work on never hide the
-- others for good.
CREATE FUNCTION parley_unfinished_1(moment bigint, most bigint) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
    woken text[];
    waiting text[];
    place text;
BEGIN
    woken := ARRAY(SELECT c.id FROM conversations c WHERE c.wake_at IS NOT NULL AND c.wake_at <= moment
        ORDER BY c.wake_at LIMIT most);
    SELECT s.after INTO place FROM sweeps s WHERE s.name = 'unfinished' FOR UPDATE;
    waiting := ARRAY(SELECT c.id FROM conversations c WHERE c.processed_seq < c.customer_seq
        AND c.id > coalesce(place, '') ORDER BY c.id LIMIT most);
    UPDATE sweeps s SET after = CASE WHEN cardinality(waiting) < most THEN '' ELSE waiting[cardinality(waiting)] END
    WHERE s.name = 'unfinished'
    AND s.after <> CASE WHEN cardinality(waiting) < most THEN '' ELSE waiting[cardinality(waiting)] END;
    RETURN woken || waiting;
END
$$;
