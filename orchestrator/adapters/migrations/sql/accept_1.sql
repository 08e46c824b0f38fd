-- Taking in what customers say: once each, numbered. In one call each address and each external id stands once.
--
-- Locks are taken in one order by every function, so that no two calls can wait for each other: new identities (by
-- key), heads of conversations (by id), external ids (by key), customers (by id).

CREATE TYPE parley_arrival_1 AS (
    place int, app_id text, channel_id text, address text, conversation_id text, customer_id text,
    message_id text,  -- null when nothing was said
    external_id text, at bigint, parts text,
    context text,  -- null leaves the page as it is
    facts text,
    head text,  -- null, like what follows, when the caller believes that the address has a conversation
    page text, version bigint, status text, controller_kind text, controller_name text,
    team text, wake_at bigint, handoff_id text, awaiting_turn text, created_at bigint, updated_at bigint
);

CREATE FUNCTION parley_accept_1(arrivals json, moment bigint)
RETURNS TABLE (
    place int, outcome text, id text, version bigint, last_seq bigint, processed_seq bigint, status text,
    updated_at bigint, customer_delivered bigint, customer_read bigint, desk_read bigint, context text, head text,
    said record
) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    arrived parley_arrival_1[];
    heads text[];
    strangers bigint;
BEGIN
    SELECT array_agg(a) INTO arrived FROM json_populate_recordset(NULL::parley_arrival_1, arrivals) AS a;
    SELECT count(*) FILTER (WHERE i.conversation_id IS NULL), array_agg(i.conversation_id) INTO strangers, heads
    FROM unnest(arrived) AS a LEFT JOIN identities i ON i.channel_id = a.channel_id AND i.address = a.address;

    IF strangers > 0 THEN
        -- A redelivery under another address opens nothing.
        WITH stranger AS (
            SELECT a.* FROM unnest(arrived) AS a
            WHERE a.head IS NOT NULL
            AND NOT EXISTS (SELECT FROM identities i WHERE i.channel_id = a.channel_id AND i.address = a.address)
            AND NOT EXISTS (
                SELECT FROM externals e WHERE a.message_id IS NOT NULL AND a.external_id <> ''
                AND e.channel_id = a.channel_id AND e.external_id = a.external_id)
        ), met AS (
            INSERT INTO identities AS i (channel_id, address, app_id, customer_id, conversation_id)
            SELECT channel_id, address, app_id, customer_id, conversation_id FROM stranger ORDER BY channel_id, address
            ON CONFLICT (channel_id, address) DO NOTHING
            RETURNING i.conversation_id
        ), begun AS (
            INSERT INTO conversations (
                id, app_id, customer_id, version, last_seq, processed_seq, customer_seq, status, controller_kind,
                controller_name, team, wake_at, created_at, updated_at, context, head, handoff_id, awaiting_turn)
            SELECT conversation_id, app_id, customer_id, version, 0, 0, 0, status, controller_kind, controller_name,
                team, wake_at, created_at, updated_at, page, head, handoff_id, awaiting_turn
            FROM stranger JOIN met USING (conversation_id)
        )
        INSERT INTO customers (id, app_id, created_at, updated_at)
        SELECT customer_id, app_id, created_at, updated_at FROM stranger JOIN met USING (conversation_id)
        ON CONFLICT (id) DO NOTHING;
        SELECT array_agg(i.conversation_id) INTO heads
        FROM unnest(arrived) AS a JOIN identities i ON i.channel_id = a.channel_id AND i.address = a.address;
    END IF;

    PERFORM FROM conversations c WHERE c.id = ANY (heads) ORDER BY c.id FOR NO KEY UPDATE;

    WITH fresh AS (
        SELECT a.*, c.id AS conversation, c.last_seq + 1 AS seq
        FROM unnest(arrived) AS a
        JOIN identities i ON i.channel_id = a.channel_id AND i.address = a.address
        JOIN conversations c ON c.id = i.conversation_id AND c.app_id = a.app_id
        WHERE NOT EXISTS (
            SELECT FROM externals e WHERE a.message_id IS NOT NULL AND a.external_id <> ''
            AND e.channel_id = a.channel_id AND e.external_id = a.external_id)
    ), known AS (
        INSERT INTO externals (channel_id, external_id, conversation_id, message_id)
        SELECT channel_id, external_id, conversation, message_id FROM fresh
        WHERE message_id IS NOT NULL AND external_id <> '' ORDER BY channel_id, external_id
    ), logged AS (
        INSERT INTO messages (id, app_id, conversation_id, channel_id, seq, role, author, at, external_id, parts)
        SELECT message_id, app_id, conversation, channel_id, seq, 'customer', address, at, external_id, parts
        FROM fresh WHERE message_id IS NOT NULL
    )
    UPDATE conversations c SET
        last_seq = CASE WHEN f.message_id IS NULL THEN c.last_seq ELSE f.seq END,
        customer_seq = CASE WHEN f.message_id IS NULL THEN c.customer_seq ELSE f.seq END,
        status = CASE WHEN f.message_id IS NULL THEN c.status ELSE 'open' END,
        context = coalesce(f.context, c.context)
    FROM fresh f WHERE c.id = f.conversation AND (f.message_id IS NOT NULL OR f.context <> c.context);

    PERFORM parley_learn_1(array_agg(c.customer_id), array_agg(a.facts), true, moment)
    FROM unnest(arrived) AS a
    JOIN identities i ON i.channel_id = a.channel_id AND i.address = a.address
    JOIN conversations c ON c.id = i.conversation_id AND c.app_id = a.app_id
    WHERE a.facts IS NOT NULL AND NOT EXISTS (
        SELECT FROM externals e WHERE a.message_id IS NOT NULL AND a.external_id <> ''
        AND e.channel_id = a.channel_id AND e.external_id = a.external_id AND e.message_id <> a.message_id)
    HAVING count(*) > 0;

    RETURN QUERY
    SELECT a.place,
        CASE
            WHEN o.app_id <> a.app_id THEN 'alien'
            WHEN e.message_id <> a.message_id OR a.message_id IS NULL AND o.id <> a.conversation_id THEN 'again'
            ELSE 'heard'
        END,
        c.id, c.version, c.last_seq, c.processed_seq, c.status, c.updated_at, c.customer_delivered, c.customer_read,
        c.desk_read, c.context, c.head,
        CASE WHEN e.message_id <> a.message_id THEN ROW (
            m.id, m.app_id, m.conversation_id, m.seq, m.role, m.author, m.at, m.language, m.visibility, m.epoch,
            m.turn_id, m.external_id, m.withdrawn, m.parts, m.translations, m.understanding) END
    FROM unnest(arrived) AS a
    LEFT JOIN identities i ON i.channel_id = a.channel_id AND i.address = a.address
    LEFT JOIN conversations o ON o.id = i.conversation_id
    LEFT JOIN externals e ON a.message_id IS NOT NULL AND a.external_id <> ''
        AND e.channel_id = a.channel_id AND e.external_id = a.external_id
    JOIN conversations c ON c.id = coalesce(e.conversation_id, o.id)
    LEFT JOIN messages m ON m.conversation_id = e.conversation_id AND m.id = e.message_id AND e.message_id <> a.message_id;
END
$$;
