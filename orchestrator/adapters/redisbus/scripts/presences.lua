-- KEYS: the set of an app's agents. Returns agent, teams and milliseconds left, one after the other.
local found = {}
for _, agent in ipairs(redis.call('SMEMBERS', KEYS[1])) do
  local key = KEYS[1] .. ':' .. agent
  local teams = redis.call('GET', key)
  if teams then
    found[#found + 1], found[#found + 2], found[#found + 3] = agent, teams, redis.call('PTTL', key)
  else
    redis.call('SREM', KEYS[1], agent)
  end
end
return found
