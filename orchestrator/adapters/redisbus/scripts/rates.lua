-- The generic cell rate algorithm. A bucket's whole state is when it is full again, and that is when its key expires; the
-- value is what the expiry, whole milliseconds, is too long by, in microseconds.
local function level(bucket)
  local left = redis.call('PTTL', bucket)
  if left <= 0 then return 0 end
  return math.max(left * 1000 - tonumber(redis.call('GET', bucket)), 0)
end

local function keep(bucket, full)
  local expiry = math.ceil(full / 1000)
  redis.call('SET', bucket, math.floor(expiry * 1000 - full), 'PX', expiry)
end

-- Milliseconds to wait, 0 when it counted; a use that is refused does not.
local function take(bucket, limit, per)
  local after = level(bucket) + per / limit
  if after - per > 1 then return math.ceil((after - per) / 1000) end
  keep(bucket, after)
  return 0
end

-- A use that was allowed already counts whatever the limit, up to two windows. Milliseconds until the bucket is full.
local function charge(bucket, limit, per)
  local after = math.min(level(bucket) + per / limit, 2 * per)
  keep(bucket, after)
  return math.ceil(after / 1000)
end
