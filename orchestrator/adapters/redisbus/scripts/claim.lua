-- ARGV: consumer, room. Returns up to `room` of entry, conversation, app, one after the other.
local consumer, room = ARGV[1], tonumber(ARGV[2])
local got = {}

fill()
while #got < 3 * room do
  local read = redis.call('XREADGROUP', 'GROUP', GROUP, consumer, 'COUNT', room - #got / 3, 'STREAMS', ready, '>')
  if not read then break end
  for _, entry in ipairs(read[1][2]) do
    got[#got + 1], got[#got + 2], got[#got + 3] = entry[1], entry[2][2], entry[2][4]
    waiting = waiting - 1
  end
  fill()
end
return got
