-- Facts about people, merged into what is known of them; adapters/sqlite/profile.py says how, and why.

CREATE FUNCTION parley_merged_1(known text, vouched_for text, facts text, trusted boolean,
                                OUT profile text, OUT verified text) LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    said jsonb := facts::jsonb;
    names jsonb := vouched_for::jsonb;
    vouched boolean := trusted AND coalesce(said -> 'verified' = 'true'::jsonb, false);
BEGIN
    IF NOT vouched THEN
        said := said - ARRAY(SELECT jsonb_array_elements_text(names));
        IF NOT trusted THEN
            said := said - 'verified';
        END IF;
    END IF;
    profile := jsonb_strip_nulls(known::jsonb || said)::text;
    verified := vouched_for;
    IF vouched THEN
        SELECT coalesce(jsonb_agg(name ORDER BY name), '[]')::text INTO verified
        FROM (SELECT jsonb_object_keys(said) AS name UNION SELECT jsonb_array_elements_text(names)) AS every;
    END IF;
END
$$;

-- `people` and `facts` go together; null facts say nothing.
CREATE FUNCTION parley_learn_1(people text[], facts text[], trusted boolean, moment bigint)
RETURNS void LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
    UPDATE customers k SET profile = n.profile, verified = n.verified, updated_at = moment
    FROM (
        SELECT c.id, m.profile, m.verified
        FROM unnest(people, facts) AS f (person, said)
        JOIN customers c ON c.id = f.person
        CROSS JOIN LATERAL parley_merged_1(c.profile, c.verified, f.said, trusted) AS m
        WHERE f.said IS NOT NULL AND (m.profile::jsonb <> c.profile::jsonb OR m.verified::jsonb <> c.verified::jsonb)
        ORDER BY c.id
        FOR NO KEY UPDATE OF c
    ) AS n
    WHERE k.id = n.id;
END
$$;
