-- ARGV: consumer, milliseconds of a lease, room. What dead workers had claimed, as claim.lua returns it; and consumers
-- that have nothing and were not heard of for an hour are forgotten.
local FORGET = 3600000
local got = {}
for _, entry in ipairs(redis.call('XAUTOCLAIM', ready, GROUP, ARGV[1], ARGV[2], '0-0', 'COUNT', ARGV[3])[2]) do
  if entry then
    got[#got + 1], got[#got + 2], got[#got + 3] = entry[1], entry[2][2], entry[2][4]
  end
end
for _, consumer in ipairs(redis.call('XINFO', 'CONSUMERS', ready, GROUP)) do
  local is = {}
  for i = 1, #consumer, 2 do is[consumer[i]] = consumer[i + 1] end
  if is.pending == 0 and is.idle > FORGET and is.name ~= ARGV[1] then
    redis.call('XGROUP', 'DELCONSUMER', ready, GROUP, is.name)
  end
end
fill()
return got
