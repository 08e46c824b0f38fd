-- KEYS: the set of an app's agents; each one's teams are at <set>:<agent> for as long as the agent is online.
-- ARGV: agent, teams, milliseconds; 0 signs off.
local agents, key, ttl = KEYS[1], KEYS[1] .. ':' .. ARGV[1], tonumber(ARGV[3])
if ttl > 0 then
  redis.call('SADD', agents, ARGV[1])
  redis.call('SET', key, ARGV[2], 'PX', ttl)
  if redis.call('PTTL', agents) < ttl then redis.call('PEXPIRE', agents, ttl) end
else
  redis.call('SREM', agents, ARGV[1])
  redis.call('DEL', key)
end
