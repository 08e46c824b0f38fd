-- KEYS: the deployment's key. ARGV: its id. Returns whose it was before, nil when nobody's.
return redis.call('SET', KEYS[1], ARGV[1], 'NX', 'GET')
