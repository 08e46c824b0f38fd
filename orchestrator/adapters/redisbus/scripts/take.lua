-- The generic cell rate algorithm. KEYS: a bucket, and a hold or none. ARGV: limit, window in microseconds.
-- A bucket's whole state is when it is full again, and that is when its key expires; the value is what the expiry, whole
-- milliseconds, is too long by, in microseconds. Returns milliseconds to wait; a use that is refused does not count.
local limit, per = tonumber(ARGV[1]), tonumber(ARGV[2])
if KEYS[2] then
  local held = redis.call('PTTL', KEYS[2])
  if held > 0 then return held end
end
local full, left = 0, redis.call('PTTL', KEYS[1])
if left > 0 then full = math.max(left * 1000 - tonumber(redis.call('GET', KEYS[1])), 0) end
local after = full + per / limit
if after - per > 1 then return math.ceil((after - per) / 1000) end
local expiry = math.ceil(after / 1000)
redis.call('SET', KEYS[1], math.floor(expiry * 1000 - after), 'PX', expiry)
return 0
